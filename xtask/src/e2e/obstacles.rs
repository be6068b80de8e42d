//! Obstacles for tests: read-only and full file systems, mounted over directories of a node.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, ensure};

use super::api_server::ApiServer;
use crate::shell::command::capture;

/// A mount over a directory of a node, in the namespace of its kubelet and containerd.
pub(super) struct Obstacle<'a> {
    api_server: &'a ApiServer<'a>,
    place: &'a str,
}

impl<'a> Obstacle<'a> {
    /// Makes `place` read-only; its files can be read.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted.
    pub(super) fn read_only(api_server: &'a ApiServer<'a>, place: &'a str) -> Result<Obstacle<'a>> {
        let obstacle = Obstacle::lay(api_server, place, &["--bind", place])?;
        obstacle.mount(&["--options", "remount,bind,ro", place])?;
        Ok(obstacle)
    }

    /// Mounts an empty, read-only file system over `place`.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted.
    pub(super) fn empty(api_server: &'a ApiServer<'a>, place: &'a str) -> Result<Obstacle<'a>> {
        Obstacle::lay(api_server, place, &["--types", "tmpfs", "--options", "ro", "tmpfs"])
    }

    /// Copies the contents of `place` to a file system that is full, and mounts it there.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted or filled.
    pub(super) fn full(api_server: &'a ApiServer<'a>, place: &'a str) -> Result<Obstacle<'a>> {
        // Filled elsewhere first, so that no process sees the directory without its files.
        let aside = "/run/full";
        fs::create_dir_all(api_server.path(aside)).with_context(|| format!("creating {aside}"))?;
        let filled =
            Obstacle::lay(api_server, aside, &["--types", "tmpfs", "--options", "size=64k", "tmpfs"])?;
        fs::create_dir_all(api_server.path(place)).with_context(|| format!("creating {place}"))?;
        capture(api_server.node.command("cp").args(["--archive", &format!("{place}/."), aside]))?;
        let path = api_server.path(aside).join(".filler");
        let written = fs::write(&path, vec![0; 128 * 1024]);
        let is_full = written.is_err_and(|error| error.kind() == ErrorKind::StorageFull);
        ensure!(is_full, "{aside} is not full");
        let obstacle = Obstacle::lay(api_server, place, &["--bind", aside])?;
        filled.remove()?;
        Ok(obstacle)
    }

    fn lay(api_server: &'a ApiServer<'a>, place: &'a str, options: &[&str]) -> Result<Obstacle<'a>> {
        fs::create_dir_all(api_server.path(place)).with_context(|| format!("creating {place}"))?;
        let obstacle = Obstacle { api_server, place };
        obstacle.mount(&[options, &[place]].concat())?;
        Ok(obstacle)
    }

    fn mount(&self, options: &[&str]) -> Result<()> {
        capture(self.api_server.node.command("mount").args(options)).map(drop)
    }

    /// Unmounts it.
    ///
    /// # Errors
    ///
    /// When it is in use.
    pub(super) fn remove(self) -> Result<()> {
        capture(self.api_server.node.command("umount").arg(self.place)).map(drop)
    }
}

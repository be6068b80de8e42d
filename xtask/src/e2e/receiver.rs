//! `kaudit receive` on a node.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::api_server::ApiServer;
use super::pki::Certificate;
use super::processes::{Process, processes};
use super::remains::is_listening;
use crate::node::configuration::ADDRESS;
use crate::node::wait::wait_for;

const EVENTS: &str = "/var/log/receiver";
const START_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(30);

/// A running receiver.
pub(super) struct Receiver<'a> {
    api_server: &'a ApiServer<'a>,
    port: u16,
    child: Child,
}

impl<'a> Receiver<'a> {
    /// Starts a receiver that presents `certificate` and accepts events only from the clients that `who` describes.
    ///
    /// # Errors
    ///
    /// When it does not listen after a while.
    pub(super) fn start(
        api_server: &'a ApiServer<'a>,
        certificate: &Certificate,
        port: u16,
        who: &[&str],
    ) -> Result<Receiver<'a>> {
        let directory = directory(port);
        fs::create_dir_all(api_server.path(&directory)).with_context(|| format!("creating {directory}"))?;
        let mut command: Command = api_server.node.command("kaudit");
        command.args(["receive", "--listen", &format!("{ADDRESS}:{port}")]);
        command.args(["--tls-cert", &certificate.file, "--tls-key", &certificate.key]);
        command.args(["--format", "json", "--output-file", &format!("{directory}/events.log")]).args(who);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("starting a receiver")?;
        let receiver = Receiver { api_server, port, child };
        wait_for("the receiver", START_LIMIT, || Ok(is_listening(api_server, port)?.then_some(())))?;
        Ok(receiver)
    }

    /// Where its files are.
    pub(super) fn directory(&self) -> PathBuf {
        self.api_server.path(&directory(self.port))
    }

    /// Terminates it, and waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not exit successfully.
    pub(super) fn stop(mut self) -> Result<()> {
        let mine = format!("{ADDRESS}:{}", self.port);
        let node = self.api_server.node;
        let is_mine = |process: &Process| process.arguments.contains(&mine);
        let process = processes(node, "kaudit")?.into_iter().find(is_mine).context("no receiver runs")?;
        process.signal(node, Signal::SIGTERM)?;
        let status = wait_for("the end of the receiver", END_LIMIT, || {
            self.child.try_wait().context("watching the receiver")
        })?;
        ensure!(status.success(), "the receiver has ended with {status}");
        Ok(())
    }
}

/// A separate directory for each port: only one receiver may write a file.
fn directory(port: u16) -> String {
    format!("{EVENTS}/{port}")
}

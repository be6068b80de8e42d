//! The programs that come from Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use anyhow::{Context as _, Result};

use super::progress::Progress;
use crate::shell::command::run as start;
use crate::shell::project::Project;

/// Daemons, and what they start. Taken apart into the cache instead of installed, because installing them would start
/// them as services of this machine.
const DAEMONS: [&str; 3] = ["containerd", "etcd-server", "runc"];

/// Commands without a service, and the packages that have them.
const TOOLS: [(&str, &str); 2] = [("curl", "curl"), ("ip", "iproute2")];

/// Installs the tools that are missing.
///
/// # Errors
///
/// When apt-get fails.
pub(crate) fn install_tools() -> Result<()> {
    let is_missing = |command: &str| {
        let status = Command::new(command).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_err()
    };
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(command, _)| is_missing(command)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    start(apt_get().arg("update"))?;
    start(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

/// Unpacks the daemons, unless the cache has them, and returns the directory that has their `usr`.
///
/// # Errors
///
/// When a package cannot be downloaded or unpacked.
pub(crate) fn unpack_daemons(project: &Project, progress: &Progress) -> Result<PathBuf> {
    let finished = project.cache.join("debian");
    if finished.is_dir() {
        return Ok(finished);
    }
    progress.say(&format!("downloading {}", DAEMONS.join(", ")));
    // Renamed when it is complete, so that what was broken off is never taken for it.
    let unfinished = project.cache.join(format!(".debian-{}", process::id()));
    fs::create_dir_all(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
    // A machine that was installed from an image may have no list of packages, or an old one.
    if download(&unfinished).is_err() {
        start(apt_get().arg("update"))?;
        download(&unfinished)?;
    }
    for entry in fs::read_dir(&unfinished).context("listing the packages")? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            start(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unfinished))?;
            fs::remove_file(&package).with_context(|| format!("removing {}", package.display()))?;
        }
    }
    fs::rename(&unfinished, &finished).with_context(|| format!("creating {}", finished.display()))?;
    Ok(finished)
}

fn download(directory: &Path) -> Result<()> {
    start(apt_get().arg("download").args(DAEMONS).current_dir(directory))
}

/// apt-get as root throughout: the user that it downloads as cannot write into root's cache.
fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["--quiet=2", "--option", "APT::Sandbox::User=root"]);
    command
}

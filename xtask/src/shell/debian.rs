//! Programs of Debian that are unpacked instead of installed: installing them would start them as services of this machine,
//! or remove other packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use anyhow::{Context as _, Result};

use super::command::{capture, run as start};
use super::project::Project;

/// apt-get as root throughout: the user that it downloads as cannot write into root's cache.
pub(crate) fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["--quiet=2", "--option", "APT::Sandbox::User=root"]);
    command
}

/// Installs the packages of commands that are missing; `tools` are commands without a service, each with its package.
///
/// # Errors
///
/// When apt-get fails.
pub(crate) fn install(tools: &[(&str, &str)]) -> Result<()> {
    let is_missing = |command: &str| {
        let status = Command::new(command).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_err()
    };
    let missing: Vec<&str> =
        tools.iter().filter(|(command, _)| is_missing(command)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    start(apt_get().arg("update"))?;
    start(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

/// Unpacks `packages` into the directory `name` of the cache, unless they are there, and returns it.
///
/// # Errors
///
/// When a package cannot be downloaded or unpacked.
pub(crate) fn unpack(project: &Project, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let finished = project.cache.join(name);
    if finished.is_dir() {
        return Ok(finished);
    }
    println!("downloading {}", packages.join(", "));
    // Renamed when it is complete, so that an interrupted download is never used.
    let unfinished = project.cache.join(format!(".{name}-{}", process::id()));
    fs::create_dir_all(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
    // A machine that was installed from an image may have no list of packages, or an old one.
    if download(&unfinished, packages).is_err() {
        start(apt_get().arg("update"))?;
        download(&unfinished, packages)?;
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

fn download(directory: &Path, packages: &[&str]) -> Result<()> {
    start(apt_get().arg("download").args(packages).current_dir(directory))
}

/// `package` and its dependencies that this machine lacks.
///
/// # Errors
///
/// When apt-get does not find the package.
pub(crate) fn with_dependencies(package: &str) -> Result<Vec<String>> {
    let simulate = || {
        let mut command = Command::new("apt-get");
        capture(command.args(["install", "--simulate", "--no-install-recommends", package]))
    };
    let plan = simulate().or_else(|_| {
        start(apt_get().arg("update"))?;
        simulate()
    })?;
    let mut names: Vec<String> = plan
        .lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    // It is installed here: only its own files are needed.
    if names.is_empty() {
        names.push(package.to_owned());
    }
    Ok(names)
}

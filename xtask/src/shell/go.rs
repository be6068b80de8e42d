//! Go programs: the differential tests' oracles and yq. Go is not needed to build or test kaudit itself.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::command::capture;

const INSTALL: &str = "install Go 1.21 or later (Debian: apt-get install golang-go); it fetches the release that a \
                       program asks for by itself";

/// `go VERB`, for a verb that builds, run in `directory`. Everywhere with the same flags: what two programs have in common, as
/// the oracles and Kubernetes have, is compiled once.
///
/// # Errors
///
/// As [`go`].
pub(crate) fn go_that_builds(verb: &str, directory: &Path) -> Result<Command> {
    let mut go = go(directory)?;
    go.env("CGO_ENABLED", "0").args([verb, "-trimpath"]);
    Ok(go)
}

/// The `go` command, run in `directory`, free to fetch the toolchain that a module asks for.
///
/// # Errors
///
/// When Go is missing or is too old to know toolchains; the error says what to install.
fn go(directory: &Path) -> Result<Command> {
    let version = capture(Command::new("go").arg("version")).context(INSTALL)?;
    if !knows_toolchains(&version) {
        bail!("{} is too old: {INSTALL}", version.trim());
    }
    let mut go = Command::new("go");
    go.current_dir(directory);
    // Some distributions build their Go to stay with the release installed. A person's own choice stands.
    if env::var_os("GOTOOLCHAIN").is_none() {
        go.env("GOTOOLCHAIN", "auto");
    }
    Ok(go)
}

/// Whether `go version …` is 1.21 or later, the first that fetches other releases of itself.
fn knows_toolchains(version: &str) -> bool {
    let minor =
        version.split("go1.").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 21)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_versions() {
        assert!(knows_toolchains("go version go1.26.8 linux/amd64"));
        assert!(knows_toolchains("go version go1.21 linux/amd64"));
        assert!(!knows_toolchains("go version go1.19.8 linux/amd64"));
        assert!(!knows_toolchains("go version devel linux/amd64"));
    }
}

//! Where the project and its build products are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// The project's places, all absolute.
pub(crate) struct Project {
    /// The directory of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's build products.
    pub(crate) target: PathBuf,
    /// Tools that a task installs for itself. Outside the tree, so that a fresh clone finds them again.
    pub(crate) cache: PathBuf,
}

impl Project {
    /// Finds the places from the environment that `cargo run` sets.
    ///
    /// # Errors
    ///
    /// When the program was not started by cargo, or no home directory is known for the cache.
    pub(crate) fn find() -> Result<Project> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().context("xtask lies in no workspace")?.to_path_buf();
        // `join` keeps an absolute CARGO_TARGET_DIR as it is, which is what cargo does too.
        let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target")));
        Ok(Project { root, target, cache: cache()? })
    }

    /// The cargo that started this program, to be run in the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        cargo.current_dir(&self.root);
        // `cargo run` describes this package to this program. A cargo that inherits that builds ring anew, and all that
        // depends on it: ring's build script asks to be run again when these variables change.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(describes_a_package) {
                cargo.env_remove(name);
            }
        }
        cargo
    }
}

fn describes_a_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

fn cache() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("KAUDIT_CACHE") {
        return Ok(PathBuf::from(chosen));
    }
    let caches = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("no home directory for the cache of tools; set KAUDIT_CACHE")?;
    Ok(caches.join("kaudit-ci"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_cargo_learns_nothing_of_this_package() {
        let root = PathBuf::from(".");
        let project = Project { target: root.clone(), cache: root.clone(), root };
        let cargo = project.cargo();
        let removed: Vec<_> =
            cargo.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(removed.contains(&"CARGO_MANIFEST_DIR".as_ref()), "{removed:?}");
        assert!(!describes_a_package("CARGO_HOME") && !describes_a_package("CARGO_PROFILE_DEV_DEBUG"));
    }
}

//! The Kubernetes releases that a node can run, and their programs.
//!
//! `xtask/kubernetes/vX.Y.Z` is an ordinary Go module that requires `k8s.io/kubernetes` and replaces its staging
//! modules by the published ones, so that the programs are built from published modules, checked by `go.sum`. Another
//! release is another directory: copy one, drop its other requirements, replace the versions (`v1.Y.Z` and, for the
//! staging modules, `v0.Y.Z`), and `go mod tidy`.

use std::fs;
use std::path::PathBuf;
use std::process;

use anyhow::{Context as _, Result, bail};

use super::image;
use super::progress::Progress;
use crate::shell::command::run as start;
use crate::shell::go::go_that_builds;
use crate::shell::project::Project;

const COMMANDS: [&str; 4] = ["kube-apiserver", "kubeadm", "kubectl", "kubelet"];

/// A release.
pub(crate) struct Release {
    /// As in `1.36.2`.
    pub(crate) version: String,
    module: PathBuf,
}

impl Release {
    /// The release `version`.
    ///
    /// # Errors
    ///
    /// When the project has no module for it; the error names those that it has.
    pub(crate) fn find(project: &Project, version: &str) -> Result<Release> {
        let releases = Release::all(project)?;
        let known: Vec<String> = releases.iter().map(|release| release.version.clone()).collect();
        let Some(release) = releases.into_iter().find(|release| release.version == version) else {
            bail!("no module for Kubernetes {version} under xtask/kubernetes; there is {}", known.join(", "));
        };
        Ok(release)
    }

    /// All releases, sorted by directory name.
    ///
    /// # Errors
    ///
    /// When the directories cannot be listed.
    pub(crate) fn all(project: &Project) -> Result<Vec<Release>> {
        let directory = project.root.join("xtask/kubernetes");
        let mut releases = Vec::new();
        for entry in fs::read_dir(&directory).with_context(|| format!("listing {}", directory.display()))? {
            let entry = entry?;
            if let Some(version) = entry.file_name().to_string_lossy().strip_prefix('v') {
                releases.push(Release { version: version.to_owned(), module: entry.path() });
            }
        }
        releases.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(releases)
    }

    /// Its minor number: the 36 of 1.36.2.
    ///
    /// # Errors
    ///
    /// When the directory is not named after a version.
    pub(crate) fn minor(&self) -> Result<u32> {
        minor(&self.version)
    }

    /// Builds the programs and the images, unless the cache has them, and returns their directory.
    ///
    /// # Errors
    ///
    /// When Go is missing or something cannot be built.
    pub(crate) fn build(&self, project: &Project, progress: &Progress) -> Result<PathBuf> {
        let Release { version, module } = self;
        let releases = project.cache.join("kubernetes");
        let finished = releases.join(format!("v{version}"));
        if finished.is_dir() {
            return Ok(finished);
        }
        progress
            .say(&format!("building Kubernetes {version}, which takes about 5 minutes on two cores, once"));
        // Renamed when it is complete, so that a build that was broken off is never taken for one.
        let unfinished = releases.join(format!(".v{version}-{}", process::id()));
        fs::create_dir_all(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
        start(
            go_that_builds("build", module)?
                .args(["-ldflags", &stamp(version)?, "-o"])
                .arg(&unfinished)
                .args(COMMANDS.map(|command| format!("k8s.io/kubernetes/cmd/{command}"))),
        )?;
        start(
            go_that_builds("build", &project.root.join("xtask/kubernetes/pause"))?
                .args(["-ldflags", "-s -w", "-o"])
                .arg(unfinished.join("pause"))
                .arg("."),
        )?;
        image::write_archive(
            &unfinished,
            &[(image::PAUSE, "pause"), (&image::api_server(version), "kube-apiserver")],
        )?;
        fs::rename(&unfinished, &finished).with_context(|| format!("creating {}", finished.display()))?;
        Ok(finished)
    }
}

/// The 36 of 1.36.2.
///
/// # Errors
///
/// When `version` is not a version.
pub(crate) fn minor(version: &str) -> Result<u32> {
    let minor = version.split('.').nth(1).with_context(|| format!("{version} has no minor number"))?;
    minor.parse().with_context(|| format!("reading the version {version}"))
}

/// What the linker writes into the programs. Without a version kubeadm refuses to work.
fn stamp(version: &str) -> Result<String> {
    let (major, rest) = version.split_once('.').context("a version has a dot")?;
    let (minor, _) = rest.split_once('.').context("a version has two dots")?;
    let package = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_module_requires_the_release_that_it_is_named_after() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes");
        let mut found = 0;
        for entry in fs::read_dir(directory).unwrap() {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            if let Some(version) = name.strip_prefix('v') {
                let module = fs::read_to_string(entry.unwrap().path().join("go.mod")).unwrap();
                let requirement = ["k8s.io/kubernetes".to_owned(), format!("v{version}")];
                let is_it = |line: &str| line.split_whitespace().take(2).eq(&requirement);
                assert!(module.lines().any(is_it), "{name}");
                found += 1;
            }
        }
        assert!(found >= 2);
    }

    #[test]
    fn stamps_the_version() {
        let stamp = stamp("1.36.2").unwrap();
        assert!(stamp.contains(".gitVersion=v1.36.2 ") && stamp.ends_with(".gitMinor=36"), "{stamp}");
    }
}

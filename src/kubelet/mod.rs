//! The running kubelet: its directories of static pods and of pods, from its command line and its configuration files.
//! This module is pure: `observe` reads the files.

#[cfg(test)]
mod tests;

use crate::audit::argv;
use crate::audit::pflag::parse_duration;
use crate::diagnostic::Diagnostic;
use crate::node::{Component, Process};
use crate::yaml::Document;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The kubelet's default for `--root-dir`.
pub const DEFAULT_ROOT: &str = "/var/lib/kubelet";
/// The kubelet's default for `fileCheckFrequency`, also if the configuration says 0
/// (`pkg/kubelet/apis/config/v1beta1/defaults.go`).
const DEFAULT_FILE_CHECK_FREQUENCY: Duration = Duration::from_secs(20);

/// The kubelet of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubelet {
    /// Its process.
    pub process: Process,
    /// The configuration file, absolute; `None`: it has only flags.
    pub config: Option<PathBuf>,
    /// The directory (or the single file) of static pods; `None`: it runs none.
    pub static_pod_path: Option<PathBuf>,
    /// The directory of its pods: `<root_dir>/pods/<uid>`.
    pub root_dir: PathBuf,
    /// How often it lists the static pods again, even without a file event.
    pub file_check_frequency: Duration,
    /// The name of its node, which is the suffix of static pod names.
    pub node_name: String,
}

/// The configuration files that the kubelet's command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// `--config`, absolute.
    pub config: Option<PathBuf>,
    /// `--config-dir`, absolute: `*.conf` files below it override the configuration in the order of their names (since
    /// 1.28; `cmd/kubelet/app/server.go`, `mergeKubeletConfigurations`).
    pub drop_ins: Option<PathBuf>,
}

/// The environment that is needed to interpret the kubelet's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The working directory, to which relative paths on the command line refer.
    pub directory: PathBuf,
    /// The host name.
    pub host_name: String,
}

/// One configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Sources {
    /// The files that `kubelet`, with the working directory `directory`, read when it started.
    #[must_use]
    pub fn of(kubelet: &Process, directory: &Path) -> Self {
        let path =
            |name| flag(kubelet, name).filter(|path| !path.is_empty()).map(|path| directory.join(path));
        Self { config: path("config"), drop_ins: path("config-dir") }
    }
}

impl Kubelet {
    /// The kubelet of `process`, with the file of `--config` and the drop-ins in their order.
    ///
    /// Flags override files (`cmd/kubelet/app/server.go`, `kubeletConfigFlagPrecedence`).
    ///
    /// # Errors
    /// A file is not valid YAML.
    pub fn of(
        process: Process,
        surroundings: &Surroundings,
        config: Option<&ConfigFile>,
        drop_ins: &[ConfigFile],
    ) -> Result<Self, Diagnostic> {
        let Surroundings { directory, host_name } = surroundings;
        let mut settings = Settings::default();
        if let Some(file) = config {
            // The kubelet resolves relative paths against the file's directory
            // (`pkg/kubelet/kubeletconfig/configfiles/configfiles.go`), but not those of drop-ins.
            settings.apply(file, file.path.parent().unwrap_or(directory))?;
        }
        for file in drop_ins {
            settings.apply(file, directory)?;
        }
        if let Some(path) = flag(&process, "pod-manifest-path") {
            settings.static_pod_path = absolute(&path, directory);
        }
        if let Some(frequency) = flag(&process, "file-check-frequency") {
            settings.file_check_frequency = duration(&frequency);
        }
        let root_dir = flag(&process, "root-dir").and_then(|path| absolute(&path, directory));
        let node_name = flag(&process, "hostname-override").filter(|name| !name.is_empty());
        Ok(Self {
            config: config.map(|file| file.path.clone()),
            static_pod_path: settings.static_pod_path,
            root_dir: root_dir.unwrap_or_else(|| PathBuf::from(DEFAULT_ROOT)),
            file_check_frequency: settings.file_check_frequency.unwrap_or(DEFAULT_FILE_CHECK_FREQUENCY),
            // k8s.io/component-helpers/node/util, `GetHostname`.
            node_name: node_name.as_deref().unwrap_or(host_name).trim().to_lowercase(),
            process,
        })
    }

    /// The directory of static pods.
    ///
    /// # Errors
    /// The kubelet runs no static pods.
    pub fn manifests(&self) -> Result<&Path, Diagnostic> {
        self.static_pod_path.as_deref().ok_or_else(|| {
            let error = Diagnostic::error(format!(
                "the kubelet (pid {}) reads no static pods: neither staticPodPath nor --pod-manifest-path is set",
                self.process.pid
            ));
            let error = match &self.config {
                Some(config) => error.in_file(config.display().to_string()),
                None => error,
            };
            error.help("check that this is a control-plane node whose API server runs as a static pod")
        })
    }
}

/// The only kubelet of the node.
///
/// # Errors
/// There is no kubelet, or more than one.
pub fn only_one(mut kubelets: Vec<Process>) -> Result<Process, Diagnostic> {
    match (kubelets.pop(), kubelets.as_slice()) {
        (Some(kubelet), []) => Ok(kubelet),
        (None, _) => Err(Diagnostic::error(
            "no kubelet is running on this node, so the API server could not be restarted",
        )
        .help("start the kubelet: systemctl start kubelet")
        .help("to change a directory tree instead of a live node, use --root DIR")),
        (Some(last), others) => {
            let pids: Vec<String> =
                others.iter().chain([&last]).map(|process| process.pid.to_string()).collect();
            Err(Diagnostic::error(format!(
                "more than one kubelet is running on this node: pids {}",
                pids.join(", ")
            ))
            .help("kaudit cannot determine which kubelet runs the API server; stop the others"))
        }
    }
}

/// The error for a manifest outside of the kubelet's directory.
#[must_use]
pub fn refuse_elsewhere(manifest: &Path, manifests: &Path) -> Diagnostic {
    Diagnostic::error(format!(
        "the kubelet reads static pods from {} and does not read this file",
        manifests.display()
    ))
    .in_file(manifest.display().to_string())
    .help("use --manifest with a file in that directory, or omit --manifest")
}

/// The error for a `staticPodPath` that is a file: the kubelet allows it, and then reads no other file.
#[must_use]
pub fn refuse_single_file(manifests: &Path) -> Diagnostic {
    Diagnostic::error("the kubelet's staticPodPath is a file, not a directory")
        .in_file(manifests.display().to_string())
        .help("a restart moves the manifest out of its directory and back; set staticPodPath to a directory that contains only manifests, and restart the kubelet")
}

/// The relevant settings of configuration files.
#[derive(Debug, Default)]
struct Settings {
    static_pod_path: Option<PathBuf>,
    file_check_frequency: Option<Duration>,
}

impl Settings {
    /// Applies the settings of a file; `null` removes a setting (RFC 7386, by which drop-ins are merged).
    fn apply(&mut self, file: &ConfigFile, directory: &Path) -> Result<(), Diagnostic> {
        let document = Document::read(&file.text).map_err(|error| {
            error
                .in_file(file.path.display().to_string())
                .help("the kubelet would not start again with this file; correct it first")
        })?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(value) = document.value().get("staticPodPath") {
            self.static_pod_path = absolute(&text(value), directory);
        }
        if let Some(value) = document.value().get("fileCheckFrequency") {
            self.file_check_frequency = duration(&text(value));
        }
        Ok(())
    }
}

/// The value of a flag on the kubelet's command line; the last one counts.
fn flag(kubelet: &Process, name: &str) -> Option<String> {
    let words: Vec<&str> =
        Component::Kubelet.own_words(&kubelet.arguments)?.iter().map(String::as_str).collect();
    argv::lookup(&words, name).map(|found| found.value.unwrap_or_default())
}

/// `path` relative to `directory`; `None` if it is empty.
fn absolute(path: &str, directory: &Path) -> Option<PathBuf> {
    (!path.is_empty()).then(|| directory.join(path))
}

/// A duration as Go writes it; `None`, the default, for 0 or an invalid one.
fn duration(text: &str) -> Option<Duration> {
    let nanoseconds = u64::try_from(parse_duration(text).ok()?).ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

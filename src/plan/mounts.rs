//! Which mounts the API server needs for its policy and its log: a mount that covers a path is reused, one with which
//! rotation fails is repaired where that is safe, and nothing is mounted twice or over a system directory.

use super::{CONFIG_VOLUME, LOG_VOLUME};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Manifest, Mount, MountSource, normalise};
use crate::yaml::{Edit, Path as YamlPath};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Directories with more than the audit log or the policy: a mount of one of them would give the API server access to
/// other programs' files, or hide files of the image.
const SYSTEM_DIRECTORIES: [&str; 19] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/kubernetes/pki",
    "/home",
    "/lib",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
];

/// `/var/log` is a system directory too, and a common mistake.
const LOG_ROOT: &str = "/var/log";

/// The mounts as they will be, and the edits that make them so.
#[derive(Debug)]
pub(super) struct MountPlan<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) mounts: Vec<Mount>,
    volume_names: Vec<String>,
    new_mounts: Vec<Value>,
    new_volumes: Vec<Value>,
    /// Changes of present mounts.
    pub(super) repairs: Vec<Edit>,
    /// Names of the volumes that are added.
    pub added: Vec<String>,
    /// Remarks.
    pub notes: Vec<Diagnostic>,
}

impl<'a> MountPlan<'a> {
    /// A plan that changes nothing yet.
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        let spec = manifest.pod().spec.as_ref();
        let volumes = spec.and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
        Self {
            manifest,
            mounts: manifest.mounts(),
            volume_names: volumes.iter().map(|volume| volume.name.clone()).collect(),
            new_mounts: Vec::new(),
            new_volumes: Vec::new(),
            repairs: Vec::new(),
            added: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Makes a file that the API server reads visible to it, and returns the host's path of it.
    ///
    /// # Errors
    /// Its directory cannot be mounted, or a volume that is not a hostPath covers it.
    pub(super) fn show_config(&mut self, path: &Path, what: &str) -> Result<PathBuf, Diagnostic> {
        let path = normalise(path);
        let directory = parent(&path);
        if let Some(coverage) = Coverage::of(&self.mounts, &path) {
            return match coverage.host {
                Some(host) => {
                    if !is_kaudits(&coverage.mount) {
                        self.notes.push(Diagnostic::info(format!(
                            "the existing mount {} ({}) covers the {what} and is reused",
                            coverage.mount.volume,
                            coverage.mount.path.display()
                        )));
                    }
                    Ok(host)
                }
                None => Err(self.covered_by_something_else(&coverage, &path, what)),
            };
        }
        check_mountable(&directory, what)?;
        self.add(CONFIG_VOLUME, &directory, true);
        Ok(path)
    }

    /// Makes the log's directory writable for the API server, and returns the host's path of the log file.
    ///
    /// # Errors
    /// The directory cannot be mounted, or what covers it cannot be repaired safely.
    pub(super) fn show_log(&mut self, path: &Path) -> Result<PathBuf, Diagnostic> {
        let path = normalise(path);
        let directory = parent(&path);
        let Some(coverage) = Coverage::of(&self.mounts, &path) else {
            check_mountable(&directory, "log")?;
            self.add(LOG_VOLUME, &directory, false);
            return Ok(path);
        };
        let mount = &coverage.mount;
        if coverage.exact {
            return self.replace_file_mount(&coverage, &path, &directory);
        }
        let Some(host) = coverage.host.clone() else {
            if mount.path == directory || matches!(mount.source, MountSource::Unknown(_)) {
                return Err(self.covered_by_something_else(&coverage, &path, "log"));
            }
            check_mountable(&directory, "log")?;
            self.add(LOG_VOLUME, &directory, false);
            return Ok(path);
        };
        if !mount.read_only {
            if !is_kaudits(mount) {
                self.notes.push(Diagnostic::info(format!(
                    "the existing mount {} ({}) covers the log and is reused",
                    mount.volume,
                    mount.path.display()
                )));
            }
            return Ok(host);
        }
        self.repair_read_only(&coverage, &path, &directory, host)
    }

    /// The edits of mounts and volumes.
    pub(super) fn into_edits(self) -> Vec<Edit> {
        let container = self.manifest.container_path();
        let spec = YamlPath::root().key("spec");
        let mounts_there =
            self.manifest.container().and_then(|c| c.volume_mounts.as_ref()).map_or(0, Vec::len);
        let volumes_there =
            self.manifest.pod().spec.as_ref().and_then(|s| s.volumes.as_ref()).map_or(0, Vec::len);
        let mut edits = self.repairs;
        edits.extend(append(self.manifest, &container, "volumeMounts", mounts_there, self.new_mounts));
        edits.extend(append(self.manifest, &spec, "volumes", volumes_there, self.new_volumes));
        edits
    }

    /// Adds one directory mount at the same path as on the host.
    ///
    /// `DirectoryOrCreate`: with `Directory` or `File` the kubelet does not create the pod if the source is missing, and
    /// reports that only in its log; with the directory, a missing policy is an error in the API server's log.
    pub(super) fn add(&mut self, wanted_name: &str, directory: &Path, read_only: bool) {
        let name = self.free_name(wanted_name);
        let path = directory.to_string_lossy().into_owned();
        let mut mount = json!({"mountPath": path, "name": name});
        if let (true, Some(mount)) = (read_only, mount.as_object_mut()) {
            mount.insert("readOnly".to_owned(), Value::Bool(true));
        }
        self.new_mounts.push(mount);
        self.new_volumes.push(json!({"hostPath": {"path": path, "type": "DirectoryOrCreate"}, "name": name}));
        self.mounts.push(Mount {
            index: usize::MAX,
            volume: name.clone(),
            path: directory.to_path_buf(),
            read_only,
            source: MountSource::Host {
                path: directory.to_path_buf(),
                kind: "DirectoryOrCreate".to_owned(),
                volume: usize::MAX,
            },
            shared: false,
        });
        self.volume_names.push(name.clone());
        self.added.push(name);
    }

    /// `wanted`, or the first of `wanted-2`, `wanted-3` … that is not the name of a volume.
    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.volume_names.iter().any(|other| other == name);
        let mut name = wanted.to_owned();
        let mut number = 2;
        while taken(&name) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        name
    }

    fn covered_by_something_else(&self, coverage: &Coverage, path: &Path, what: &str) -> Diagnostic {
        let mount = &coverage.mount;
        let source = match &mount.source {
            MountSource::Other(kind) => kind.as_str(),
            MountSource::Unknown(why) => why,
            MountSource::Host { .. } => "a hostPath",
        };
        let refusal = Diagnostic::error(format!(
            "the {what} {} is in the mount {} ({}), which is {source}: kaudit cannot find it on the host",
            path.display(),
            mount.volume,
            mount.path.display()
        ))
        .help("choose a path outside of this mount, or make the mount a hostPath");
        self.at_mount(refusal, mount)
    }

    pub(super) fn mount_path(&self, mount: &Mount) -> YamlPath {
        self.manifest.container_path().key("volumeMounts").index(mount.index)
    }

    pub(super) fn at_mount(&self, refusal: Diagnostic, mount: &Mount) -> Diagnostic {
        // A planned mount has no position yet.
        if self.added.contains(&mount.volume) {
            return refusal;
        }
        self.manifest.document().point(refusal, &self.mount_path(mount))
    }
}

/// Whether kaudit added the mount, in this run or an earlier one.
fn is_kaudits(mount: &Mount) -> bool {
    [CONFIG_VOLUME, LOG_VOLUME].iter().any(|name| mount.volume.starts_with(name))
}

/// Items at the end of a list that may be missing.
fn append(manifest: &Manifest, parent: &YamlPath, key: &str, len: usize, items: Vec<Value>) -> Vec<Edit> {
    let list = parent.key(key);
    if items.is_empty() {
        Vec::new()
    } else if manifest.document().node(&list).is_some() {
        items.into_iter().map(|value| Edit::Insert { path: list.clone(), index: len, value }).collect()
    } else {
        vec![Edit::Put { path: parent.clone(), key: key.to_owned(), value: Value::Array(items) }]
    }
}

/// # Errors
/// The directory is one of the system's.
pub(super) fn check_mountable(directory: &Path, what: &str) -> Result<(), Diagnostic> {
    let is_system = SYSTEM_DIRECTORIES.iter().any(|system| directory == Path::new(system));
    if !is_system && directory != Path::new(LOG_ROOT) {
        return Ok(());
    }
    let own = if what == "log" { "/var/log/kubernetes/audit/" } else { super::CONFIG_DIRECTORY };
    Err(Diagnostic::error(format!(
        "the {what} would need a mount of the system directory {}, which kaudit does not add",
        directory.display()
    ))
    .help(format!("use a separate directory, such as {own}")))
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

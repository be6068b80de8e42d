//! Present mounts with which the log would not work: repaired where that is safe, else refused with the reason.

use super::LOG_VOLUME;
use super::mounts::{MountPlan, check_mountable};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Mount, MountSource, normalise};
use crate::yaml::{Edit, Path as YamlPath};
use serde_json::Value;
use std::path::{Path, PathBuf};

impl MountPlan<'_> {
    /// A mount of the log *file*: rotation renames the file, which a mount point does not allow
    /// (`device or resource busy`, kubernetes/website 30661, kops 2670). It is replaced by a mount of the directory.
    pub(super) fn replace_file_mount(
        &mut self,
        coverage: &Coverage,
        path: &Path,
        directory: &Path,
    ) -> Result<PathBuf, Diagnostic> {
        let mount = &coverage.mount;
        let refuse = |why: &str| {
            let refusal = Diagnostic::error(format!(
                "the mount {} is the log file {} itself, so rotation fails with \"device or resource busy\", and kaudit cannot change the mount: {why}",
                mount.volume,
                path.display()
            ))
            .help("use a separate directory for the log: --log-path /var/log/kubernetes/audit/audit.log");
            Err(self.at_mount(refusal, mount))
        };
        let MountSource::Host { path: host, volume, .. } = &mount.source else {
            return refuse("it is not a hostPath");
        };
        if mount.shared {
            return refuse("another mount uses the same volume");
        }
        if host != path {
            return refuse("its path on the host is another one");
        }
        let others: Vec<Mount> =
            self.mounts.iter().filter(|other| other.index != mount.index).cloned().collect();
        let around = Coverage::of(&others, path);
        if around.is_some() || others.iter().any(|other| other.path.starts_with(directory)) {
            return refuse("other mounts are in or above the directory");
        }
        if let Err(refusal) = check_mountable(directory, "log") {
            return refuse(&refusal.message);
        }
        let mount_path = self.mount_path(mount);
        let volume_path = YamlPath::root().key("spec").key("volumes").index(*volume).key("hostPath");
        let text = Value::String(directory.to_string_lossy().into_owned());
        self.repairs.push(Edit::Set { path: mount_path.key("mountPath"), value: text.clone() });
        self.repairs.push(Edit::Set { path: volume_path.key("path"), value: text });
        let kind = Value::String("DirectoryOrCreate".to_owned());
        self.repairs.push(Edit::Put { path: volume_path, key: "type".to_owned(), value: kind });
        if mount.read_only {
            self.repairs.push(Edit::Set { path: mount_path.key("readOnly"), value: Value::Bool(false) });
        }
        self.notes.push(Diagnostic::info(format!(
            "the mount {} is changed from the log file to its directory {}, because a mounted file cannot be rotated",
            mount.volume,
            directory.display()
        )));
        Ok(path.to_path_buf())
    }

    /// A read-only mount that covers the log: made writable if it has only the log, else covered by a deeper writable mount.
    pub(super) fn repair_read_only(
        &mut self,
        coverage: &Coverage,
        path: &Path,
        directory: &Path,
        host: PathBuf,
    ) -> Result<PathBuf, Diagnostic> {
        let mount = &coverage.mount;
        if mount.path != directory {
            if host == path && check_mountable(directory, "log").is_ok() {
                self.notes.push(Diagnostic::info(format!(
                    "the mount {} ({}) is read-only; a separate writable mount is added for the log's directory",
                    mount.volume,
                    mount.path.display()
                )));
                self.add(LOG_VOLUME, directory, false);
                return Ok(host);
            }
        } else if self.added.contains(&mount.volume) || self.holds_other_files(mount) {
            let refusal = Diagnostic::error(format!(
                "the log {} would be in {}, which is mounted read-only because the API server reads other files there",
                path.display(),
                directory.display()
            ))
            .help("use a separate directory for the log: --log-path /var/log/kubernetes/audit/audit.log");
            return Err(self.at_mount(refusal, mount));
        } else if !mount.shared {
            self.repairs
                .push(Edit::Set { path: self.mount_path(mount).key("readOnly"), value: Value::Bool(false) });
            self.notes.push(Diagnostic::info(format!(
                "the mount {} ({}) with the log becomes writable; it was read-only",
                mount.volume,
                mount.path.display()
            )));
            return Ok(host);
        }
        let refusal = Diagnostic::error(format!(
            "the mount {} ({}) over the log {} is read-only and cannot be repaired safely",
            mount.volume,
            mount.path.display(),
            path.display()
        ))
        .help("choose another directory: --log-path /var/log/kubernetes/audit/audit.log");
        Err(self.at_mount(refusal, mount))
    }

    /// Whether a flag other than the log's has a path below the mount.
    fn holds_other_files(&self, mount: &Mount) -> bool {
        self.manifest.api_server().words.iter().any(|word| {
            let (name, value) = word.text.split_once('=').unwrap_or(("", word.text.as_str()));
            let is_log = name.trim_start_matches('-').replace('_', "-") == "audit-log-path";
            !is_log && value.starts_with('/') && normalise(Path::new(value)).starts_with(&mount.path)
        })
    }
}

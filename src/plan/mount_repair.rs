//! Mounts that are there and would break the log: repaired where that is safe, else refused with the reason.

use super::LOG_VOLUME;
use super::mounts::{MountPlan, check_mountable};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Mount, MountSource, normalise};
use crate::yaml::{Edit, Path as YamlPath};
use serde_json::Value;
use std::path::{Path, PathBuf};

impl MountPlan<'_> {
    /// A mount of the log *file*: rotation renames the file, which a mount point does not allow
    /// (`device or resource busy`, kubernetes/website 30661, kops 2670). Its directory takes its place.
    pub(super) fn replace_file_mount(
        &mut self,
        coverage: &Coverage,
        path: &Path,
        directory: &Path,
    ) -> Result<PathBuf, Diagnostic> {
        let mount = &coverage.mount;
        let refuse = |why: &str| {
            let refusal = Diagnostic::error(format!(
                "the mount {} is the log file {} itself: rotation fails there with \"device or resource busy\"; {why}",
                mount.volume,
                path.display()
            ))
            .help("choose a log in a directory of its own: --log-path /var/log/kubernetes/audit/audit.log");
            Err(self.at_mount(refusal, mount))
        };
        let MountSource::Host { path: host, volume, .. } = &mount.source else {
            return refuse("and it is not the host's");
        };
        if mount.shared {
            return refuse("and another mount uses the same volume");
        }
        if host != path {
            return refuse("and the host has it at another path");
        }
        let others: Vec<Mount> =
            self.mounts.iter().filter(|other| other.index != mount.index).cloned().collect();
        let around = Coverage::of(&others, path);
        if around.is_some() || others.iter().any(|other| other.path.starts_with(directory)) {
            return refuse("and other mounts lie around it");
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
            "the mount {} is widened from the log file to its directory {}: a file mount cannot be rotated",
            mount.volume,
            directory.display()
        )));
        Ok(path.to_path_buf())
    }

    /// A read-only mount over the log: opened where it holds nothing but the log, covered by a deeper writable
    /// mount where it holds more.
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
                    "the mount {} ({}) is read-only; the log's directory gets a writable mount of its own",
                    mount.volume,
                    mount.path.display()
                )));
                self.add(LOG_VOLUME, directory, false);
                return Ok(host);
            }
        } else if self.added.contains(&mount.volume) || self.holds_other_files(mount) {
            let refusal = Diagnostic::error(format!(
                "the log {} would lie in {}, which is mounted read-only because the API server reads other files there",
                path.display(),
                directory.display()
            ))
            .help("give the log a directory of its own: --log-path /var/log/kubernetes/audit/audit.log");
            return Err(self.at_mount(refusal, mount));
        } else if !mount.shared {
            self.repairs
                .push(Edit::Set { path: self.mount_path(mount).key("readOnly"), value: Value::Bool(false) });
            self.notes.push(Diagnostic::info(format!(
                "the mount {} ({}) was read-only and becomes writable: the log lies there",
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

    /// Whether a flag other than the log's names a path below the mount.
    fn holds_other_files(&self, mount: &Mount) -> bool {
        self.manifest.api_server().words.iter().any(|word| {
            let (name, value) = word.text.split_once('=').unwrap_or(("", word.text.as_str()));
            let is_log = name.trim_start_matches('-').replace('_', "-") == "audit-log-path";
            !is_log && value.starts_with('/') && normalise(Path::new(value)).starts_with(&mount.path)
        })
    }
}

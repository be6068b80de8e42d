//! The surge pod's own audit log.
//!
//! Two API servers must never share a log file: lumberjack, which writes it, opens a new file after a rotation without
//! `O_APPEND` (v2.2.1, `openNew`). So the surge pod gets another file in the same directory, where shippers find it.
//!
//! At the end that file is renamed like a rotated one, so that retention counts it. Not while the surge pod writes to it:
//! each API server that opens or rotates its log compresses (`--audit-log-compress`) and deletes
//! (`--audit-log-maxbackup`) files with such a name (`millRunOnce`), and events written meanwhile would be lost.

use crate::audit::argv::lookup;
use crate::audit::flag::LOG_PATH;
use crate::audit::value::{STANDARD_OUTPUT, is_expanded};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Coverage, Manifest};
use crate::rotation::{format_time, rotated_at, rotated_name, split_name, split_time};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// A part of the name that rotated logs of the API server do not have: no time begins so.
const MARK: &str = "-surge";

/// Directories in which a second log file is not possible.
const DEVICES: [&str; 2] = ["/dev/", "/proc/"];

/// The surge pod's audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurgeLog {
    /// Its `--audit-log-path`.
    pub path: String,
    /// Its path on the host; `None`: it is inside the container, like the API server's own log.
    pub host: Option<PathBuf>,
    /// Its name in its directory.
    name: String,
    /// The name of the API server's own log.
    log: String,
    /// When the surge pod was created, as lumberjack formats it.
    time: String,
}

impl SurgeLog {
    /// The log of the surge pod of `planned`, created at `time`; `None` where the plan does not log to a file.
    ///
    /// # Errors
    /// A second file beside the log would be lost with the container.
    pub(super) fn of(planned: &Manifest, time: Timestamp) -> Result<Option<Self>, Diagnostic> {
        let found = lookup(&planned.api_server().arguments(), LOG_PATH).and_then(|found| found.value);
        let Some(path) = found.filter(|path| !path.is_empty() && path != STANDARD_OUTPUT) else {
            return Ok(None);
        };
        if DEVICES.iter().any(|directory| path.starts_with(directory)) {
            return Ok(None);
        }
        if is_expanded(&path) {
            return Err(Diagnostic::error(format!(
                "--{LOG_PATH}={path} is expanded by the kubelet: kaudit cannot determine the path of a second log"
            )));
        }
        // A relative path starts at the image's working directory, which is not on the host.
        let covered = Some(Path::new(&path))
            .filter(|path| path.is_absolute())
            .and_then(|path| Coverage::of(&planned.mounts(), path));
        if covered.as_ref().is_some_and(|covered| covered.exact) {
            return Err(Diagnostic::error(format!(
                "the log {path} is mounted as a single file: a second log beside it would be lost with its container"
            ))
            .help("mount the directory of the log; kaudit enable can do that"));
        }
        let (directory, name) = path.rsplit_once('/').map_or(("", path.as_str()), |(directory, name)| {
            (path.get(..=directory.len()).unwrap_or_default(), name)
        });
        let (stem, ending) = split_name(name);
        let time = format_time(time);
        let own_name = rotated_name(&format!("{stem}{MARK}{ending}"), &time);
        Ok(Some(Self {
            path: format!("{directory}{own_name}"),
            host: covered.and_then(|covered| covered.host).map(|host| host.with_file_name(&own_name)),
            name: own_name,
            log: name.to_owned(),
            time,
        }))
    }

    /// The log of a surge pod at `path` on the host; `None` where the name is not that of a surge pod's log.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (stem, rest) = name.split_once(&format!("{MARK}-"))?;
        let (time, ending) = split_time(rest)?;
        Some(Self {
            path: path.to_str()?.to_owned(),
            host: Some(path.to_owned()),
            name: name.to_owned(),
            log: format!("{stem}{ending}"),
            time: time.to_owned(),
        })
    }

    /// The name that a file of the log's directory gets after the surge pod is gone, if the surge pod wrote it: its log, or one
    /// that it rotated.
    #[must_use]
    pub fn name_afterwards(&self, name: &str) -> Option<String> {
        if name == self.name {
            return Some(rotated_name(&self.log, &self.time));
        }
        let (plain, compressed) = name.strip_suffix(".gz").map_or((name, ""), |plain| (plain, ".gz"));
        Some(rotated_name(&self.log, rotated_at(plain, &self.name)?) + compressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-03-04T05:06:07.0809Z";

    fn log(path: &str, mount: &str, host: &str) -> Result<Option<SurgeLog>, String> {
        let manifest = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, \
             command: [kube-apiserver, '--audit-log-path={path}'], \
             volumeMounts: [{{name: v, mountPath: {mount}}}]}}], \
             volumes: [{{name: v, hostPath: {{path: {host}}}}}]}}}}"
        );
        let manifest = Manifest::read(format!("---\n{manifest}").as_bytes()).unwrap();
        SurgeLog::of(&manifest, TIME.parse().unwrap()).map_err(|refusal| refusal.message)
    }

    #[test]
    fn it_is_beside_the_log() {
        for (path, expected, host) in [
            (
                "/var/log/k/audit.log",
                "/var/log/k/audit-surge-2026-03-04T05-06-07.080.log",
                Some("/host/k/audit-surge-2026-03-04T05-06-07.080.log"),
            ),
            (
                "/var/log/a.b.json",
                "/var/log/a.b-surge-2026-03-04T05-06-07.080.json",
                Some("/host/a.b-surge-2026-03-04T05-06-07.080.json"),
            ),
            (
                "/var/log/audit",
                "/var/log/audit-surge-2026-03-04T05-06-07.080",
                Some("/host/audit-surge-2026-03-04T05-06-07.080"),
            ),
            ("/tmp/audit.log", "/tmp/audit-surge-2026-03-04T05-06-07.080.log", None),
            ("audit.log", "audit-surge-2026-03-04T05-06-07.080.log", None),
            ("/audit.log", "/audit-surge-2026-03-04T05-06-07.080.log", None),
        ] {
            let log = log(path, "/var/log", "/host").unwrap().unwrap();
            assert_eq!((log.path.as_str(), log.host.as_deref()), (expected, host.map(Path::new)));
        }
    }

    #[test]
    fn a_log_that_is_not_a_file_stays() {
        for path in ["-", "", "/dev/stdout", "/proc/1/fd/1"] {
            assert_eq!(log(path, "/var/log", "/host"), Ok(None), "{path}");
        }
    }

    #[test]
    fn a_log_whose_directory_is_not_mounted_is_refused() {
        let reason = log("/var/log/audit.log", "/var/log/audit.log", "/host/audit.log").unwrap_err();
        assert!(reason.contains("mounted as a single file"), "{reason}");
        let reason = log("/var/log/$(NODE)/audit.log", "/var/log", "/host").unwrap_err();
        assert!(reason.contains("expanded by the kubelet"), "{reason}");
    }

    #[test]
    fn a_log_without_an_ending_is_rotated_as_go_sees_its_name() {
        let log = log("/var/log/audit", "/var/log", "/host").unwrap().unwrap();
        for (name, expected) in [
            ("audit-surge-2026-03-04T05-06-07.080", Some("audit-2026-03-04T05-06-07.080")),
            (
                "audit-surge-2026-03-04T05-06-07-2026-03-04T05-07-00.001.080",
                Some("audit-2026-03-04T05-07-00.001"),
            ),
            ("audit", None),
        ] {
            assert_eq!(log.name_afterwards(name).as_deref(), expected, "{name}");
            assert_eq!(SurgeLog::at(log.host.as_deref().unwrap()).unwrap().name, log.name);
        }
    }

    #[test]
    fn what_is_left_becomes_a_rotated_file() {
        let log = log("/var/log/audit.log", "/var/log", "/host").unwrap().unwrap();
        for (name, expected) in [
            ("audit-surge-2026-03-04T05-06-07.080.log", Some("audit-2026-03-04T05-06-07.080.log")),
            (
                "audit-surge-2026-03-04T05-06-07.080-2026-03-04T05-07-00.001.log",
                Some("audit-2026-03-04T05-07-00.001.log"),
            ),
            (
                "audit-surge-2026-03-04T05-06-07.080-2026-03-04T05-07-00.001.log.gz",
                Some("audit-2026-03-04T05-07-00.001.log.gz"),
            ),
            ("audit-surge-2025-01-01T00-00-00.000.log", None),
            ("audit-2026-03-04T05-06-07.080.log", None),
            ("audit.log", None),
        ] {
            assert_eq!(log.name_afterwards(name).as_deref(), expected, "{name}");
        }
    }
}

//! The last lines of a container, from the files that the kubelet keeps below `/var/log/pods`.

use crate::node::{EntryKind, Node};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The kubelet's directory of container logs (`podLogsDir`; configurable since 1.29, rarely changed).
const POD_LOGS: &str = "/var/log/pods";

/// How much of the end of a log is read, in bytes. With `--audit-log-path=-` it also has the audit events.
const END: u64 = 1 << 20;

/// The container of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerOf<'a> {
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The prefix of the pod's name: `kube-apiserver-`.
    pub pod: &'a str,
    /// Which of the pods with that name.
    pub attempt: Attempt<'a>,
    /// The container's name.
    pub container: &'a str,
}

/// Selects a pod of a name: a static pod gets a new uid when its manifest changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt<'a> {
    /// The pod with this uid.
    Uid(&'a str),
    /// The newest pod whose log directory was created at this time or later, in seconds since 1970.
    Since(i64),
}

impl Node {
    /// The last `count` lines of a container, without the fields of the runtime: those of standard error, if there are
    /// any. The last run of the container with output is used. Empty if there is no log.
    ///
    /// # Errors
    /// The log exists and cannot be read.
    pub fn container_last_lines(&self, container: &ContainerOf<'_>, count: usize) -> Result<Vec<String>> {
        let Some(directory) = self.log_directory(container)? else { return Ok(Vec::new()) };
        // `0.log`, `1.log`, …: one for each run of the container. Names of rotated logs are longer.
        let mut runs: Vec<u64> = self
            .list(&directory)?
            .iter()
            .filter_map(|entry| entry.name.strip_suffix(".log")?.parse().ok())
            .collect();
        runs.sort_unstable();
        for run in runs.into_iter().rev() {
            let lines = last_lines(&self.read_end(&directory.join(format!("{run}.log")))?, count);
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        Ok(Vec::new())
    }

    /// `/var/log/pods/NAMESPACE_POD_UID/CONTAINER` (`BuildPodLogsDirectory` in `pkg/kubelet/kuberuntime/helpers.go`).
    fn log_directory(&self, wanted: &ContainerOf<'_>) -> Result<Option<PathBuf>> {
        let prefix = format!("{}_{}", wanted.namespace, wanted.pod);
        let mut found: Vec<((i64, i64), PathBuf)> = Vec::new();
        for entry in self.list(Path::new(POD_LOGS))? {
            let Some((_, uid)) = entry.name.rsplit_once('_').filter(|_| entry.name.starts_with(&prefix))
            else {
                continue;
            };
            let path = Path::new(POD_LOGS).join(&entry.name);
            let Some(changed) = self.changed(&path).filter(|_| entry.kind == EntryKind::Directory) else {
                continue;
            };
            let is_wanted = match wanted.attempt {
                Attempt::Uid(wanted) => uid == wanted,
                Attempt::Since(time) => changed.0 >= time,
            };
            if is_wanted {
                found.push((changed, path.join(wanted.container)));
            }
        }
        Ok(found.into_iter().max().map(|(_, path)| path))
    }

    /// When the entries of a directory last changed (seconds, nanoseconds): for a pod's, when its first container was
    /// created.
    fn changed(&self, path: &Path) -> Option<(i64, i64)> {
        let metadata = std::fs::metadata(self.locate_target(path).ok()?).ok()?;
        Some((metadata.mtime(), metadata.mtime_nsec()))
    }

    /// The end of a file, from its first complete line; empty if it does not exist.
    fn read_end(&self, path: &Path) -> Result<String> {
        let place = self.locate_target(path)?;
        // The runtime may rotate or remove it at any time.
        let Ok(file) = File::open(&place) else { return Ok(String::new()) };
        end_of(file, 0).with_context(|| format!("reading {}", path.display()))
    }
}

/// The end of a file, not before `from` (bytes), from its first complete line.
pub(in crate::node) fn end_of(mut file: File, from: u64) -> std::io::Result<String> {
    let length = file.metadata()?.len();
    // A file that became shorter was restarted.
    let from = if from <= length { from } else { 0 };
    let start = from.max(length.saturating_sub(END));
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match text.split_once('\n') {
        Some((_, whole)) if start > from => whole.to_owned(),
        _ => text,
    })
}

/// One piece of the output of a container.
struct Piece {
    is_error: bool,
    /// Whether it ends the line.
    is_whole: bool,
    text: String,
}

/// The last lines of a log in either format.
fn last_lines(log: &str, count: usize) -> Vec<String> {
    let pieces: Vec<Piece> = log.lines().filter_map(|line| cri(line).or_else(|| json(line))).collect();
    let errors_only = pieces.iter().any(|piece| piece.is_error);
    let mut lines: Vec<String> = Vec::new();
    let mut is_open = false;
    for piece in pieces.iter().filter(|piece| piece.is_error || !errors_only) {
        match lines.last_mut().filter(|_| is_open) {
            Some(line) => line.push_str(&piece.text),
            None => lines.push(piece.text.clone()),
        }
        is_open = !piece.is_whole;
    }
    let surplus = lines.len().saturating_sub(count);
    lines.split_off(surplus)
}

/// `2026-11-21T12:28:13.388919737Z stderr F text`; `P` marks a partial line
/// (`staging/src/k8s.io/cri-client/pkg/logs/logs.go`, `parseCRILog`).
fn cri(line: &str) -> Option<Piece> {
    let mut fields = line.splitn(4, ' ');
    let (_time, stream, tag) = (fields.next()?, fields.next()?, fields.next()?);
    let is_error = match stream {
        "stderr" => true,
        "stdout" => false,
        _ => return None,
    };
    let is_whole = tag.split(':').next() != Some("P");
    Some(Piece { is_error, is_whole, text: fields.next().unwrap_or_default().to_owned() })
}

/// Docker's `{"log":"text\n","stream":"stderr","time":"…"}`: a partial line has no `\n` (`parseDockerJSONLog`).
fn json(line: &str) -> Option<Piece> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = value.get("log")?.as_str()?;
    let whole = text.strip_suffix('\n');
    Some(Piece {
        is_error: value.get("stream")?.as_str()? == "stderr",
        is_whole: whole.is_some(),
        text: whole.unwrap_or(text).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{DirBuilder, write};
    use std::os::unix::fs::symlink;

    #[test]
    fn both_formats_and_parts_of_lines() {
        let cri = "2026-11-21T12:28:13.1Z stderr F first\n2026-11-21T12:28:13.2Z stdout F {\"kind\":\"Event\"}\n\
                   2026-11-21T12:28:13.3Z stderr P one \n2026-11-21T12:28:13.4Z stderr F line\n2026 stderr F\nrubbish\n";
        assert_eq!(last_lines(cri, 9), ["first", "one line", ""]);
        assert_eq!(last_lines(cri, 2), ["one line", ""]);
        let docker = "{\"log\":\"a \",\"stream\":\"stderr\",\"time\":\"t\"}\n{\"log\":\"b\\n\",\"stream\":\"stderr\",\"time\":\"t\"}\n\
                      {\"log\":\"out\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n{\"half";
        assert_eq!(last_lines(docker, 9), ["a b"]);
        assert_eq!(last_lines("2026 stdout F only\n", 9), ["only"]);
        assert_eq!(last_lines("", 9), Vec::<String>::new());
    }

    #[test]
    fn the_right_pod_and_the_last_run_with_output_are_used() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let pods = root.join("var/log/pods");
        let container = |uid: &str| pods.join(format!("kube-system_kube-apiserver-cp0_{uid}/kube-apiserver"));
        for uid in ["aaa", "bbb"] {
            DirBuilder::new().recursive(true).create(container(uid)).unwrap();
        }
        write(container("aaa").join("9.log"), "t stderr F nine\n").unwrap();
        write(container("aaa").join("10.log"), "t stderr F ten\n").unwrap();
        write(container("aaa").join("10.log.20261121-120000"), "t stderr F rotated\n").unwrap();
        write(container("aaa").join("11.log"), "").unwrap();
        // As docker has it: a link to the runtime's own file.
        DirBuilder::new().recursive(true).create(root.join("var/lib/docker")).unwrap();
        write(root.join("var/lib/docker/x.log"), "{\"log\":\"docker\\n\",\"stream\":\"stderr\"}\n").unwrap();
        symlink("/var/lib/docker/x.log", container("bbb").join("0.log")).unwrap();

        let node = Node::at(root);
        let lines = |attempt: Attempt<'_>, pod: &str| {
            let wanted = ContainerOf { namespace: "kube-system", pod, attempt, container: "kube-apiserver" };
            node.container_last_lines(&wanted, 5).unwrap()
        };
        assert_eq!(lines(Attempt::Uid("aaa"), "kube-apiserver-"), ["ten"]);
        assert_eq!(lines(Attempt::Uid("bbb"), "kube-apiserver-"), ["docker"]);
        assert_eq!(lines(Attempt::Uid("ccc"), "kube-apiserver-"), Vec::<String>::new());
        assert_eq!(lines(Attempt::Uid("aaa"), "etcd-"), Vec::<String>::new());
        assert_eq!(lines(Attempt::Since(0), "kube-apiserver-").len(), 1);
        assert_eq!(lines(Attempt::Since(i64::MAX), "kube-apiserver-"), Vec::<String>::new());
    }

    #[test]
    fn only_the_end_of_a_large_log_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        write(&path, "t stderr F line of a flood\n".repeat(80_000) + "t stderr F the end\n").unwrap();
        let end = end_of(File::open(&path).unwrap(), 0).unwrap();
        assert!(end.len() <= usize::try_from(END).unwrap() && end.starts_with("t stderr F line"));
        assert_eq!(last_lines(&end, 1), ["the end"]);
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(end_of(File::open(&path).unwrap(), length - 19).unwrap(), "t stderr F the end\n");
        assert!(end_of(File::open(&path).unwrap(), length + 1).unwrap().len() > 1000, "begun again");
    }
}

//! `enable` and `disable` in memory: plans from values, without files.

#![allow(dead_code, reason = "each test uses a part")]

use kaudit::file::{FileState, Metadata};
use kaudit::generation::{History, Record, RecordedFile};
use kaudit::manifest::Manifest;
use kaudit::plan::{Observed, Plan, Wanted, draft_enable, plan_disable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

pub(crate) fn state(text: &str) -> FileState {
    FileState { bytes: text.as_bytes().to_vec(), metadata: Metadata::new(0o600, None) }
}

pub(crate) fn observe(
    manifest: &FileState,
    history: History,
    files: &BTreeMap<PathBuf, Option<FileState>>,
) -> Observed {
    let mut files = files.clone();
    files.entry(PathBuf::from("/etc/kubernetes/audit/policy.yaml")).or_insert(None);
    let directories = [
        "/etc",
        "/etc/kubernetes",
        "/etc/kubernetes/audit",
        "/var",
        "/var/log",
        "/var/log/kubernetes",
        "/var/log/kubernetes/audit",
        "/var/log/apiserver",
    ];
    let directories =
        directories.iter().map(|path| (PathBuf::from(path), Some(Metadata::new(0o755, None)))).collect();
    Observed {
        manifest_path: PathBuf::from(MANIFEST),
        manifest: manifest.clone(),
        neighbours: Vec::new(),
        files,
        directories,
        history,
        is_live: false,
        log_bytes_available: None,
        may_change_owner: false,
    }
}

pub(crate) fn plan_enable(observed: &Observed, wanted: &Wanted) -> Result<Plan, String> {
    let manifest = Manifest::read(&observed.manifest.bytes).map_err(|refusal| refusal.message)?;
    let first_reason =
        |refusals: Vec<kaudit::diagnostic::Diagnostic>| refusals.into_iter().next().unwrap().message;
    draft_enable(manifest, wanted, &observed.history.owned())
        .map_err(first_reason)?
        .finish(observed)
        .map_err(first_reason)
}

pub(crate) fn plan_off(observed: &Observed) -> Result<Plan, String> {
    let manifest = Manifest::read(&observed.manifest.bytes).map_err(|refusal| refusal.message)?;
    plan_disable(&manifest, observed).map_err(|refusals| refusals.into_iter().next().unwrap().message)
}

pub(crate) fn manifest_after(plan: &Plan) -> FileState {
    plan.files.iter().find(|file| file.path == Path::new(MANIFEST)).unwrap().after.clone().unwrap()
}

pub(crate) fn record(plan: &Plan) -> Record {
    let files = plan.changed_files().map(|file| RecordedFile {
        path: file.path.clone(),
        before: file.before.clone(),
        after: file.after.clone(),
    });
    Record {
        number: 1,
        time: String::new(),
        command: "enable".to_owned(),
        files: files.collect(),
        made: Vec::new(),
        removed: Vec::new(),
        owned: plan.owned.clone(),
    }
}

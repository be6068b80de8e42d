//! `enable` over whole manifests: kubeadm's own of many versions, handwritten ones that each test one property, and the
//! shared corpus of real ones. Each is edited correctly and restored byte for byte, or refused with a reason.

use crate::support::{Tree, shared_corpus};
use kaudit::manifest::Manifest;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const ENABLE: [&str; 5] =
    ["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"];

/// Enables, enables again, and disables; returns the reason where the first is refused.
fn round_trip(bytes: &[u8], extra: &[&str]) -> Result<(), String> {
    let tree = Tree::with_manifest(bytes);
    let mut enable: Vec<&str> = ENABLE.to_vec();
    enable.extend(extra);
    let first = tree.run(&enable);
    if first.code == 3 {
        assert_eq!(tree.manifest(), bytes, "refused, and changed all the same");
        assert!(first.stderr.contains("error: "), "{}", first.stderr);
        return Err(first.stderr);
    }
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let edited = tree.manifest();
    assert_ne!(edited, bytes);
    assert_flags(&edited);
    let again = tree.run(&enable);
    assert_eq!((again.code, again.stdout.trim()), (0, "Nothing to change."), "{}", again.stderr);
    assert_eq!(tree.manifest(), edited);
    let off = tree.run(&["disable"]);
    assert_eq!(off.code, 0, "{}", off.stderr);
    let restored = tree.manifest();
    if audits(bytes) {
        assert!(!audits(&restored), "flags that stood there before kaudit must go too");
        assert_eq!(tree.run(&["rollback", "--to", "0"]).code, 0);
        assert_eq!(tree.manifest(), bytes, "rollback --to 0 is not what it was");
    } else {
        assert_eq!(
            String::from_utf8_lossy(&restored),
            String::from_utf8_lossy(bytes),
            "disable is not what it was before enable"
        );
    }
    Ok(())
}

fn flags_of(bytes: &[u8]) -> BTreeMap<String, String> {
    let manifest = Manifest::read(bytes).unwrap();
    let occurrences = kaudit::plan::audit_flags_there(manifest.api_server());
    occurrences.into_iter().map(|o| (o.flag, o.value.unwrap_or_default())).collect()
}

fn audits(bytes: &[u8]) -> bool {
    !flags_of(bytes).is_empty()
}

fn assert_flags(bytes: &[u8]) {
    let flags = flags_of(bytes);
    assert_eq!(flags["audit-log-path"], "/var/log/kubernetes/audit/audit.log");
    assert_eq!(flags["audit-policy-file"], "/etc/kubernetes/audit/policy.yaml");
    for flag in ["audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"] {
        assert!(flags.contains_key(flag), "{flag} is missing");
    }
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

#[test]
fn a_manifest_of_kubeadm_is_never_refused() {
    let mut files = Vec::new();
    files_below(&data("kubeadm"), &mut files);
    let manifests: Vec<&PathBuf> = files
        .iter()
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".yaml") && !name.ends_with(".config.yaml")
        })
        .filter(|path| fs::read_to_string(path).unwrap().contains("kube-apiserver"))
        .filter(|path| !path.to_string_lossy().contains("/patches/"))
        .filter(|path| !path.to_string_lossy().contains("/directory/"))
        .collect();
    assert!(manifests.len() >= 327, "only {} manifests found", manifests.len());
    let mut failures = String::new();
    for path in &manifests {
        if let Err(reason) = round_trip(&fs::read(path).unwrap(), &[]) {
            let _ = writeln!(failures, "{}: {reason}", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn hand_made_manifests_are_edited_or_refused_as_their_table_says() {
    let directory = data("manifests");
    let table = fs::read_to_string(directory.join("CASES.tsv")).unwrap();
    let mut failures = String::new();
    let mut count = 0;
    for line in table.lines().skip(1) {
        count += 1;
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, expected, reason) = (columns[0], columns[2], columns.get(3).copied().unwrap_or_default());
        let outcome = std::panic::catch_unwind(|| round_trip(&fs::read(directory.join(file)).unwrap(), &[]));
        let problem = match (outcome, expected) {
            (Ok(Ok(())), "edit") => continue,
            (Ok(Err(text)), "refuse") if text.to_lowercase().contains(&reason.to_lowercase()) => continue,
            (Ok(Ok(())), _) => "was edited".to_owned(),
            (Ok(Err(text)), _) => format!("was refused:\n{text}"),
            (Err(panic), _) => {
                format!("failed: {}", panic.downcast_ref::<String>().map_or("?", String::as_str))
            }
        };
        let _ = writeln!(failures, "{file} (expected {expected} {reason}) {problem}");
    }
    assert!(count >= 100, "only {count} cases");
    assert!(failures.is_empty(), "{failures}");
}

/// Every manifest of the shared corpus: what is refused is refused for this reason.
const CORPUS_REFUSALS: [(&str, &str); 16] = [
    ("001-kops", "is managed by kOps"),
    ("002-kops", "is managed by kOps"),
    ("003-kops", "is managed by kOps"),
    ("004-kops", "is managed by kOps"),
    ("005-kops", "is managed by kOps"),
    ("006-kops", "is managed by kOps"),
    ("007-", "starts kube-apiserver through a shell"),
    ("009-openshift", "is managed by OpenShift"),
    ("010-openshift", "is managed by OpenShift"),
    ("011-openshift", "is managed by OpenShift"),
    ("012-openshift", "is managed by OpenShift"),
    ("013-openshift", "is managed by OpenShift"),
    ("014-openshift", "is managed by OpenShift"),
    ("035-gce", "starts kube-apiserver through a shell"),
    ("048-rke2", "is managed by RKE2"),
    // A fixture of a scanner for Kubernetes 1.6, which had no usable audit policy yet.
    ("069-kics", "Kubernetes 1.6"),
];

#[test]
fn the_shared_corpus_is_edited_right_or_refused_for_a_reason() {
    let Some(corpus) = shared_corpus() else {
        eprintln!("the shared corpus is not here: its manifests are not tried");
        return;
    };
    let mut files = Vec::new();
    files_below(&corpus.join("manifests"), &mut files);
    let mut failures = String::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let known = CORPUS_REFUSALS.iter().find(|(file, _)| name.starts_with(file));
        let problem = match (round_trip(&fs::read(path).unwrap(), &[]), known) {
            (Ok(()), None) => continue,
            (Err(text), Some((_, reason))) if text.contains(reason) => continue,
            (Ok(()), Some(_)) => "was edited".to_owned(),
            (Err(text), _) => format!("was refused:\n{text}"),
        };
        let _ = writeln!(failures, "{name} {problem}");
    }
    assert!(failures.is_empty(), "{failures}");
}

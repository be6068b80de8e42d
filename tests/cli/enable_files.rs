//! `enable` and the files of a node: secrets are not shown, a run without changes writes nothing, and files keep their
//! metadata.

use crate::support::{MANIFEST, Tree};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ENABLE: [&str; 5] =
    ["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"];
const SAMPLE: &[u8] = include_bytes!("../../templates/sample-node/kube-apiserver.yaml");

#[test]
fn secrets_are_shown_nowhere() {
    let manifest = include_bytes!("../manifests/pod-secrets.yaml").to_vec();
    let text = String::from_utf8(manifest.clone()).unwrap();
    assert!(text.matches("hunter2").count() >= 3, "the manifest holds no secrets to show");
    let broken = text.replace("value: hvs.hunter2-token", "value: [hunter2]").into_bytes();
    let numeric = text.replace("value: hvs.hunter2-token", "value: 77777").into_bytes();
    let kubeconfig = "kind: Config\nusers:\n- name: a\n  user: {token: hunter2, password: hunter2\n";
    let whole = kubeconfig.replace("hunter2\n", "hunter2}\n")
        + "current-context: a\ncontexts:\n- {name: a, context: {cluster: a, user: a}}\nclusters:\n- {name: a, cluster: {server: 'https://u:hunter2@h'}}\n";
    let exec = whole.replace(
        "{token: hunter2, password: hunter2}",
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never, args: [--token=hunter2, \"-p\", hunter2], env: [{name: API_KEY, value: hunter2}]}}",
    );
    assert!(exec.contains("args"));
    for manifest in [manifest, broken, numeric] {
        let tree = Tree::with_manifest(&manifest);
        tree.write("/broken.kubeconfig", kubeconfig.as_bytes());
        tree.write("/whole.kubeconfig", whole.as_bytes());
        tree.write("/exec.kubeconfig", exec.as_bytes());
        let path = |name: &str| tree.place(name).display().to_string();
        let (broken, whole) = (path("broken.kubeconfig"), path("whole.kubeconfig"));
        let exec = path("exec.kubeconfig");
        let keys = ["--container-env", "AWS_ACCESS_KEY=hunter2", "--container-env", "DB_PASS=hunter2"];
        let enable = ["enable", "--webhook-config-file", &broken, "--container-env", "X_TOKEN=hunter2"];
        let mut shown = String::new();
        for format in ["text", "json"] {
            for arguments in [
                &["diff", "--container-env", "MY_PASSWORD=hunter2", "--webhook-config-file", &whole][..],
                &enable,
                &["enable", "--webhook-config-file", &whole, "--container-env", "X_TOKEN=hunter2", "-v"],
                &["diff", "--webhook-config-file", &exec],
                &["enable", "--webhook-config-file", &exec],
                &["status", "-v"],
                &["disable"],
            ] {
                let mut arguments = arguments.to_vec();
                if arguments.contains(&"--webhook-config-file") {
                    arguments.extend(keys);
                }
                arguments.extend(["-o", format]);
                let ended = tree.run(&arguments);
                shown.push_str(&ended.stdout);
                shown.push_str(&ended.stderr);
            }
        }
        assert!(!shown.contains("hunter2") && !shown.contains("77777"), "{shown}");
        assert!(shown.contains("***") || shown.contains("error: "));
    }
}

/// Inode, size, and the times of the last change of content and of metadata, of everything in a tree.
fn fingerprints(directory: &Path) -> BTreeMap<PathBuf, [i64; 6]> {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = BTreeMap::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let inode = i64::try_from(metadata.ino()).unwrap();
        let size = i64::try_from(metadata.size()).unwrap();
        let (modified, changed) = (metadata.mtime(), metadata.ctime());
        found.insert(path, [inode, size, modified, metadata.mtime_nsec(), changed, metadata.ctime_nsec()]);
    }
    found
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let tree = Tree::with_manifest(SAMPLE);
    let pristine = fingerprints(tree.root());
    for arguments in [&["status"][..], &["disable"], &["diff"], &["enable", "--dry-run"], &["rollback"]] {
        tree.run(arguments);
        assert_eq!(fingerprints(tree.root()), pristine, "{arguments:?} on a fresh node");
    }
    assert_eq!(tree.run(&ENABLE).code, 0);
    let enabled = fingerprints(tree.root());
    assert_ne!(enabled, pristine);
    for arguments in
        [&ENABLE[..], &["enable"], &["status"], &["diff", "--log-maxage", "7"], &["disable", "--dry-run"]]
    {
        tree.run(arguments);
        assert_eq!(fingerprints(tree.root()), enabled, "{arguments:?} on an enabled node");
    }
}

#[test]
fn the_manifest_keeps_its_mode() {
    let tree = Tree::with_manifest(SAMPLE);
    fs::set_permissions(tree.place(MANIFEST), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(tree.run(&ENABLE).code, 0);
    assert_eq!(fs::metadata(tree.place(MANIFEST)).unwrap().permissions().mode() & 0o7777, 0o640);
}

#[test]
fn the_manifest_keeps_its_extended_attributes() {
    let tree = Tree::with_manifest(SAMPLE);
    let place = tree.place(MANIFEST);
    if let Err(error) = xattr::set(&place, "user.kaudit-test", b"kept") {
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
        eprintln!("this file system has no user attributes: {error}");
        return;
    }
    for arguments in [&ENABLE[..], &["disable"]] {
        assert_eq!(tree.run(arguments).code, 0);
        assert_eq!(xattr::get(&place, "user.kaudit-test").unwrap().unwrap(), b"kept", "{arguments:?}");
    }
}

#[test]
fn a_policy_comes_from_standard_input() {
    let tree = Tree::with_manifest(SAMPLE);
    let policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata # mine\n";
    let run = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(["enable", "--policy", "-", "--root"])
            .arg(tree.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = run("kind: Policy\nrules: []\n");
    assert!(code == 3 && stderr.contains("standard input:"), "{code} {stderr}");
    assert_eq!(tree.manifest(), SAMPLE);
    assert_eq!(run(policy).0, 0);
    assert_eq!(tree.read("/etc/kubernetes/audit/policy.yaml").unwrap(), policy.as_bytes());
}

#[test]
fn a_closed_standard_output_does_not_end_a_run() {
    let tree = Tree::with_manifest(SAMPLE);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(ENABLE)
        .arg("--root")
        .arg(tree.root())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_ne!(tree.manifest(), SAMPLE);
    assert_eq!(tree.run(&["disable"]).code, 0);
    assert_eq!(tree.manifest(), SAMPLE);
}

/// `/dev/full` takes nothing. The node's state decides of the exit code where it was changed.
#[test]
fn output_that_gets_lost_is_no_success() {
    let tree = Tree::with_manifest(SAMPLE);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(arguments)
            .args(if arguments[0] == "policy" {
                None
            } else {
                Some(format!("--root={}", tree.root().display()))
            })
            .env_clear()
            .stdin(Stdio::null())
            .stdout(OpenOptions::new().write(true).open("/dev/full").unwrap())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    tree.write("/log", b"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"1\",\"stage\":\"ResponseComplete\",\"requestURI\":\"/api\",\"verb\":\"get\",\"user\":{\"username\":\"alice\"}}\n");
    let log = tree.place("/log").display().to_string();
    for arguments in [
        &["--help"][..],
        &["policy", "show", "default"],
        &["policy", "lint", "--list"],
        &["collector", "vector", "--log-path", "/srv/audit.log"],
        &["diff"],
        &["status"],
        &["logs", &log],
        &["logs", &log, "-o", "csv"],
        &["logs", &log, "--top", "user"],
        &["logs", &log, "-f", "--tail", "all"],
    ] {
        let (code, stderr) = run(arguments);
        assert_eq!(code, 3, "{arguments:?}: {stderr}");
        let told = stderr.matches("error: writing standard output: No space left on device").count();
        assert_eq!(told, 1, "{arguments:?}: {stderr}");
    }
    let (code, stderr) = run(&ENABLE);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stderr.matches("warning: writing standard output").count(), 1, "{stderr}");
    assert_ne!(tree.manifest(), SAMPLE);
}

#[test]
fn rollback_discards_an_edit_only_when_told() {
    let tree = Tree::with_manifest(SAMPLE);
    assert_eq!(tree.run(&ENABLE).code, 0);
    let mut edited = tree.manifest();
    edited.extend_from_slice(b"# edited by hand\n");
    tree.write(MANIFEST, &edited);
    let refused = tree.run(&["rollback", "--to", "0"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("was edited since generation"), "{}", refused.stderr);
    assert_eq!(tree.manifest(), edited);
    assert_eq!(tree.run(&["rollback", "--to", "0", "--discard-edits"]).code, 0);
    assert_eq!(tree.manifest(), SAMPLE);
    // What was discarded is not lost: the record has the bytes before.
    let kept = fs::read_dir(tree.place("/var/lib/kaudit/generations/2")).unwrap();
    assert!(kept.into_iter().any(|file| fs::read(file.unwrap().path()).unwrap() == edited));
}

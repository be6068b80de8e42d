//! Rendering of `status` on a live node.

use super::configured::Configured;
use super::log::{Activity, Recent};
use super::ready::Readiness;
use super::render::render;
use super::running::{ApiServer, KubeletSeen, Log, Running};
use crate::file::{FileState, Metadata};
use crate::generation::{History, Owned, Record, RecordedFile};
use crate::kubelet::Kubelet;
use crate::manifest::DIGEST_ANNOTATION;
use crate::manifest::Manifest;
use crate::node::{Answer, Process};
use crate::plan::{Observed, config_digest};
use crate::transaction::{Journal, Phase, Underway};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const POLICY: &str = "/etc/kubernetes/audit/policy.yaml";
const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const BEFORE: &str = "2026-11-21T03:00:00Z";
const START: &str = "2026-11-21T03:10:00Z";
const AFTER: &str = "2026-11-21T03:20:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn file(text: &str) -> FileState {
    FileState { bytes: text.as_bytes().to_vec(), metadata: Metadata::new(0o600, None) }
}

/// A manifest with audit logging, written for the policy `digest_of`.
fn configured(policy: &str, digest_of: Option<&str>) -> Configured {
    let annotation = digest_of.map_or_else(String::new, |policy| {
        let digest = config_digest(Some(policy.as_bytes()), None);
        format!(", annotations: {{{DIGEST_ANNOTATION}: {digest}}}")
    });
    let manifest = file(&format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, namespace: kube-system{annotation}}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.2
    command: [kube-apiserver, --audit-policy-file={POLICY}, --audit-log-path=/var/log/audit/audit.log]
    volumeMounts:
    - {{name: audit, mountPath: /etc/kubernetes/audit}}
    - {{name: log, mountPath: /var/log/audit}}
  volumes:
  - {{name: audit, hostPath: {{path: /etc/kubernetes/audit}}}}
  - {{name: log, hostPath: {{path: /var/log/audit}}}}
"
    ));
    let recorded = |path: &str, after: &FileState| RecordedFile {
        path: PathBuf::from(path),
        before: None,
        after: Some(after.clone()),
    };
    let record = digest_of.map(|policy| Record {
        number: 1,
        time: BEFORE.to_owned(),
        command: "enable".to_owned(),
        files: vec![recorded(POLICY, &file(policy)), recorded(MANIFEST, &manifest)],
        made: Vec::new(),
        removed: Vec::new(),
        owned: Owned::default(),
    });
    let read = Manifest::read(&manifest.bytes).unwrap();
    let observed = Observed {
        manifest_path: PathBuf::from(MANIFEST),
        manifest,
        neighbours: Vec::new(),
        files: BTreeMap::from([(PathBuf::from(POLICY), Some(file(policy)))]),
        directories: BTreeMap::new(),
        history: History::of(record.into_iter().collect()),
        is_live: true,
        log_bytes_available: None,
        may_change_owner: true,
    };
    Configured::of(observed, read)
}

fn api_server(pid: i32) -> ApiServer {
    let arguments = vec!["kube-apiserver".to_owned()];
    ApiServer {
        process: Process { pid, start: 1, arguments, pod_uid: Some("6ebc".to_owned()) },
        since: at(START),
        executable: Some(PathBuf::from("/usr/local/bin/kube-apiserver")),
        is_audited: true,
        difference: None,
    }
}

/// A node without differences.
fn running() -> Running {
    let process = Process { pid: 47, start: 1, arguments: vec!["kubelet".to_owned()], pod_uid: None };
    Running {
        kubelet: Ok(KubeletSeen {
            kubelet: Kubelet {
                process,
                config: Some(PathBuf::from("/var/lib/kubelet/config.yaml")),
                static_pod_path: Some(PathBuf::from("/etc/kubernetes/manifests")),
                root_dir: PathBuf::from("/var/lib/kubelet"),
                file_check_frequency: Duration::from_secs(20),
                node_name: "cp0".to_owned(),
            },
            since: at(BEFORE),
        }),
        api_servers: vec![api_server(127)],
        readiness: Some(Readiness::Requested {
            address: "127.0.0.1:6443".to_owned(),
            answer: Answer::Status { code: 200, body: "ok".to_owned() },
        }),
        policy_changed: Some(at(BEFORE)),
        webhook_changed: None,
        log: Some(Log {
            bytes: 3_000_000,
            modified: at(AFTER),
            activity: Activity {
                last_event: Some(at(AFTER)),
                recent: Recent { seconds: 60, events: 12, bytes: 9_000 },
            },
            rotated_files: 2,
            rotated_bytes: 200 << 20,
        }),
    }
}

fn lines(configured: &Configured, running: &Running) -> Vec<String> {
    render(configured, running, false).1
}

/// The reported differences, and whether the policy is in effect.
fn drift(configured: &Configured, running: &Running) -> (Vec<String>, Value) {
    let (details, _) = render(configured, running, false);
    let drift = details["drift"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    (drift.collect(), details["policy"]["inForce"].clone())
}

#[test]
fn a_node_without_differences() {
    let text = lines(&configured("rules", Some("rules")), &running()).join("\n");
    let expected = "\
Audit logging: on
Kubelet:       running, pid 47 since 2026-11-21T03:00:00Z
Running:       pid 127 since 2026-11-21T03:10:00Z, pod 6ebc, audit logging on, matches the manifest
Ready:         yes, at 127.0.0.1:6443
Manifest:      /etc/kubernetes/manifests/kube-apiserver.yaml
Image:         registry.k8s.io/kube-apiserver:v1.36.2
Policy:        /etc/kubernetes/audit/policy.yaml (modified 2026-11-21T03:00:00Z, in effect)
Log:           /var/log/audit/audit.log (2.9 MiB, last event 2026-11-21T03:20:00Z; 12 in the last 60 s, 8.8 KiB)
               2 rotated, 200 MiB
  --audit-log-path=/var/log/audit/audit.log
  --audit-policy-file=/etc/kubernetes/audit/policy.yaml
Drift:         none
Generations:   1
    1  2026-11-21T03:00:00Z  enable";
    assert_eq!(text, expected);
}

#[test]
fn programs_get_every_field() {
    let (details, _) = render(&configured("rules", Some("rules")), &running(), false);
    for (pointer, expected) in [
        ("/enabled", Value::from(true)),
        ("/kubelet/running", Value::from(true)),
        ("/kubelet/pid", Value::from(47)),
        ("/kubelet/staticPodPath", Value::from("/etc/kubernetes/manifests")),
        ("/apiServers/0/pid", Value::from(127)),
        ("/apiServers/0/podUid", Value::from("6ebc")),
        ("/apiServers/0/asManifest", Value::from(true)),
        ("/apiServers/0/difference", Value::Null),
        ("/readyz/ready", Value::from(true)),
        ("/policy/path", Value::from(POLICY)),
        ("/policy/inForce", Value::from(true)),
        ("/webhook", Value::Null),
        ("/log/lastEvent", Value::from(AFTER)),
        ("/log/recent/events", Value::from(12)),
        ("/log/rotatedFiles", Value::from(2)),
        ("/log/rotatedBytes", Value::from(200 << 20)),
    ] {
        assert_eq!(details.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[test]
fn a_policy_edited_by_hand_is_in_effect_only_after_a_start() {
    const EDITED: &str = "/etc/kubernetes/audit/policy.yaml was edited by hand at 2026-11-21T03:";
    for (digest_of, changed, sentence, in_force) in [
        (Some("rules"), BEFORE, None, Some(true)),
        // Written again with the same content.
        (Some("rules"), AFTER, None, Some(true)),
        (Some("other"), AFTER, Some(format!("{EDITED}20:00Z: not in effect until kaudit restart")), Some(false)),
        (
            Some("other"),
            BEFORE,
            Some(format!("{EDITED}00:00Z: in effect, because the API server was started later")),
            Some(true),
        ),
        // Audit logging that kaudit did not set up: there is no record of what was written.
        (None, BEFORE, None, Some(true)),
        (
            None,
            AFTER,
            Some("/etc/kubernetes/audit/policy.yaml was modified at 2026-11-21T03:20:00Z, after the API server had read it: changes are not in effect until kaudit restart".to_owned()),
            None,
        ),
    ] {
        let seen = Running { policy_changed: Some(at(changed)), ..running() };
        let (drift, told) = drift(&configured("rules", digest_of), &seen);
        assert_eq!(drift, sentence.into_iter().collect::<Vec<_>>(), "{digest_of:?} {changed}");
        assert_eq!(told, in_force.map_or(Value::Null, Value::from), "{digest_of:?} {changed}");
    }
    let nothing_runs = Running { api_servers: Vec::new(), policy_changed: Some(at(AFTER)), ..running() };
    let (drift, told) = drift(&configured("rules", Some("other")), &nothing_runs);
    assert!(
        drift.contains(&format!("{EDITED}20:00Z: the API server will read it when it starts")),
        "{drift:?}"
    );
    assert_eq!(told, Value::Null);
}

#[test]
fn differences_between_process_and_configuration_are_reported() {
    let configured = configured("rules", Some("rules"));
    let other = ApiServer { is_audited: false, difference: Some("it has --a".to_owned()), ..api_server(127) };
    for (seen, first_line, sentence) in [
        (
            Running { api_servers: vec![other], ..running() },
            "Audit logging: on in the manifest, off in the running API server",
            "the running API server (pid 127) differs from the manifest: it has --a",
        ),
        (
            Running { api_servers: Vec::new(), readiness: None, ..running() },
            "Audit logging: on in the manifest, but no API server is running",
            "no API server of this node's kubelet is running",
        ),
        (
            Running { api_servers: vec![api_server(127), api_server(205)], ..running() },
            "Audit logging: on",
            "several API servers are running: pids 127, 205",
        ),
        (
            Running { kubelet: Err("no kubelet runs on this node".to_owned()), ..running() },
            "Audit logging: on",
            "no kubelet runs on this node",
        ),
        (
            Running { log: None, ..running() },
            "Audit logging: on",
            "the running API server (pid 127) has audit logging on, but its log /var/log/audit/audit.log does not exist",
        ),
    ] {
        assert_eq!(lines(&configured, &seen).first().map(String::as_str), Some(first_line));
        assert_eq!(drift(&configured, &seen).0, [sentence]);
    }
    let no_kubelet = Running { kubelet: Err("no kubelet runs on this node".to_owned()), ..running() };
    let (details, lines) = render(&configured, &no_kubelet, false);
    assert_eq!(lines.get(1).map(String::as_str), Some("Kubelet:       no kubelet runs on this node"));
    assert_eq!(details["kubelet"]["running"], Value::from(false));
}

#[test]
fn a_run_in_progress_is_not_an_interrupted_one() {
    let mut configured = configured("rules", Some("rules"));
    let journal = Journal::new(3, Phase::Out, AFTER.to_owned());
    configured.underway = Some(Underway { journal: Ok(journal), holder: None });
    let (told, _) = drift(&configured, &running());
    assert_eq!(
        told,
        [
            "a kaudit run was interrupted (generation 3, phase Out, since 2026-11-21T03:20:00Z); kaudit recover, or the next run, completes it or rolls it back"
        ]
    );
    configured.at_work = Some("pid 812 since 2026-11-21T03:14:15Z".to_owned());
    assert_eq!(drift(&configured, &running()).0, Vec::<String>::new());
    let line = "At work:       another kaudit run, pid 812 since 2026-11-21T03:14:15Z".to_owned();
    assert_eq!(lines(&configured, &running()).get(1), Some(&line));
}

#[test]
fn a_missing_policy_is_reported() {
    let mut configured = configured("rules", Some("rules"));
    configured.observed.files.insert(PathBuf::from(POLICY), None);
    let gone = Running { policy_changed: None, ..running() };
    let (drift, _) = drift(&configured, &gone);
    let expected = format!("{POLICY} does not exist: the API server would not start again");
    assert_eq!(drift, [expected]);
    assert!(lines(&configured, &gone).contains(&format!("Policy:        {POLICY} (does not exist)")));
    assert_eq!(configured.inputs().next(), Some(Path::new(POLICY)));
}

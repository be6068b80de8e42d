//! Surge pods of complete manifests: of many kubeadm versions, handwritten, from the shared corpus, and random. Each
//! manifest, as `enable` leaves it, gets a second pod that meets every condition, or an error with a reason.

use kaudit::generation::History;
use kaudit::manifest::Manifest;
use kaudit::plan::{PolicyWanted, Wanted};
use kaudit::restart::surge::{POD_NAME, SurgePod, surge_pod};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use crate::enable::{generate, memory};
use crate::support::{Tree, shared_corpus};
use crate::yaml::choices::{Choices, seeded_runner};

const PORT: u16 = 16443;
const TIME: &str = "2026-03-04T05:06:07.089Z";
const ENABLE: [&str; 5] =
    ["enable", "--policy", "default", "--log-path", "/var/log/kubernetes/audit/audit.log"];
const DEFAULT_CASES: u32 = 400;

fn make(planned: &[u8]) -> Result<SurgePod, String> {
    let planned = Manifest::read(planned).unwrap();
    surge_pod(&planned, NonZeroU16::new(PORT).unwrap(), TIME.parse().unwrap())
        .map_err(|refusal| refusal.message)
}

/// The surge pod of a manifest after `enable`; `None` if `enable` rejects it.
fn after_enable(bytes: &[u8]) -> Option<Result<(), String>> {
    let tree = Tree::with_manifest(bytes);
    let ended = tree.run(&ENABLE);
    if ended.code == 3 {
        return None;
    }
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let planned = tree.manifest();
    Some(make(&planned).map(|pod| judge(&planned, &pod).unwrap_or_else(|fault| panic!("{fault}"))))
}

/// The arguments after the binary's name.
fn words(container: &Value) -> Vec<String> {
    let list = |key: &str| container[key].as_array().cloned().unwrap_or_default();
    list("command").into_iter().chain(list("args")).map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The last value of a flag in any form.
fn flag(words: &[String], name: &str) -> Option<String> {
    let with_value = format!("--{name}=");
    let bare = format!("--{name}");
    words
        .iter()
        .enumerate()
        .filter_map(|(index, word)| {
            let word = word.replacen('_', "-", if word.contains('=') { 0 } else { usize::MAX });
            if word == bare {
                words.get(index + 1).cloned()
            } else {
                word.strip_prefix(&with_value).map(str::to_owned)
            }
        })
        .next_back()
}

/// Checks every condition of a surge pod, independently of the implementation.
fn judge(planned: &[u8], pod: &SurgePod) -> Result<(), String> {
    let demand = |holds: bool, what: &str| {
        if holds { Ok(()) } else { Err(format!("{what}: {}", String::from_utf8_lossy(&pod.manifest))) }
    };
    let text = String::from_utf8(pod.manifest.clone()).unwrap();
    let surge: Value = serde_json::from_slice(&pod.manifest).map_err(|error| error.to_string())?;
    let planned = Manifest::read(planned).unwrap().document().value().clone();
    let read_back = Manifest::read(&pod.manifest).map_err(|refusal| refusal.message)?;
    demand(*read_back.document().value() == surge, "JSON and YAML read something else")?;

    let metadata = &surge["metadata"];
    demand(metadata["name"] == POD_NAME && metadata["name"] != planned["metadata"]["name"], "its name")?;
    demand(metadata["namespace"] == planned["metadata"]["namespace"], "its namespace")?;
    let labels = metadata["labels"].as_object().unwrap();
    demand(labels.len() == 1 && labels["app.kubernetes.io/managed-by"] == "kaudit", "its labels")?;
    for mark in ["advertise-address.endpoint", "kaudit.dev/", "kubernetes.io/config.", "\"uid\""] {
        demand(!metadata.to_string().contains(mark), mark)?;
    }

    let spec = &surge["spec"];
    demand(spec["hostNetwork"] == true, "its network")?;
    demand(spec["containers"].as_array().unwrap().len() == 1, "its containers")?;
    for key in
        ["volumes", "priorityClassName", "priority", "securityContext", "terminationGracePeriodSeconds"]
    {
        demand(spec.get(key) == planned["spec"].get(key), key)?;
    }
    let (old, new) = (&planned["spec"]["containers"][0], &spec["containers"][0]);
    for key in ["name", "image", "imagePullPolicy", "volumeMounts", "securityContext", "workingDir"] {
        demand(new.get(key) == old.get(key), key)?;
    }
    demand(new.get("ports").is_none() && new.get("resources").is_none(), "ports and resources")?;

    let (before, after) = (words(old), words(new));
    let port = PORT.to_string();
    demand(flag(&after, "secure-port").as_deref() == Some(port.as_str()), "--secure-port")?;
    demand(
        flag(&after, "endpoint-reconciler-type").as_deref() == Some("none"),
        "--endpoint-reconciler-type",
    )?;
    let same: [&str; 6] = [
        "advertise-address",
        "bind-address",
        "etcd-servers",
        "service-account-issuer",
        "audit-policy-file",
        "audit-log-maxage",
    ];
    for name in same {
        demand(flag(&after, name) == flag(&before, name), name)?;
    }
    let (log, own_log) = (flag(&before, "audit-log-path").unwrap(), flag(&after, "audit-log-path").unwrap());
    demand(log != own_log && Path::new(&log).parent() == Path::new(&own_log).parent(), "its log")?;
    demand(
        pod.log.as_ref().is_some_and(|log| log.path == own_log && log.host.is_some()),
        "its log on the host",
    )?;
    demand(after.len() <= before.len() + 2, "more arguments")?;

    let env = new["env"].as_array().unwrap();
    let debug = env.iter().rfind(|entry| entry["name"] == "GODEBUG").unwrap()["value"].as_str().unwrap();
    demand(debug.split(',').next_back() == Some("multipathtcp=0"), "GODEBUG")?;
    let served = flag(&before, "secure-port").map_or(6443, |port| port.parse().unwrap());
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let asked = |container: &Value| container.get(probe)?.get("httpGet")?.get("port").cloned();
        // Numbers that belong to other ports stay.
        let expected =
            asked(old).map(|port| port.as_u64().filter(|port| *port != served).unwrap_or(PORT.into()));
        demand(asked(new) == expected.map(Value::from), probe)?;
    }
    demand(!text.contains("probe-port"), "a port by name")
}

fn manifests_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            manifests_below(&path, found);
        } else if fs::read(&path).is_ok_and(|bytes| Manifest::read(&bytes).is_ok()) {
            found.push(path);
        }
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The manifests below a directory without a surge pod, each with the reason, and the number of those with one.
fn try_all(directory: &Path) -> (usize, Vec<String>) {
    let mut files = Vec::new();
    manifests_below(directory, &mut files);
    let mut made = 0;
    let mut refused = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        let bytes = fs::read(path).unwrap();
        match std::panic::catch_unwind(|| after_enable(&bytes)) {
            Ok(None) => {}
            Ok(Some(Ok(()))) => made += 1,
            Ok(Some(Err(reason))) => refused.push(format!("{name}: {reason}")),
            Err(panic) => {
                panic!("{name}: {}", panic.downcast_ref::<String>().map_or("?", String::as_str));
            }
        }
    }
    (made, refused)
}

/// Checks all manifests below a directory; only known reasons are allowed.
fn check_all(directory: &Path, at_least: usize, reasons: &[&str]) {
    let (made, refused) = try_all(directory);
    eprintln!("{made} made, {} refused", refused.len());
    assert!(made >= at_least, "only {made}: {refused:#?}");
    let is_known = |text: &&String| !reasons.iter().any(|reason| text.contains(reason));
    assert_eq!(refused.iter().filter(is_known).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_manifest_of_kubeadm_has_a_surge_pod() {
    // A patch that adds a sidecar; the release before `--endpoint-reconciler-type`.
    check_all(
        &data("kubeadm"),
        311,
        &["patches-strategic.yaml: the pod has 2 containers", "v1.8-default.yaml: "],
    );
}

#[test]
fn hand_made_manifests_have_one_or_a_reason() {
    let reasons = [
        "containers: kaudit runs only kube-apiserver twice",
        "init containers",
        "does not use hostNetwork",
        "also serves --insecure-port",
    ];
    check_all(&data("manifests"), 78, &reasons);
}

#[test]
fn the_shared_corpus_has_one_or_a_reason() {
    let Some(corpus) = shared_corpus() else {
        eprintln!("the shared corpus is not here: its manifests are not tried");
        return;
    };
    check_all(
        &corpus.join("manifests"),
        4,
        &[
            "015-acs-engine-quoted.yaml: the API server also serves --insecure-port",
            "036-hyperkube-master-json-4-containers.yaml: the pod has 4",
        ],
    );
}

#[test]
fn random_manifests_have_one_unless_they_have_two_containers() {
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(DEFAULT_CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let made = Cell::new(0);
    let outcome = seeded_runner(config).run(&vec(any::<u8>(), 0..300), |bytes| {
        let (text, _) = generate::manifest(&Choices::new(&bytes));
        let wanted = Wanted { policy: Some(PolicyWanted::Preset("metadata")), ..Wanted::default() };
        let observed = memory::observe(&memory::state(&text), History::default(), &BTreeMap::new());
        let Ok(plan) = memory::plan_enable(&observed, &wanted) else { return Ok(()) };
        let planned = memory::manifest_after(&plan).bytes;
        let outcome = match make(&planned) {
            Ok(pod) => judge(&planned, &pod).map(|()| made.set(made.get() + 1)),
            Err(reason) if reason.contains("2 containers") => Ok(()),
            Err(reason) => Err(reason),
        };
        outcome.map_err(|fault| TestCaseError::fail(format!("{fault}\n--- manifest\n{text}")))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(made.get() * 2 > usize::try_from(DEFAULT_CASES).unwrap(), "only {} have one", made.get());
}

#[test]
fn the_sample_nodes_surge_pod() {
    let tree = Tree::with_manifest(&fs::read(data("../templates/sample-node/kube-apiserver.yaml")).unwrap());
    assert_eq!(tree.run(&ENABLE).code, 0);
    let made = make(&tree.manifest()).unwrap().manifest;
    let golden = data("surge/sample-node.json");
    if std::env::var_os("KAUDIT_BLESS").is_some() {
        fs::write(&golden, &made).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap();
    assert_eq!(String::from_utf8(made).unwrap(), expected, "KAUDIT_BLESS=1 rewrites it");
}

//! What scanners want to see, each condition stated here once more and not taken from kaudit: of the presets' texts, of what
//! they decide, and of the manifest and the files after `enable`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use kaudit::policy::check;
use kaudit::policy::presets::preset;
use kaudit::policy::{Level, Policy, Request, Resource, Target, User, decide};
use serde_json::Value;

const MINOR: u32 = 36;

fn policy(name: &str) -> Policy {
    check(preset::find(name).unwrap().text, MINOR).unwrap()
}

/// The preset as a general YAML parser reads it, without kaudit's own parser.
fn plain(name: &str) -> Value {
    serde_yaml::from_str(preset::find(name).unwrap().text).unwrap()
}

fn level_of(policy: &Policy, user: &str, groups: &[&str], verb: &str, target: (&str, &str, &str)) -> Level {
    let (group, resource, subresource) = target;
    let user = User { name: user.to_owned(), groups: groups.iter().map(ToString::to_string).collect() };
    let resource = Resource {
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: "default".to_owned(),
        name: "x".to_owned(),
    };
    let request = Request { user: Some(user), verb: verb.to_owned(), target: Target::Resource(resource) };
    decide(policy, &request).level
}

/// People, and the parts of a cluster whose noise the presets drop.
const WHO: [(&str, &[&str]); 6] = [
    ("alice", &["system:authenticated"]),
    ("system:anonymous", &["system:unauthenticated"]),
    ("system:node:a", &["system:nodes", "system:authenticated"]),
    ("system:kube-controller-manager", &["system:authenticated"]),
    ("system:apiserver", &["system:masters", "system:authenticated"]),
    ("system:serviceaccount:kube-system:generic-garbage-collector", &["system:serviceaccounts"]),
];

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// CIS Kubernetes Benchmark 3.2.2: "Access to Secrets managed by the cluster. Care should be taken to only log Metadata for
/// requests to Secrets, `ConfigMaps`, and `TokenReviews`, in order to avoid the risk of logging sensitive data. Modification of
/// pod and deployment objects. Use of pods/exec, pods/portforward, pods/proxy and services/proxy."
fn cis_3_2_2(policy: &Policy) -> Vec<String> {
    let mut faults = Vec::new();
    for (who, groups) in WHO {
        for verb in VERBS {
            for sensitive in
                [("", "secrets", ""), ("", "configmaps", ""), ("authentication.k8s.io", "tokenreviews", "")]
            {
                if level_of(policy, who, groups, verb, sensitive) != Level::Metadata {
                    faults.push(format!("{who} {verb} {sensitive:?}"));
                }
            }
            if !["get", "list", "watch"].contains(&verb) {
                for workload in [("", "pods", ""), ("apps", "deployments", "")] {
                    if level_of(policy, who, groups, verb, workload) == Level::None {
                        faults.push(format!("{who} {verb} {workload:?}"));
                    }
                }
            }
        }
        // create by SPDY, get by WebSocket
        for verb in ["create", "get"] {
            for way_in in [
                ("", "pods", "exec"),
                ("", "pods", "portforward"),
                ("", "pods", "proxy"),
                ("", "services", "proxy"),
            ] {
                if level_of(policy, who, groups, verb, way_in) == Level::None {
                    faults.push(format!("{who} {verb} {way_in:?}"));
                }
            }
        }
    }
    faults
}

/// kubescape C-0161: nine resources stand in the file by name. Every rule that names one of the first three is at exactly
/// Metadata, none that names one of the others is at None. A catch-all does not count.
fn kubescape_c_0161(policy: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (resource, only_metadata) in [
        ("secrets", true),
        ("configmaps", true),
        ("tokenreviews", true),
        ("pods", false),
        ("deployments", false),
        ("pods/exec", false),
        ("pods/portforward", false),
        ("pods/proxy", false),
        ("services/proxy", false),
    ] {
        let names_it = |rule: &&Value| {
            let entries = rule["resources"].as_array().into_iter().flatten();
            entries
                .flat_map(|entry| entry["resources"].as_array().into_iter().flatten())
                .any(|it| it == resource)
        };
        let levels: Vec<&str> = policy["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(names_it)
            .map(|rule| rule["level"].as_str().unwrap())
            .collect();
        if levels.is_empty() {
            faults.push(format!("{resource} is not named"));
        }
        let is_fault = |level: &str| if only_metadata { level != "Metadata" } else { level == "None" };
        faults.extend(levels.into_iter().filter(|it| is_fault(it)).map(|it| format!("{resource} at {it}")));
    }
    faults
}

/// DISA Kubernetes STIG V-242403: the policy is exactly `rules: [{level: RequestResponse}]`.
fn stig_v_242403(policy: &Value) -> bool {
    let expected = serde_json::json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{ "level": "RequestResponse" }],
    });
    *policy == expected
}

#[test]
fn presets_pass_what_their_heads_say() {
    for name in ["default", "metadata", "write-bodies", "all-bodies"] {
        assert_eq!(cis_3_2_2(&policy(name)), Vec::<String>::new(), "{name}");
        assert_eq!(kubescape_c_0161(&plain(name)), Vec::<String>::new(), "{name}");
        assert!(!stig_v_242403(&plain(name)), "{name}");
    }
    assert!(stig_v_242403(&plain("stig")));
    assert!(!cis_3_2_2(&policy("stig")).is_empty());
    assert!(!kubescape_c_0161(&plain("stig")).is_empty());
}

/// The value of the flag in the container's command, in the form `--flag=value` that scanners want, and only once.
fn flag<'m>(manifest: &'m Value, name: &str) -> &'m str {
    let command = manifest["spec"]["containers"][0]["command"].as_array().unwrap();
    let prefix = format!("--{name}=");
    let values: Vec<&str> = command.iter().filter_map(|item| item.as_str()?.strip_prefix(&prefix)).collect();
    assert_eq!(values.len(), 1, "--{name} in {command:?}");
    values[0]
}

#[test]
fn after_enable_every_preset_is_as_scanners_want_it() {
    for preset in preset::all() {
        let node = tempfile::tempdir().unwrap();
        let path = node.path().join("etc/kubernetes/manifests/kube-apiserver.yaml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, include_str!("../../templates/sample-node/kube-apiserver.yaml")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(["enable", "--policy", preset.name, "--log-path", "/var/log/kubernetes/audit/audit.log"])
            .arg("--root")
            .arg(node.path())
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", preset.name, String::from_utf8_lossy(&output.stderr));
        let manifest: Value = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        check_flags(&manifest);
        check_files(&manifest, node.path());
        // What the scanners read is the preset itself.
        let policy = node.path().join(flag(&manifest, "audit-policy-file").trim_start_matches('/'));
        assert_eq!(fs::read_to_string(policy).unwrap(), preset.text);
    }
}

/// CIS 1.2.16 to 1.2.19, STIG V-242461 to V-242464, trivy KCV-0019 to KCV-0022, kubescape C-0067, C-0131 and C-0160: one
/// container, whose command ends its first word in kube-apiserver.
fn check_flags(manifest: &Value) {
    let containers = manifest["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    assert!(containers[0]["command"][0].as_str().unwrap().ends_with("kube-apiserver"));
    assert!(flag(manifest, "audit-policy-file").starts_with('/'));
    assert!(flag(manifest, "audit-log-path").starts_with('/'));
    for (name, least) in [("audit-log-maxage", 30), ("audit-log-maxbackup", 10), ("audit-log-maxsize", 100)] {
        assert!(flag(manifest, name).parse::<u32>().unwrap() >= least, "--{name}");
    }
}

/// CIS 1.1.1 and STIG V-242402, V-242465, V-242405, V-242408, V-242444: the log's directory and the policy exist on the host
/// at the container's paths, the manifest stays at 0600, and nothing else is beside it.
fn check_files(manifest: &Value, root: &Path) {
    for name in ["audit-log-path", "audit-policy-file"] {
        let path = Path::new(flag(manifest, name));
        let directory = path.parent().unwrap().to_str().unwrap();
        let mounts = manifest["spec"]["containers"][0]["volumeMounts"].as_array().unwrap();
        let mount = mounts.iter().find(|mount| mount["mountPath"] == directory).unwrap();
        let volumes = manifest["spec"]["volumes"].as_array().unwrap();
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        assert_eq!(volume["hostPath"]["path"], directory, "host path = container path");
        assert!(root.join(directory.trim_start_matches('/')).is_dir(), "{directory}");
    }
    let manifests = root.join("etc/kubernetes/manifests");
    for entry in fs::read_dir(&manifests).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.file_name(), "kube-apiserver.yaml");
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    }
}

//! Surge pods of small manifests, each with one peculiarity.

use super::*;
use crate::audit::argv::lookup;
use crate::audit::flag::LOG_PATH;

const TIME: &str = "2026-03-04T05:06:07.089Z";

/// A manifest with these lines in the metadata and in the container.
fn manifest(metadata: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: kube-apiserver\n{metadata}\nspec:\n  hostNetwork: true\n  \
         containers:\n  - name: kube-apiserver\n    image: k:v1.36.0\n{container}\n"
    )
}

fn made(metadata: &str, container: &str) -> Result<Value, String> {
    let manifest = Manifest::read(manifest(metadata, container).as_bytes()).unwrap();
    let port = NonZeroU16::new(16443).unwrap();
    let pod = surge_pod(&manifest, port, TIME.parse().unwrap()).map_err(|refusal| refusal.message)?;
    Ok(serde_json::from_slice(&pod.manifest).unwrap())
}

fn container(lines: &str) -> Result<Value, String> {
    made("", lines).map(|pod| pod["spec"]["containers"][0].clone())
}

const COMMAND: &str = "    command: [kube-apiserver]";

#[test]
fn nobody_takes_it_for_the_api_server() {
    let metadata = "  namespace: kube-system\n  uid: x\n  labels: {component: kube-apiserver}\n  annotations:\n    \
                    kaudit.dev/config-sha256: x\n    container.apparmor.security.beta.kubernetes.io/kube-apiserver: \
                    runtime/default";
    assert_eq!(
        made(metadata, COMMAND).unwrap()["metadata"],
        json!({
            "name": POD_NAME,
            "namespace": "kube-system",
            "labels": {"app.kubernetes.io/managed-by": "kaudit"},
            "annotations": {
                "container.apparmor.security.beta.kubernetes.io/kube-apiserver": "runtime/default",
                "kubernetes.io/description": "serves while kaudit restarts kube-apiserver; kaudit removes it",
            },
        })
    );
    assert_eq!(made("", COMMAND).unwrap()["metadata"].get("namespace"), None);
}

#[test]
fn fields_that_nobody_knows_stay() {
    let made = container(&format!("{COMMAND}\n    fieldOfTomorrow: {{a: [1, 2.5, null]}}")).unwrap();
    assert_eq!(made["fieldOfTomorrow"], json!({"a": [1, 2.5, null]}));
}

#[test]
fn it_asks_for_nothing() {
    let lines = format!(
        "{COMMAND}\n    resources: {{requests: {{cpu: 250m}}}}\n    ports: [{{containerPort: 6443, hostPort: 6443}}]"
    );
    let made = container(&lines).unwrap();
    assert_eq!((made.get("resources"), made.get("ports")), (None, None));
}

#[test]
fn godebug_is_added_to() {
    let env = |env: &str| container(&format!("{COMMAND}\n    env: {env}")).map(|made| made["env"].clone());
    let entry = |value: &str| json!({"name": "GODEBUG", "value": value});
    for (before, after) in [
        ("[]", json!([entry("multipathtcp=0")])),
        ("null", json!([entry("multipathtcp=0")])),
        ("[{name: A, value: b}]", json!([{"name": "A", "value": "b"}, entry("multipathtcp=0")])),
        ("[{name: GODEBUG}]", json!([entry("multipathtcp=0")])),
        ("[{name: GODEBUG, value: 'madvdontneed=1'}]", json!([entry("madvdontneed=1,multipathtcp=0")])),
        (
            "[{name: GODEBUG, value: a=1}, {name: GODEBUG, value: multipathtcp=1}]",
            json!([entry("a=1"), entry("multipathtcp=1,multipathtcp=0")]),
        ),
    ] {
        assert_eq!(env(before), Ok(after));
    }
    let reason = env("[{name: GODEBUG, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]").unwrap_err();
    assert!(reason.contains("valueFrom"), "{reason}");
}

#[test]
fn flags_are_set_in_the_list_that_is_read() {
    let lists = |lines: &str| {
        let made = container(lines).unwrap();
        (strings(made.get("command")), strings(made.get("args")))
    };
    let none = "--endpoint-reconciler-type=none";
    let (command, args) = lists(COMMAND);
    assert_eq!(command, ["kube-apiserver", "--secure-port=16443", none]);
    assert!(args.is_empty());
    let (command, args) = lists(
        "    command: [/usr/bin/nice, kube-apiserver]\n    args: [--secure-port, '443', --debug-socket-path=/s, --v=2]",
    );
    assert_eq!(command, ["/usr/bin/nice", "kube-apiserver"]);
    assert_eq!(args, [none, "--secure-port=16443", "--v=2"]);
}

#[test]
fn its_log_is_its_own() {
    let log = |path: &str| {
        let made = container(&format!("    command: [kube-apiserver, --audit-log-path={path}]")).unwrap();
        let command = strings(made.get("command"));
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        lookup(&words, LOG_PATH).unwrap().value.unwrap()
    };
    assert_eq!(log("/var/log/audit.log"), "/var/log/audit-surge-2026-03-04T05-06-07.089.log");
    assert_eq!(log("-"), "-");
}

#[test]
fn the_api_servers_own_port_is_refused() {
    let reason = container("    command: [kube-apiserver, --secure-port=16443]").unwrap_err();
    assert!(reason.contains("is the API server's own"), "{reason}");
    let reason = container("    command: [kube-apiserver, '--secure-port=$(PORT)']").unwrap_err();
    assert!(reason.contains("invalid port"), "{reason}");
}

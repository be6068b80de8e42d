//! Numbered events, and checks of the output.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One event as an item of a list: without its own type.
pub(crate) fn event(number: usize) -> Value {
    json!({
        "level": "Metadata",
        "auditID": format!("{number:08}"),
        "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/configmaps/c{number}?timeout=30s"),
        "verb": "update",
        "user": { "username": "system:serviceaccount:shop:web", "groups": ["system:serviceaccounts"] },
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "kubectl/v1.36.2",
        "objectRef": { "resource": "configmaps", "namespace": "shop", "name": format!("c{number}"), "apiVersion": "v1" },
        "responseStatus": { "metadata": {}, "code": 200 },
        "requestReceivedTimestamp": "2026-11-21T03:14:15.926535Z",
        "stageTimestamp": "2026-11-21T03:14:15.979323Z",
        "annotations": { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    })
}

/// A list of events.
pub(crate) fn list(items: &[Value]) -> Vec<u8> {
    let list = json!({
        "kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items,
    });
    list.to_string().into_bytes()
}

/// A list of the events with these numbers.
pub(crate) fn numbered(numbers: impl Iterator<Item = usize>) -> Vec<u8> {
    list(&numbers.map(event).collect::<Vec<_>>())
}

/// How often each event is in the files of `directory` whose names start with `stem`. Every line must be complete.
pub(crate) fn written(directory: &Path, stem: &str) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for path in files(directory, stem) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{} ends within a line", path.display());
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("torn: {line}"));
            let number = event["auditID"].as_str().unwrap().parse().unwrap();
            assert_eq!(event["requestURI"], self::event(number)["requestURI"]);
            assert_eq!(event["kind"], "Event");
            *counts.entry(number).or_insert(0) += 1;
        }
    }
    counts
}

/// The file and its rotated ones, oldest first.
pub(crate) fn files(directory: &Path, stem: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(stem)).collect();
    // `events-2026…` is before `events.log`.
    paths.sort();
    paths
}

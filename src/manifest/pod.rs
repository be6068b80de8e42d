//! YAML → Pod, as the kubelet decodes it.

use crate::diagnostic::{Diagnostic, Position};
use crate::secret::is_secret_name;
use crate::yaml::{Document, Path, Step};
use k8s_openapi::api::core::v1::Pod;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A text whose first character is `{` is JSON to the kubelet (`k8s.io/apimachinery/pkg/util/yaml`, `hasJSONPrefix`),
/// even if it is a YAML flow mapping.
///
/// # Errors
/// It begins like JSON and is not valid JSON.
pub(super) fn check_json(text: &str) -> Result<(), Diagnostic> {
    if !text.trim_start().starts_with('{') {
        return Ok(());
    }
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|error| {
        let position = Position { line: error.line(), column: error.column().max(1) };
        Diagnostic::error(format!(
            "the file begins with `{{`, so the kubelet reads it as JSON, and it is not valid JSON: {error}"
        ))
        .at(position, text)
        .help("quote all keys and strings, and leave out comments and trailing commas")
    })
}

/// Decodes the one Pod of a manifest.
///
/// The kubelet's file source decodes a single Pod (`pkg/kubelet/config/common.go`, `tryDecodeSinglePod`); a
/// List, a Deployment or an empty file is an error in its log, and no API server runs.
///
/// # Errors
/// Not a v1 Pod, or a field with a wrong type, with its position.
pub(super) fn decode(document: &Document) -> Result<Pod, Diagnostic> {
    let value = document.value();
    check_kind(document, value)?;
    serde_path_to_error::deserialize::<_, Pod>(value).map_err(|error| {
        let path = error.path().to_string();
        let in_document = path_of(&path);
        let is_secret = names_secret(value, &in_document);
        // serde quotes the value that it did not expect.
        let inner = if is_secret { "expected a string".to_owned() } else { error.inner().to_string() };
        let refusal = Diagnostic::error(format!("{path} is invalid: {inner}"))
            .help("the kubelet would not start this pod; fix the manifest first");
        let refusal = if inner.ends_with("expected a string") {
            refusal
                .help("the kubelet reads YAML 1.1, where an unquoted no, on or 017 is not a string: quote the value")
        } else {
            refusal
        };
        let refusal = document.point(refusal, &in_document);
        if is_secret { refusal.without_excerpt() } else { refusal }
    })
}

/// Whether `path` is the value of an environment entry whose name says that it is secret.
fn names_secret(value: &Value, path: &Path) -> bool {
    let entry = path.split_last().and_then(|(parent, _)| {
        parent.steps().iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    });
    entry.and_then(|entry| entry.get("name")).and_then(Value::as_str).is_some_and(is_secret_name)
}

fn check_kind(document: &Document, value: &Value) -> Result<(), Diagnostic> {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if kind == "Pod" && version == "v1" {
        return Ok(());
    }
    let refusal = if value.is_null() {
        Diagnostic::error("the manifest is empty")
    } else if !value.is_object() {
        Diagnostic::error("this is not a Pod manifest: the document is not a mapping")
    } else if kind == "List" || kind.ends_with("List") {
        Diagnostic::error(format!("kind: {kind} is not a static pod"))
            .help("the kubelet reads exactly one Pod from a file and ignores lists; put the Pod into a separate file")
    } else if kind.is_empty() || version.is_empty() {
        Diagnostic::error("this is not a Pod manifest: `kind: Pod` and `apiVersion: v1` are required")
    } else {
        Diagnostic::error(format!(
            "a static pod must be `kind: Pod`, `apiVersion: v1`; this is kind {kind}, apiVersion {version}"
        ))
    };
    let refusal = refusal.help("select the manifest of the API server's static pod with --manifest FILE");
    Err(document.point(refusal, &Path::root().key("kind")))
}

/// `spec.containers[0].env[1].value`, as serde's path prints it, as a path of the document.
fn path_of(text: &str) -> Path {
    let mut path = Path::root();
    for part in text.split('.') {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        if !key.is_empty() {
            path = path.key(key);
        }
        for index in indices.split('[') {
            if let Ok(index) = index.trim_end_matches(']').parse() {
                path = path.index(index);
            }
        }
    }
    path
}

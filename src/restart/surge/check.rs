//! The postcondition: the surge pod differs from the planned pod only where it must.

use super::flags::{DROPPED_FLAGS, POD_NAME, flags};
use super::log::SurgeLog;
use super::probes::PROBES;
use crate::audit::argv;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Manifest, check_pod};
use serde_json::Value;
use std::num::NonZeroU16;

/// Parts of the container that differ, and are checked separately.
const CHANGED: [&str; 5] = ["args", "command", "env", "ports", "resources"];

/// Refuses a surge pod that is not what was intended.
///
/// # Errors
/// Never, unless kaudit has a bug; then nothing has been written.
pub(super) fn require_as_intended(
    planned: &Manifest,
    bytes: &[u8],
    port: NonZeroU16,
    log: Option<&SurgeLog>,
) -> Result<(), Diagnostic> {
    let surge = Manifest::read(bytes).map_err(|refusal| wrong(&refusal.message))?;
    check_pod(surge.pod()).map_err(|refusal| wrong(&refusal.message))?;
    let metadata = &surge.pod().metadata;
    if metadata.name.as_deref() != Some(POD_NAME) || metadata.namespace != planned.pod().metadata.namespace {
        return Err(wrong("its name or namespace is wrong"));
    }
    if unchanged(planned)? != unchanged(&surge)? {
        return Err(wrong("other fields differ than intended"));
    }
    let intended = flags(port, log);
    let concerns =
        |flag: &str| DROPPED_FLAGS.contains(&flag) || intended.iter().any(|(intended, _)| *intended == flag);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for found in argv::scan(&surge.api_server().arguments()) {
        let pair = (found.flag, found.value);
        if concerns(&pair.0) { own.push(pair) } else { others.push(pair) }
    }
    own.sort();
    let mut expected: Vec<(String, Option<String>)> =
        intended.iter().map(|(flag, value)| ((*flag).to_owned(), Some(value.clone()))).collect();
    expected.sort();
    if own != expected {
        return Err(wrong(&format!("its API server would get {own:?}")));
    }
    let planned_others: Vec<_> = argv::scan(&planned.api_server().arguments())
        .into_iter()
        .map(|found| (found.flag, found.value))
        .filter(|(flag, _)| !concerns(flag))
        .collect();
    if others == planned_others { Ok(()) } else { Err(wrong("other flags differ")) }
}

/// The pod without the fields that differ.
fn unchanged(manifest: &Manifest) -> Result<Value, Diagnostic> {
    let mut pod = manifest.document().value().clone();
    let container = format!("/spec/containers/{}", manifest.api_server().container);
    let container = pod.pointer_mut(&container).and_then(Value::as_object_mut);
    let container = container.ok_or_else(|| wrong("it has no container"))?;
    let differs = |key: &str| CHANGED.contains(&key) || PROBES.contains(&key) || key == "lifecycle";
    container.retain(|key, _| !differs(key));
    if let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("resources");
    }
    if let Some(pod) = pod.as_object_mut() {
        pod.remove("metadata");
    }
    Ok(pod)
}

/// The refusal for a result that only a bug in kaudit explains.
pub(super) fn wrong(what: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "internal error: the manifest of the second API server is not as intended: {what}"
    ))
    .help("nothing was written; please report this bug with the manifest")
}

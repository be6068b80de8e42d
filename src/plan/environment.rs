//! Environment entries of the API server's container.

use crate::audit::env::EnvEntry;
use crate::manifest::Manifest;
use crate::note::Note;
use crate::refusal::Refusal;
use crate::yaml::Edit;
use serde_json::{Value, json};

/// What the environment needs.
#[derive(Debug, Default)]
pub(super) struct EnvironmentEdits {
    /// The edits.
    pub edits: Vec<Edit>,
    /// Names of the entries that are added, not those that were there.
    pub added: Vec<String>,
    /// Remarks.
    pub notes: Vec<Note>,
}

/// The edits after which each wanted entry is there once with its value.
///
/// # Errors
/// An entry that is there takes its value from elsewhere (`valueFrom`).
pub(super) fn edit_environment(
    manifest: &Manifest,
    wanted: &[EnvEntry],
) -> Result<EnvironmentEdits, Refusal> {
    let list = manifest.container_path().key("env");
    let there = manifest.container().and_then(|container| container.env.as_deref()).unwrap_or_default();
    let mut result = EnvironmentEdits::default();
    let mut new_items = Vec::new();
    for entry in wanted {
        // The last of equal names wins in the container, as in a shell.
        match there.iter().enumerate().rev().find(|(_, var)| var.name == entry.name) {
            Some((index, var)) if var.value_from.is_some() => {
                let refusal = Refusal::new(format!(
                    "the environment entry {} takes its value from elsewhere",
                    var.name
                ))
                .help("kaudit does not replace a valueFrom; remove the entry or choose another name");
                return Err(manifest.document().point(refusal, &list.index(index)));
            }
            Some((_, var)) if var.value.as_deref().unwrap_or_default() == entry.value => {}
            Some((index, _)) => {
                result
                    .notes
                    .push(Note::info(format!("the environment entry {} gets a new value", entry.name)));
                let value = Value::String(entry.value.clone());
                result.edits.push(Edit::Put { path: list.index(index), key: "value".to_owned(), value });
            }
            None => {
                result.added.push(entry.name.clone());
                new_items.push(json!({"name": entry.name, "value": entry.value}));
            }
        }
    }
    if new_items.is_empty() {
        return Ok(result);
    }
    if manifest.document().node(&list).is_some() {
        result.edits.extend(new_items.into_iter().map(|value| Edit::Insert {
            path: list.clone(),
            index: there.len(),
            value,
        }));
    } else {
        let path = manifest.container_path();
        result.edits.push(Edit::Put { path, key: "env".to_owned(), value: Value::Array(new_items) });
    }
    Ok(result)
}

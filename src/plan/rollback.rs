//! `rollback`: restores an earlier generation, as a new generation.

use super::files::{content_of, removable};
use super::{Content, FileChange, Inputs, Observed, Plan, RESTART_ANNOTATION};
use crate::diagnostic::Diagnostic;
use crate::file::FileState;
use crate::generation::History;
use crate::manifest::Manifest;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Plans to restore generation `to`; without one, the newest that differs from the present one by more than a restart.
///
/// # Errors
/// There is no such generation; a file was edited since kaudit wrote it and `discard_edits` is not set; the manifest of
/// that generation is not valid.
pub fn plan_rollback(
    observed: &Observed,
    to: Option<u64>,
    discard_edits: bool,
) -> Result<Plan, Vec<Diagnostic>> {
    let history = &observed.history;
    let path = &observed.manifest_path;
    let target = target_of(history, to, path).map_err(Diagnostic::alone)?;
    let newest = history.newest();
    let edited = edited_files(observed, target);
    if !edited.is_empty() && !discard_edits {
        return Err(edited.iter().map(|file| refuse_edited(file, observed, to)).collect());
    }
    let has_skipped = to.is_none() && target + 1 < newest;
    let to = target;
    let mut plan = Plan { owned: history.owned_at(to), ..Plan::default() };
    plan.directories = history
        .made_directories()
        .into_iter()
        .filter(|(path, _)| plan.owned.directories.contains(path) && observed.directory(path).is_none())
        .collect();
    let mut manifest_change = None;
    for tracked in history.paths() {
        let current = if tracked == *path { Some(&observed.manifest) } else { observed.file(&tracked) };
        let target = history.state_at(to, &tracked);
        let content = content_of(&tracked, path);
        let change = FileChange { path: tracked, before: current.cloned(), after: target.cloned(), content };
        if content == Content::Manifest {
            manifest_change = Some(change);
        } else {
            plan.files.push(change);
        }
    }
    plan.directories_to_remove = removable(observed, &history.owned(), &plan.owned);
    if let Some(change) = manifest_change {
        plan.manifest = Some(manifest_of(&change, to).map_err(Diagnostic::alone)?);
        // Support files must be removed after the manifest that refers to them.
        plan.files.push(change);
        plan.files.sort_by_key(|file| file.after.is_none());
    }
    for file in edited {
        plan.notes.push(Diagnostic::info(format!(
            "{} was edited since generation {newest}: the present content is kept in generation {}",
            file.display(),
            newest + 1
        )));
    }
    if to < newest {
        let why = if has_skipped { ", the newest that differs by more than a restart," } else { "" };
        let note = format!("generation {to}{why} is restored, as the new generation {}", newest + 1);
        plan.notes.push(Diagnostic::info(note));
    }
    plan.forget_notes_about_nothing();
    Ok(plan)
}

/// The generation to restore.
fn target_of(history: &History, to: Option<u64>, manifest: &Path) -> Result<u64, Diagnostic> {
    let newest = history.newest();
    if newest == 0 {
        return Err(Diagnostic::error("nothing to roll back: kaudit has not changed this node")
            .help("generations are stored in /var/lib/kaudit/generations"));
    }
    let target = to.unwrap_or_else(|| default_target(history, manifest));
    if target > newest {
        return Err(Diagnostic::error(format!("generation {target} does not exist; the newest is {newest}"))
            .help("list them: kaudit status -v"));
    }
    Ok(target)
}

/// The newest generation whose rollback has an effect: a restart changes only an annotation, and rolling it back would only
/// be another restart.
fn default_target(history: &History, manifest: &Path) -> u64 {
    let newest = history.newest();
    let differs = |number: &u64| {
        history.paths().iter().any(|path| {
            let states = [*number, newest].map(|number| history.state_at(number, path));
            let [then, now] = states.map(|state| state.map(|state| substance(state, path == manifest)));
            then != now
        })
    };
    (0..newest).rev().find(differs).unwrap_or(newest - 1)
}

/// The content to compare: a file's bytes, or a manifest's value without the annotation of a restart.
fn substance(file: &FileState, is_manifest: bool) -> Result<Value, &[u8]> {
    let manifest = Some(&file.bytes).filter(|_| is_manifest).and_then(|bytes| Manifest::read(bytes).ok());
    let mut value = manifest.ok_or(file.bytes.as_slice())?.document().value().clone();
    let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
    {
        annotations.remove(RESTART_ANNOTATION);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    Ok(value)
}

/// The files whose edits would be lost: the manifest if it was edited since kaudit wrote it, and every other file that
/// kaudit wrote, that was edited, and that differs in generation `to`.
fn edited_files(observed: &Observed, to: u64) -> Vec<PathBuf> {
    let Observed { history, manifest_path, manifest, .. } = observed;
    let is_lost = |path: &PathBuf| {
        if path == manifest_path {
            return history.was_edited(path, Some(manifest));
        }
        let target = history.state_at(to, path).map(|state| &state.bytes);
        let present = observed.file(path);
        present.is_some_and(|present| Some(&present.bytes) != target) && history.was_edited(path, present)
    };
    history.paths().into_iter().filter(is_lost).collect()
}

fn refuse_edited(file: &Path, observed: &Observed, to: Option<u64>) -> Diagnostic {
    let shown = file.display().to_string();
    let again = to.map_or_else(String::new, |to| format!(" --to {to}"));
    let newest = observed.history.newest();
    let refusal = Diagnostic::error(format!("{shown} was edited since generation {newest}"))
        .help(format!("show what would be lost: kaudit rollback{again} --dry-run --discard-edits"));
    let keep = if file == observed.manifest_path {
        Some("to remove audit logging and keep the other edits: kaudit disable")
    } else {
        is_read(file, observed)
            .then_some("to activate the edit and record it as a generation: kaudit restart")
    };
    keep.into_iter().fold(refusal, Diagnostic::help).in_file(shown).help(format!(
        "to roll back nevertheless: kaudit rollback{again} --discard-edits; the present content is kept as a generation"
    ))
}

/// Whether the API server of the present manifest reads this file.
fn is_read(file: &Path, observed: &Observed) -> bool {
    Manifest::read(&observed.manifest.bytes).is_ok_and(|manifest| {
        let Inputs { policy, webhook } = Inputs::of(&manifest);
        [policy, webhook].into_iter().flatten().any(|path| path == file)
    })
}

/// The manifest of the generation to restore.
fn manifest_of(change: &FileChange, to: u64) -> Result<Manifest, Diagnostic> {
    let Some(after) = &change.after else {
        return Err(Diagnostic::error(format!("generation {to} has no manifest")));
    };
    Manifest::read(&after.bytes).map_err(|refusal| {
        Diagnostic::error(format!("the manifest of generation {to} cannot be restored: {}", refusal.message))
    })
}

//! `rollback`: an earlier generation put back, as one more generation.

use super::files::{content_of, removable};
use super::{Content, FileChange, Observed, Plan};
use crate::manifest::Manifest;
use crate::note::Note;
use crate::refusal::Refusal;

/// Plans generation `to` (default: the one before the newest) put back.
///
/// # Errors
/// There is no such generation; the manifest was edited since kaudit wrote it and `discard_edits` is not given; the
/// manifest of that generation is none that kaudit would touch.
pub fn plan_rollback(
    observed: &Observed,
    to: Option<u64>,
    discard_edits: bool,
) -> Result<Plan, Vec<Refusal>> {
    let history = &observed.history;
    let newest = history.newest();
    if newest == 0 {
        return Err(vec![
            Refusal::new("there is no earlier generation: kaudit has not changed this node")
                .help("generations are kept in /var/lib/kaudit/generations"),
        ]);
    }
    let to = to.unwrap_or(newest - 1);
    if to > newest {
        return Err(vec![
            Refusal::new(format!("there is no generation {to}; the newest is {newest}"))
                .help("see them all: kaudit status"),
        ]);
    }
    let path = &observed.manifest_path;
    if history.was_edited(path, Some(&observed.manifest)) && !discard_edits {
        return Err(vec![
            Refusal::new(format!("{} was edited by somebody else since generation {newest}", path.display()))
                .in_file(path.display().to_string())
                .help("look at what would be lost: kaudit rollback --dry-run --discard-edits")
                .help("kaudit disable removes audit logging and keeps the other edits")
                .help("kaudit rollback --discard-edits goes back all the same; the present bytes are kept as a generation"),
        ]);
    }
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
        check_target(&change, to)?;
        // Support files that go must go after the manifest that names them.
        plan.files.push(change);
        plan.files.sort_by_key(|file| file.after.is_none());
    }
    if to < newest {
        plan.notes
            .push(Note::info(format!("generation {to} is put back; this makes generation {}", newest + 1)));
    }
    plan.forget_notes_about_nothing();
    Ok(plan)
}

fn check_target(change: &FileChange, to: u64) -> Result<(), Vec<Refusal>> {
    let Some(after) = &change.after else {
        return Err(vec![Refusal::new(format!("generation {to} has no manifest"))]);
    };
    Manifest::read(&after.bytes).map(drop).map_err(|refusal| {
        vec![Refusal::new(format!(
            "the manifest of generation {to} is not one that kaudit puts back: {}",
            refusal.reason
        ))]
    })
}

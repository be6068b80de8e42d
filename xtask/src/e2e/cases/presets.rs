//! The API server starts with every preset; only a real one can show that.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::e2e::kaudit::{DRAIN, LOG, kaudit_json};
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::shell::project::Project;

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let presets = presets(trial.project)?;
    ensure!(!presets.is_empty(), "no preset under templates/policies");
    for preset in presets {
        let options = ["enable", "--policy", &preset, "--log-path", LOG];
        kaudit_json(&trial.api_server, 0, &[&options, &DRAIN[..]].concat())?;
        let snapshot = Snapshot::take(&trial.api_server)?;
        ensure!(snapshot.process.audits(), "it does not audit: {:?}", snapshot.process);
        trial.api_server.prove_audit(LOG)?;
        trial.say(&format!("the API server is ready with the policy {preset}"));
    }
    Ok(())
}

/// The presets' names: one file each.
fn presets(project: &Project) -> Result<Vec<String>> {
    let directory = project.root.join("templates/policies");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("listing {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

//! The API server starts with every preset, which no test without one can promise.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::api_server::ApiServer;
use super::kaudit::enable;
use crate::node::progress::Progress;
use crate::shell::project::Project;

pub(super) fn run(project: &Project, api_server: &ApiServer<'_>, progress: &Progress) -> Result<()> {
    let presets = presets(project)?;
    ensure!(!presets.is_empty(), "no preset under templates/policies");
    let mut process = api_server.process()?;
    for preset in presets {
        enable(api_server, &preset)?;
        process = api_server.wait_for_successor(&process, true)?;
        progress.say(&format!("the API server is ready with the policy {preset}"));
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

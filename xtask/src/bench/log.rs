//! The log that is measured on.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::shell::project::Project;

/// Real events: those of the shared corpus, where it lies beside the project, else those that the tests have.
pub(super) fn events(project: &Project) -> Result<Vec<u8>> {
    let corpus = project.root.join("../shared/corpus/events");
    let mut events = Vec::new();
    if corpus.is_dir() {
        let mut files: Vec<PathBuf> = fs::read_dir(&corpus)
            .with_context(|| format!("listing {}", corpus.display()))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        // A log of an API server has the groups of every user. A log that was reconstructed from a table has none.
        files.retain(|file| !file.to_string_lossy().contains("RECONSTRUCTED"));
        files.sort();
        for file in files {
            events.extend(fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
        }
    } else {
        let data = project.root.join("tests/replay/go-logs.jsonl");
        let text = fs::read_to_string(&data).with_context(|| format!("reading {}", data.display()))?;
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).context("the tests' logs")?;
            events.extend(case.get("log").and_then(Value::as_str).context("no log")?.as_bytes());
        }
    }
    ensure!(events.ends_with(b"\n"), "the events do not end with a line");
    Ok(events)
}

/// The events again and again, up to `size` bytes or a little more.
pub(super) fn write_log(place: &Path, events: &[u8], size: u64) -> Result<PathBuf> {
    let file = File::create(place).with_context(|| format!("creating {}", place.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    for _ in 0..size.div_ceil(events.len() as u64) {
        file.write_all(events).with_context(|| format!("writing {}", place.display()))?;
    }
    file.flush().with_context(|| format!("writing {}", place.display()))?;
    Ok(place.to_path_buf())
}

/// How large it is, in bytes.
pub(super) fn length(place: &Path) -> Result<u64> {
    Ok(fs::metadata(place).with_context(|| format!("reading {}", place.display()))?.len())
}

//! Records on disk.

use super::format::{decode, encode};
use super::{GENERATIONS_DIRECTORY, History, Record, STATE_DIRECTORY};
use crate::file::{FileState, Metadata};
use crate::node::{Effects, EntryKind, Node};
use anyhow::{Context as _, Result, anyhow};
use std::path::{Path, PathBuf};

/// Records contain secrets (webhook tokens), so only the owner can read them.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const RECORD_NAME: &str = "record.json";
/// Contents are manifests and policies; the kubelet reads at most 10 MiB.
const CONTENT_LIMIT: u64 = 64 << 20;

/// Reads all records of the node, oldest first.
///
/// # Errors
/// A record is damaged or has a different schema version; the message names its directory.
pub fn load(node: &Node) -> Result<History> {
    let root = Path::new(GENERATIONS_DIRECTORY);
    let mut numbers: Vec<u64> = node
        .list(root)?
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Directory)
        .filter_map(|entry| entry.name.parse().ok())
        .collect();
    numbers.sort_unstable();
    let mut records = Vec::new();
    for number in numbers {
        let directory = directory_of(number);
        // A run that was interrupted before its record was complete changed nothing else.
        let Some(json) = node.read_file(&directory.join(RECORD_NAME), CONTENT_LIMIT)? else { continue };
        let record = decode(&json.bytes, |name| {
            let file = node.read_file(&directory.join(name), CONTENT_LIMIT)?;
            file.map(|file| file.bytes).ok_or_else(|| anyhow!("the content {name} is missing"))
        });
        records.push(record.with_context(|| format!("reading the generation in {}", directory.display()))?);
    }
    Ok(History::of(records))
}

/// Writes a record, its contents first, so that every existing record is complete.
///
/// # Errors
/// The record cannot be written.
pub fn save(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    let (json, contents) = encode(record)?;
    let directory = directory_of(record.number);
    for path in [Path::new(STATE_DIRECTORY), Path::new(GENERATIONS_DIRECTORY), &directory] {
        effects.make_directory(path, &Metadata::new(DIRECTORY_MODE, None))?;
    }
    for (name, bytes) in contents {
        effects.replace_file(&directory.join(name), &own_file(bytes))?;
    }
    effects.replace_file(&directory.join(RECORD_NAME), &own_file(json))
}

/// Removes a record after its change was rolled back.
///
/// # Errors
/// The record cannot be removed.
pub fn remove(effects: &mut dyn Effects, record: &Record) -> Result<()> {
    let directory = directory_of(record.number);
    effects.remove_file(&directory.join(RECORD_NAME))?;
    for name in encode(record)?.1.keys() {
        effects.remove_file(&directory.join(name))?;
    }
    effects.remove_empty_directory(&directory)?;
    Ok(())
}

/// A file that only kaudit uses.
#[must_use]
pub fn own_file(bytes: Vec<u8>) -> FileState {
    FileState { bytes, metadata: Metadata::new(FILE_MODE, None) }
}

fn directory_of(number: u64) -> PathBuf {
    Path::new(GENERATIONS_DIRECTORY).join(number.to_string())
}

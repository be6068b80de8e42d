//! Plan → node, all or nothing: a record of what was and what will be is on disk before the first change, and a
//! run that fails undoes itself, and one that dies is finished or undone by the next.

mod apply;
mod recover;

pub use apply::{Failure, apply, prepare};
pub use recover::{Decision, Recovered, decide, recover};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// While this file is there, the generation that it names is being made.
pub const JOURNAL_PATH: &str = "/var/lib/kaudit/journal";
/// The lock of all runs that change the node.
pub const LOCK_PATH: &str = "/var/lib/kaudit/lock";

/// Grows when an older kaudit could misread a journal.
const SCHEMA_VERSION: u32 = 1;

/// What an unfinished run leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Journal {
    schema_version: u32,
    generation: u64,
}

impl Journal {
    fn of(generation: u64) -> Self {
        Self { schema_version: SCHEMA_VERSION, generation }
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec(self)?;
        json.push(b'\n');
        Ok(json)
    }

    fn decode(json: &[u8]) -> Result<Self> {
        let journal: Self = serde_json::from_slice(json).context("the journal cannot be read")?;
        anyhow::ensure!(
            journal.schema_version == SCHEMA_VERSION,
            "the journal has schema version {}, this kaudit knows {SCHEMA_VERSION}: use the kaudit that wrote it",
            journal.schema_version
        );
        Ok(journal)
    }
}

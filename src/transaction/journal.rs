//! The journal of a run, from which an interrupted run is recovered.

use super::JOURNAL_PATH;
use crate::generation::own_file;
use crate::node::{Effects, Node};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Increased when an older kaudit could misread a journal.
const SCHEMA_VERSION: u32 = 2;
/// A journal is a few lines.
const READ_LIMIT: u64 = 1 << 20;

/// The progress of a run. It is on disk before the first change of the named phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Files are changed without a restart: a directory tree, or a change that needs no restart.
    Files,
    /// A restart is prepared: support files are written, and the new manifest under a name with a dot. The API server
    /// runs as before.
    Staging,
    /// A second API server with the new configuration starts beside the first, which runs as before.
    Surge,
    /// The old manifest is moved out of the kubelet's directory.
    Out,
    /// The new manifest is moved in, and its API server must become healthy.
    In,
    /// The new API server is verified. The change is not rolled back any more; only cleanup is left.
    Proven,
    /// The change is being rolled back.
    Back,
}

/// The journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Journal {
    schema_version: u32,
    /// The generation that is being made; its record has all contents before and after.
    pub generation: u64,
    /// The progress.
    pub phase: Phase,
    /// The start of the run, UTC, RFC 3339.
    pub since: String,
    /// Pods of API servers that ran when the manifest was about to be moved out: the kubelet must have terminated them
    /// before a manifest is moved in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
    /// Whether the API server was healthy before; if not, a rollback cannot make it healthy.
    #[serde(default = "default_true")]
    pub was_healthy: bool,
    /// The surge pod, set before its manifest is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
}

/// A second API server of the node during a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Surge {
    /// Its manifest, in the kubelet's directory.
    pub manifest: PathBuf,
    /// The port that it listens on; this distinguishes it from the first one.
    pub port: u16,
    /// Its audit log, which is renamed after it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
}

fn default_true() -> bool {
    true
}

impl Journal {
    /// The journal of a new run.
    #[must_use]
    pub fn new(generation: u64, phase: Phase, since: String) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            generation,
            phase,
            since,
            pods: Vec::new(),
            was_healthy: true,
            surge: None,
        }
    }

    /// Writes the journal to disk.
    ///
    /// # Errors
    /// The journal cannot be written; the previous one stays.
    pub fn write(&self, effects: &mut dyn Effects) -> Result<()> {
        let mut json = serde_json::to_vec(self)?;
        json.push(b'\n');
        effects.replace_file(Path::new(JOURNAL_PATH), &own_file(json))
    }

    /// Reads the journal; `None` if there is no unfinished run.
    ///
    /// # Errors
    /// The journal cannot be read, or has another schema version.
    pub fn read(node: &Node) -> Result<Option<Self>> {
        let Some(file) = node.read_file(Path::new(JOURNAL_PATH), READ_LIMIT)? else { return Ok(None) };
        Self::decode(&file.bytes).map(Some)
    }

    /// Removes the journal at the end of the run.
    ///
    /// # Errors
    /// The journal exists and cannot be removed.
    pub fn remove(effects: &mut dyn Effects) -> Result<()> {
        effects.remove_file(Path::new(JOURNAL_PATH))
    }

    fn decode(json: &[u8]) -> Result<Self> {
        // The version first: another version may have different fields.
        let version = serde_json::from_slice::<Version>(json).context("the journal cannot be read")?;
        anyhow::ensure!(
            version.schema_version == SCHEMA_VERSION,
            "the journal has schema version {}, this version of kaudit supports {SCHEMA_VERSION}: use the version that wrote it",
            version.schema_version
        );
        serde_json::from_slice(json).context("the journal cannot be read")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    schema_version: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_comes_back_as_it_was() {
        let mut journal = Journal::new(7, Phase::Out, "2026-11-21T03:14:15Z".to_owned());
        journal.pods.push("2c3f".to_owned());
        journal.was_healthy = false;
        journal.surge =
            Some(Surge { manifest: "/etc/kubernetes/manifests/surge.yaml".into(), port: 6444, log: None });
        let json = serde_json::to_vec(&journal).unwrap();
        assert_eq!(Journal::decode(&json).unwrap(), journal);
        assert!(String::from_utf8(json).unwrap().contains(r#""phase":"out""#));
    }

    #[test]
    fn a_journal_of_another_schema_version_is_rejected() {
        let error = Journal::decode(br#"{"schemaVersion":1,"generation":1}"#).unwrap_err();
        assert!(error.to_string().contains("schema version 1, this version of kaudit supports 2"), "{error}");
        assert!(Journal::decode(b"{").unwrap_err().to_string().contains("cannot be read"));
        assert!(
            Journal::decode(br#"{"schemaVersion":2,"generation":1,"phase":"sideways","since":""}"#).is_err()
        );
    }
}

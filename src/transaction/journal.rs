//! What an unfinished run leaves for the one that recovers it.

use super::JOURNAL_PATH;
use crate::generation::own_file;
use crate::node::{Effects, Node};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Grows when an older kaudit could misread a journal.
const SCHEMA_VERSION: u32 = 2;
/// A journal is a few lines.
const READ_LIMIT: u64 = 1 << 20;

/// How far a run has come. It is on disk before the first effect of the phase that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Files are changed and nothing is restarted: a directory tree, or a change that needs no restart.
    Files,
    /// A restart is prepared: support files, and the new manifest under its dot-name. The API server runs as before.
    Staging,
    /// A second API server with the new configuration comes up beside the first, which runs as before.
    Surge,
    /// The old manifest leaves the kubelet's directory.
    Out,
    /// The new manifest enters it, and its API server has to prove itself.
    In,
    /// The new API server is proven. There is no way back; what is left is tidying.
    Proven,
    /// The way back to the state before.
    Back,
}

/// The journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Journal {
    schema_version: u32,
    /// The generation that is being made; its record holds every byte before and after.
    pub generation: u64,
    /// How far it has come.
    pub phase: Phase,
    /// When the run began, UTC, RFC 3339.
    pub since: String,
    /// Pods of API servers that were running when the manifest was to be moved out: the kubelet has to finish with them
    /// before a manifest comes in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
    /// Whether the API server was healthy before; if not, going back cannot make it so.
    #[serde(default = "yes")]
    pub was_healthy: bool,
    /// The surge pod, from before its manifest is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surge: Option<Surge>,
}

/// A second API server of the node, for the time of a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Surge {
    /// Its manifest, in the kubelet's directory.
    pub manifest: PathBuf,
    /// Where it listens; by this it is told from the other one.
    pub port: u16,
    /// Its audit log, which gets another name when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl Journal {
    /// The journal of a run that begins.
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

    /// Puts it on disk.
    ///
    /// # Errors
    /// It cannot be written; the one that was there stays.
    pub fn write(&self, effects: &mut dyn Effects) -> Result<()> {
        let mut json = serde_json::to_vec(self)?;
        json.push(b'\n');
        effects.replace_file(Path::new(JOURNAL_PATH), &own_file(json))
    }

    /// Reads it; `None` where no run is unfinished.
    ///
    /// # Errors
    /// It cannot be read, or is another kaudit's.
    pub fn read(node: &Node) -> Result<Option<Self>> {
        let Some(file) = node.read_file(Path::new(JOURNAL_PATH), READ_LIMIT)? else { return Ok(None) };
        Self::decode(&file.bytes).map(Some)
    }

    /// Ends the run.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(effects: &mut dyn Effects) -> Result<()> {
        effects.remove_file(Path::new(JOURNAL_PATH))
    }

    fn decode(json: &[u8]) -> Result<Self> {
        // The version first: another one may have other fields.
        let version = serde_json::from_slice::<Version>(json).context("the journal cannot be read")?;
        anyhow::ensure!(
            version.schema_version == SCHEMA_VERSION,
            "the journal has schema version {}, this kaudit knows {SCHEMA_VERSION}: use the kaudit that wrote it",
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
    fn another_kaudits_journal_is_not_guessed_at() {
        let error = Journal::decode(br#"{"schemaVersion":1,"generation":1}"#).unwrap_err();
        assert!(error.to_string().contains("schema version 1, this kaudit knows 2"), "{error}");
        assert!(Journal::decode(b"{").unwrap_err().to_string().contains("cannot be read"));
        assert!(
            Journal::decode(br#"{"schemaVersion":2,"generation":1,"phase":"sideways","since":""}"#).is_err()
        );
    }
}

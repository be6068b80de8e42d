//! The format of a record on disk: `record.json`, and each content once in a file named by its SHA-256.

use super::{Owned, Record, RecordedDirectory, RecordedFile};
use crate::digest::{hex, sha256_hex};
use crate::file::{FileState, Metadata, Owner};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Increased when an older kaudit could misread a record.
const SCHEMA_VERSION: u32 = 1;

/// Contents by SHA-256.
pub(super) type Contents = BTreeMap<String, Vec<u8>>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredRecord {
    schema_version: u32,
    generation: u64,
    time: String,
    kaudit_version: String,
    command: String,
    files: Vec<StoredFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made_directories: Vec<StoredDirectory>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed_directories: Vec<StoredDirectory>,
    owned: Owned,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredFile {
    path: PathBuf,
    before: Option<StoredState>,
    after: Option<StoredState>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredDirectory {
    path: PathBuf,
    #[serde(flatten)]
    metadata: StoredMetadata,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredState {
    sha256: String,
    #[serde(flatten)]
    metadata: StoredMetadata,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    /// Octal, as `stat` prints it.
    mode: String,
    uid: Option<u32>,
    gid: Option<u32>,
    /// Name to value in hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    xattrs: BTreeMap<String, String>,
}

impl StoredMetadata {
    fn of(metadata: &Metadata) -> Self {
        Self {
            mode: format!("{:04o}", metadata.mode),
            uid: metadata.owner.map(|owner| owner.uid),
            gid: metadata.owner.map(|owner| owner.gid),
            xattrs: metadata.xattrs.iter().map(|(name, value)| (name.clone(), hex(value))).collect(),
        }
    }

    fn restore(self) -> Result<Metadata> {
        let mode = u32::from_str_radix(&self.mode, 8).context("the mode is not octal")?;
        let owner = self.uid.zip(self.gid).map(|(uid, gid)| Owner { uid, gid });
        let mut xattrs = Vec::new();
        for (name, value) in self.xattrs {
            xattrs.push((name, unhex(&value).context("an extended attribute is not hexadecimal")?));
        }
        Ok(Metadata { mode, owner, xattrs })
    }
}

impl StoredDirectory {
    fn of(directory: &RecordedDirectory) -> Self {
        Self { path: directory.path.clone(), metadata: StoredMetadata::of(&directory.metadata) }
    }

    fn restore(self) -> Result<RecordedDirectory> {
        Ok(RecordedDirectory { path: self.path, metadata: self.metadata.restore()? })
    }
}

/// Encodes a record as `record.json` and the contents stored next to it.
///
/// # Errors
/// The record cannot be encoded as JSON.
pub(super) fn encode(record: &Record) -> Result<(Vec<u8>, Contents)> {
    let mut contents = Contents::new();
    let mut store = |state: &FileState| {
        let sha256 = sha256_hex(&[&state.bytes]);
        contents.insert(sha256.clone(), state.bytes.clone());
        StoredState { sha256, metadata: StoredMetadata::of(&state.metadata) }
    };
    let files = record
        .files
        .iter()
        .map(|file| StoredFile {
            path: file.path.clone(),
            before: file.before.as_ref().map(&mut store),
            after: file.after.as_ref().map(&mut store),
        })
        .collect();
    let stored = StoredRecord {
        schema_version: SCHEMA_VERSION,
        generation: record.number,
        time: record.time.clone(),
        kaudit_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: record.command.clone(),
        files,
        made_directories: record.made.iter().map(StoredDirectory::of).collect(),
        removed_directories: record.removed.iter().map(StoredDirectory::of).collect(),
        owned: record.owned.clone(),
    };
    let mut json = serde_json::to_vec_pretty(&stored)?;
    json.push(b'\n');
    Ok((json, contents))
}

/// Decodes `record.json`; `content` returns contents by name.
///
/// # Errors
/// A different schema version, invalid JSON, or a content that is missing or does not match its name.
pub(super) fn decode(json: &[u8], mut content: impl FnMut(&str) -> Result<Vec<u8>>) -> Result<Record> {
    let stored: StoredRecord =
        serde_json::from_slice(json).context("record.json is not a valid kaudit record")?;
    if stored.schema_version != SCHEMA_VERSION {
        bail!(
            "the record has schema version {}, this version of kaudit supports {SCHEMA_VERSION}: use the version that wrote it",
            stored.schema_version
        );
    }
    let mut restore = |state: StoredState| -> Result<FileState> {
        let bytes = content(&state.sha256)?;
        if sha256_hex(&[&bytes]) != state.sha256 {
            bail!("the content {} is damaged", state.sha256);
        }
        Ok(FileState { bytes, metadata: state.metadata.restore()? })
    };
    let mut files = Vec::new();
    for file in stored.files {
        files.push(RecordedFile {
            path: file.path,
            before: file.before.map(&mut restore).transpose()?,
            after: file.after.map(&mut restore).transpose()?,
        });
    }
    Ok(Record {
        number: stored.generation,
        time: stored.time,
        command: stored.command,
        files,
        made: stored.made_directories.into_iter().map(StoredDirectory::restore).collect::<Result<_>>()?,
        removed: stored
            .removed_directories
            .into_iter()
            .map(StoredDirectory::restore)
            .collect::<Result<_>>()?,
        owned: stored.owned,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record {
        let state = FileState {
            bytes: b"kind: Pod\n\xff".to_vec(),
            metadata: Metadata {
                mode: 0o600,
                owner: Some(Owner { uid: 0, gid: 7 }),
                xattrs: vec![("security.selinux".to_owned(), b"a:b\0".to_vec())],
            },
        };
        let path = PathBuf::from("/etc/kubernetes/manifests/kube-apiserver.yaml");
        Record {
            number: 3,
            time: "2026-11-21T03:14:15Z".to_owned(),
            command: "enable".to_owned(),
            made: vec![RecordedDirectory {
                path: PathBuf::from("/var/log/kubernetes"),
                metadata: Metadata::new(0o755, None),
            }],
            removed: Vec::new(),
            files: vec![RecordedFile { path, before: Some(state), after: None }],
            owned: Owned { volumes: vec!["kaudit-log".to_owned()], ..Owned::default() },
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let (json, contents) = encode(&sample()).unwrap();
        let back = decode(&json, |sha| Ok(contents.get(sha).cloned().unwrap())).unwrap();
        assert_eq!(back, sample());
    }

    #[test]
    fn damage_and_foreign_schemas_are_noticed() {
        let (json, _) = encode(&sample()).unwrap();
        let damaged = decode(&json, |_| Ok(b"something else".to_vec())).unwrap_err();
        assert!(damaged.to_string().contains("damaged"), "{damaged}");
        let text = String::from_utf8(json).unwrap().replace("\"schemaVersion\": 1", "\"schemaVersion\": 2");
        let foreign = decode(text.as_bytes(), |_| Ok(Vec::new())).unwrap_err();
        assert!(foreign.to_string().contains("schema version 2"), "{foreign}");
    }
}

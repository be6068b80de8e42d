//! The value of a document as Go reads it.
//!
//! `sigs.k8s.io/yaml` decodes with go-yaml v2 into untyped values and converts these to JSON. The value here is the same,
//! and what Go rejects is refused.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::anomaly::{Anomaly, AnomalyKind};
use super::position::refuse_at;
use super::scalar::{Resolved, resolve};
use super::tree::{Entry, Kind, Node, ScalarStyle};
use crate::diagnostic::Diagnostic;

/// The prefix that `!!` stands for.
const CORE: &str = "tag:yaml.org,2002:";

/// Reads the value of `root` and its anomalies.
///
/// # Errors
///
/// Refuses what Go cannot decode: keys that are null or collections, values that do not match their tag, numbers that JSON
/// cannot represent, aliases that contain themselves, excessive aliasing.
pub(super) fn read_value(text: &str, root: &Node) -> Result<(Value, Vec<Anomaly>), Diagnostic> {
    let mut reader = Reader {
        text,
        anchored: HashMap::new(),
        anomalies: Vec::new(),
        without_form: None,
        decoded: 0,
        aliased: 0,
    };
    let value = reader.value(root)?;
    reader.without_form.map_or(Ok((value, reader.anomalies)), Err)
}

/// What sets a key of a mapping: an entry, or a merge key.
#[derive(Clone, Copy)]
struct Setter {
    at: usize,
    is_merged: bool,
}

struct Reader<'t> {
    text: &'t str,
    /// The value of each anchor whose node is complete, and how many nodes it contains.
    anchored: HashMap<usize, (Value, u64)>,
    anomalies: Vec<Anomaly>,
    /// The first number that JSON cannot represent. Go reports it after decoding everything, so other errors come first.
    without_form: Option<Diagnostic>,
    decoded: u64,
    aliased: u64,
}

impl Reader<'_> {
    fn value(&mut self, node: &Node) -> Result<Value, Diagnostic> {
        let before = self.decoded;
        self.decoded += 1;
        let value = match &node.kind {
            Kind::Scalar(text, style) => self.scalar(node, text, *style)?,
            Kind::Sequence(items, _) => items
                .iter()
                .map(|item| self.value(&item.node))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::from)?,
            Kind::Mapping(entries, _) => self.mapping(entries)?,
            Kind::Alias(anchor) => self.alias(node, *anchor)?,
        };
        if let Some(anchor) = node.anchor() {
            self.anchored.insert(anchor, (value.clone(), self.decoded - before));
        }
        Ok(value)
    }

    fn alias(&mut self, node: &Node, anchor: usize) -> Result<Value, Diagnostic> {
        let Some((value, count)) = self.anchored.get(&anchor) else {
            return Err(refuse_at(self.text, node.span().start, "this alias contains itself")
                .help("replace the alias by the value"));
        };
        self.decoded += count;
        self.aliased += count;
        // A few lines can expand to billions of nodes. The limit is go-yaml's.
        if self.aliased > 100 && self.decoded > 1000 && exceeds_alias_ratio(self.aliased, self.decoded) {
            return Err(refuse_at(self.text, node.span().start, "the document contains excessive aliasing")
                .help("replace the aliases by the values"));
        }
        Ok(value.clone())
    }

    fn mapping(&mut self, entries: &[Entry]) -> Result<Value, Diagnostic> {
        let mut map = Map::new();
        let mut first: HashMap<String, Setter> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if is_merge(&entry.key) {
                self.found(AnomalyKind::MergeKey, &entry.key);
                self.decoded += 1;
                for (key, value) in self.merge(&entry.value)? {
                    self.set(&key, Setter { at: entry.start(), is_merged: true }, &mut first);
                    map.insert(key, value);
                }
                continue;
            }
            let key = self.key(&entry.key)?;
            let is_replaced = || {
                let is_same = |later: &Entry| later.key.scalar().is_some_and(|it| *it == *key);
                entries.iter().skip(index + 1).any(is_same)
            };
            let had_form = self.without_form.is_none();
            let value = self.value(&entry.value).map_err(|refusal| {
                if refusal.message == NOT_A_STRING && is_replaced() { self.replaced(entry) } else { refusal }
            })?;
            if had_form && self.without_form.is_some() && is_replaced() {
                return Err(self.replaced(entry));
            }
            self.set(&key, Setter { at: entry.start(), is_merged: false }, &mut first);
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    /// Reports a key that was set before.
    fn set(&mut self, key: &str, setter: Setter, first: &mut HashMap<String, Setter>) {
        let Some(before) = first.insert(key.to_owned(), setter) else { return };
        let (key, first) = (key.to_owned(), before.at);
        let kind = if before.is_merged || setter.is_merged {
            AnomalyKind::OverriddenKey { key, first }
        } else {
            AnomalyKind::DuplicateKey { key, first }
        };
        self.anomalies.push(Anomaly { kind, at: setter.at });
    }

    /// Go converts to JSON only after it has read all keys. At that time it has discarded the first value of this one.
    fn replaced(&self, entry: &Entry) -> Diagnostic {
        let reason = "this key is duplicated, and its first value has no form in Kubernetes";
        refuse_at(self.text, entry.start(), reason).help("remove one of the two keys")
    }

    fn key(&mut self, node: &Node) -> Result<String, Diagnostic> {
        let refusal =
            || refuse_at(self.text, node.span().start, NOT_A_STRING).help("Kubernetes requires string keys");
        let key = match (&node.kind, node.tag()) {
            (Kind::Scalar(text, ScalarStyle::Plain), None) => {
                let resolved = resolve(text);
                if !matches!(resolved, Resolved::Str | Resolved::Merge) {
                    let found = AnomalyKind::NonStringKey { written: text.to_string() };
                    self.anomalies.push(Anomaly { kind: found, at: node.span().start });
                }
                resolved.to_json_key(text).ok_or_else(refusal)?
            }
            _ => match (self.value(node)?, node.scalar()) {
                (Value::String(key), _) => return Ok(key),
                // A redundant tag, as in `!!int 3`.
                (Value::Bool(_) | Value::Number(_), Some(text)) => {
                    return resolve(text).to_json_key(text).ok_or_else(refusal);
                }
                // Go makes a string of it. Which one depends on how the anchored value is written.
                (Value::Bool(_) | Value::Number(_), None) => {
                    return Err(refuse_at(
                        self.text,
                        node.span().start,
                        "this key is an alias to a number or boolean",
                    )
                    .help("replace the alias by a quoted string"));
                }
                _ => return Err(refusal()),
            },
        };
        self.decoded += 1;
        if let Some(anchor) = node.anchor() {
            let value = self.scalar(node, node.scalar().unwrap_or_default(), ScalarStyle::Plain)?;
            self.anchored.insert(anchor, (value, 1));
        }
        Ok(key)
    }

    /// `<<: *name`: the entries of the named mapping, or of several, to be set at the position of the merge key. So only
    /// later keys of the mapping itself override them. This is what go-yaml v2 does, although YAML 1.1 differs.
    fn merge(&mut self, node: &Node) -> Result<Vec<(String, Value)>, Diagnostic> {
        let sources = match (&node.kind, self.value(node)?) {
            (Kind::Mapping(..) | Kind::Alias(_), source @ Value::Object(_)) => vec![source],
            // Earlier ones take precedence, so they are set last.
            (Kind::Sequence(..), Value::Array(sources)) => sources.into_iter().rev().collect(),
            _ => Vec::new(),
        };
        let merged = !sources.is_empty() || matches!(&node.kind, Kind::Sequence(..));
        if !merged || !sources.iter().all(Value::is_object) {
            return Err(refuse_at(self.text, node.span().start, "only mappings can be merged with `<<`")
                .help("replace the merge key by the keys that it merges"));
        }
        let objects = sources.into_iter().filter_map(|source| match source {
            Value::Object(entries) => Some(entries),
            _ => None,
        });
        Ok(objects.flatten().collect())
    }

    fn scalar(&mut self, node: &Node, text: &str, style: ScalarStyle) -> Result<Value, Diagnostic> {
        let Some(tag) = node.tag() else {
            if style != ScalarStyle::Plain {
                return Ok(Value::from(text));
            }
            return Ok(resolve(text).to_json(text).unwrap_or_else(|| {
                self.without_form.get_or_insert_with(|| {
                    refuse_at(self.text, node.span().start, format!("`{text}` has no form in JSON"))
                        .help(format!("quote it if it is meant as a string: '{text}'"))
                });
                Value::Null
            }));
        };
        self.found(AnomalyKind::Tag { tag: tag.to_owned() }, node);
        let resolved = resolve(text);
        let fits = match (tag.strip_prefix(CORE), &resolved) {
            (Some("binary"), _) => {
                return Err(refuse_at(self.text, node.span().start, "the tag `!!binary` is not supported")
                    .help("write the decoded text"));
            }
            (Some("bool"), Resolved::Bool(_))
            | (Some("int"), Resolved::Int(_) | Resolved::Uint(_))
            | (Some("float"), Resolved::Float(_) | Resolved::Int(_))
            | (Some("null"), Resolved::Null) => {
                return resolved.to_json(text).ok_or_else(|| self.misfit(node, text));
            }
            (Some("bool" | "int" | "float" | "null"), _) => false,
            // Any other tag, including `!!str`, leaves the text unchanged.
            _ => true,
        };
        if fits { Ok(Value::from(text)) } else { Err(self.misfit(node, text)) }
    }

    fn misfit(&self, node: &Node, text: &str) -> Diagnostic {
        let tag = node.tag().unwrap_or_default().replace(CORE, "!!");
        refuse_at(self.text, node.span().start, format!("`{text}` cannot be read as {tag}"))
            .help("remove the tag, or write a value that matches it")
    }

    fn found(&mut self, kind: AnomalyKind, node: &Node) {
        self.anomalies.push(Anomaly { kind, at: node.span().start });
    }
}

/// Why a key is refused.
const NOT_A_STRING: &str = "this key is not a string";

/// Whether a key is the merge key; quoted it is text.
pub(super) fn is_merge(key: &Node) -> bool {
    match &key.kind {
        Kind::Scalar(text, style) if &**text == "<<" => match key.tag() {
            None => *style == ScalarStyle::Plain,
            Some(tag) => tag == "!" || tag.strip_prefix(CORE) == Some("merge"),
        },
        _ => false,
    }
}

/// go-yaml v2: below 400,000 nodes 99 % of them may come from aliases, from 4,000,000 on 10 %, with linear interpolation
/// in between.
fn exceeds_alias_ratio(aliased: u64, decoded: u64) -> bool {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts this large differ by more than a unit in the last place"
    )]
    let allowed = 0.99 - 0.89 * (decoded.clamp(LOW, HIGH) - LOW) as f64 / (HIGH - LOW) as f64;
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let ratio = aliased as f64 / decoded as f64;
    ratio > allowed
}

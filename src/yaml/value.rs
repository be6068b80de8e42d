//! The value of a document as Go reads it.
//!
//! `sigs.k8s.io/yaml` decodes with go-yaml v2 into untyped values and prints these as JSON; what comes out of
//! that is the value here. Where Go gives up, so does this reader.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::finding::{Finding, FindingKind};
use super::place::refuse_at;
use super::scalar::{Resolved, resolve};
use super::tree::{Entry, Kind, Node, ScalarStyle};
use crate::diagnostic::Diagnostic;

/// The prefix that `!!` stands for.
const CORE: &str = "tag:yaml.org,2002:";

/// Reads the value of `root` and what is remarkable about it.
///
/// # Errors
///
/// Refuses what Go cannot decode: keys that are null or collections, tags that do not fit, numbers without a JSON
/// form, aliases that contain themselves or blow the document up.
pub(super) fn read_value(text: &str, root: &Node) -> Result<(Value, Vec<Finding>), Diagnostic> {
    let mut reader = Reader {
        text,
        anchored: HashMap::new(),
        findings: Vec::new(),
        without_form: None,
        decoded: 0,
        aliased: 0,
    };
    let value = reader.value(root)?;
    reader.without_form.map_or(Ok((value, reader.findings)), Err)
}

/// What sets a key of a mapping: an entry, or a merge key for all that it merges.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    is_merged: bool,
}

struct Reader<'t> {
    text: &'t str,
    /// The value of each anchor whose node is complete, and how many nodes it stands for.
    anchored: HashMap<usize, (Value, u64)>,
    findings: Vec<Finding>,
    /// The first number without a form in JSON. Go finds it last, when all is decoded, so whatever else is wrong comes first.
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
                .help("write the value out instead of the alias"));
        };
        self.decoded += count;
        self.aliased += count;
        // A document of a few lines can stand for billions of nodes; the limit is the one that go-yaml has.
        if self.aliased > 100 && self.decoded > 1000 && exceeds_alias_ratio(self.aliased, self.decoded) {
            return Err(refuse_at(self.text, node.span().start, "the document contains excessive aliasing")
                .help("write the values out instead of the aliases"));
        }
        Ok(value.clone())
    }

    fn mapping(&mut self, entries: &[Entry]) -> Result<Value, Diagnostic> {
        let mut map = Map::new();
        let mut first: HashMap<String, Place> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if is_merge(&entry.key) {
                self.found(FindingKind::MergeKey, &entry.key);
                self.decoded += 1;
                for (key, value) in self.merge(&entry.value)? {
                    let place = Place { at: entry.start(), is_merged: true };
                    self.set(&key, place, &mut first);
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
                if refusal.message == NO_STRING && is_replaced() { self.replaced(entry) } else { refusal }
            })?;
            if had_form && self.without_form.is_some() && is_replaced() {
                return Err(self.replaced(entry));
            }
            self.set(&key, Place { at: entry.start(), is_merged: false }, &mut first);
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    /// Reports a key that was set before.
    fn set(&mut self, key: &str, place: Place, first: &mut HashMap<String, Place>) {
        let Some(before) = first.insert(key.to_owned(), place) else { return };
        let (key, first) = (key.to_owned(), before.at);
        let kind = if before.is_merged || place.is_merged {
            FindingKind::OverriddenKey { key, first }
        } else {
            FindingKind::DuplicateKey { key, first }
        };
        self.findings.push(Finding { kind, at: place.at });
    }

    /// Go looks for a form in JSON only when all keys are read, and has forgotten the first value of this one by then.
    fn replaced(&self, entry: &Entry) -> Diagnostic {
        let reason = "this key is there twice, and what it has at first has no form in Kubernetes";
        refuse_at(self.text, entry.start(), reason).help("keep one of the two")
    }

    fn key(&mut self, node: &Node) -> Result<String, Diagnostic> {
        let refusal = |reason: &str| {
            refuse_at(self.text, node.span().start, reason).help("a key of a Kubernetes object is a string")
        };
        let key = match (&node.kind, node.tag()) {
            (Kind::Scalar(text, ScalarStyle::Plain), None) => {
                let resolved = resolve(text);
                if !matches!(resolved, Resolved::Str | Resolved::Merge) {
                    let found = FindingKind::NonStringKey { written: text.to_string() };
                    self.findings.push(Finding { kind: found, at: node.span().start });
                }
                resolved.to_json_key(text).ok_or_else(|| refusal(NO_STRING))?
            }
            _ => match (self.value(node)?, node.scalar()) {
                (Value::String(key), _) => return Ok(key),
                // A tag that says what the text is anyway, as in `!!int 3`.
                (Value::Bool(_) | Value::Number(_), Some(text)) => {
                    return resolve(text).to_json_key(text).ok_or_else(|| refusal(NO_STRING));
                }
                _ => return Err(refusal(NO_STRING)),
            },
        };
        self.decoded += 1;
        if let Some(anchor) = node.anchor() {
            let value = self.scalar(node, node.scalar().unwrap_or_default(), ScalarStyle::Plain)?;
            self.anchored.insert(anchor, (value, 1));
        }
        Ok(key)
    }

    /// `<<: *name`: the entries of the named mapping, or of several, to be set where the merge stands. So a later
    /// key of the mapping itself overrides them and an earlier one does not; YAML 1.1 says otherwise, go-yaml v2
    /// does it this way.
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
                .help("write the keys out instead of merging them"));
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
                    refuse_at(self.text, node.span().start, format!("`{text}` {WITHOUT_FORM}"))
                        .help(format!("quote it if it is meant as text: '{text}'"))
                });
                Value::Null
            }));
        };
        self.found(FindingKind::Tag { tag: tag.to_owned() }, node);
        let resolved = resolve(text);
        let fits = match (tag.strip_prefix(CORE), &resolved) {
            (Some("binary"), _) => {
                return Err(refuse_at(self.text, node.span().start, "kaudit does not read `!!binary`")
                    .help("write the text itself"));
            }
            (Some("bool"), Resolved::Bool(_))
            | (Some("int"), Resolved::Int(_) | Resolved::Uint(_))
            | (Some("float"), Resolved::Float(_) | Resolved::Int(_))
            | (Some("null"), Resolved::Null) => {
                return resolved.to_json(text).ok_or_else(|| self.misfit(node, text));
            }
            (Some("bool" | "int" | "float" | "null"), _) => false,
            // Any other tag, `!!str` among them, leaves the text as it is.
            _ => true,
        };
        if fits { Ok(Value::from(text)) } else { Err(self.misfit(node, text)) }
    }

    fn misfit(&self, node: &Node, text: &str) -> Diagnostic {
        let tag = node.tag().unwrap_or_default().replace(CORE, "!!");
        refuse_at(self.text, node.span().start, format!("`{text}` cannot be read as {tag}"))
            .help("remove the tag, or write a value that fits it")
    }

    fn found(&mut self, kind: FindingKind, node: &Node) {
        self.findings.push(Finding { kind, at: node.span().start });
    }
}

/// Why a key is refused.
const NO_STRING: &str = "this key is not a string";
/// How a refusal of infinity and of what is no number ends.
const WITHOUT_FORM: &str = "has no form in JSON";

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

/// go-yaml v2: below 400,000 nodes 99 % of them may come from aliases, from 4,000,000 on 10 %, in between a
/// straight line.
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

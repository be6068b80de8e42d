//! The text of a policy file as the API server reads it: JSON if it opens with a brace, else YAML 1.1.

use serde_json::{Map, Value};

use crate::policy::finding::{Cause, Finding, Verdict};
use crate::policy::json::WithoutDuplicates;
use crate::policy::json_words::{self, Fault};
use crate::policy::{foreign, go, yaml_words};
use crate::refusal::{Position, Refusal};
use crate::yaml::{Document, FindingKind, Path, position_at};

/// A text that could be read.
#[derive(Debug)]
pub(super) struct Source {
    /// Its value.
    pub(super) value: Value,
    /// Whether it was read as JSON.
    pub(super) is_json: bool,
    /// Where everything is; absent for the rare JSON that no YAML reader takes even so.
    document: Option<Document>,
}

impl Source {
    /// Reads the first document of `text`.
    ///
    /// # Errors
    ///
    /// Returns why nothing could be read.
    pub(super) fn read(text: &str) -> Result<Self, Finding> {
        if go::is_json(text) {
            return read_json(text);
        }
        // A byte order mark is no column, so every position stays what it is without it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.starts_with('\u{feff}') {
            let words = "there are two byte order marks at the start";
            return Err(Finding::of_file(Verdict::Undecided, words).help("remove them"));
        }
        let document = Document::read(text).map_err(|refusal| refuse_yaml(text, refusal))?;
        if let Some(finding) = foreign::find(&document) {
            return Err(finding);
        }
        Ok(Self { value: document.value().clone(), is_json: false, document: Some(document) })
    }

    /// The value if it is an object. An empty file counts as an object without keys, as for the API server.
    pub(super) fn object(&self) -> Option<Map<String, Value>> {
        match &self.value {
            Value::Object(map) => Some(map.clone()),
            Value::Null => Some(Map::new()),
            _ => None,
        }
    }

    /// Where the value at `path` is, or where the nearest thing above it is that can be found.
    pub(super) fn position(&self, path: &Path) -> Option<Position> {
        let document = self.document.as_ref()?;
        document.position(path).or_else(|| self.position(&path.split_last()?.0))
    }

    /// Where the value at `path` is, if it is there.
    pub(super) fn exact_position(&self, path: &Path) -> Option<Position> {
        self.document.as_ref()?.position(path)
    }

    /// Where the key at the end of `path` is, or the nearest thing above it.
    pub(super) fn key_position(&self, path: &Path) -> Option<Position> {
        self.document.as_ref()?.key_position(path).or_else(|| self.position(path))
    }

    /// What the API server passes over with at most a warning: a key that stands twice, a second document.
    pub(super) fn oddities(&self) -> Vec<Finding> {
        let Some(document) = &self.document else { return Vec::new() };
        document
            .findings()
            .iter()
            .filter_map(|finding| judge_oddity(document, &finding.kind, finding.at))
            .collect()
    }
}

fn judge_oddity(document: &Document, kind: &FindingKind, at: usize) -> Option<Finding> {
    let (cause, words, help) = match kind {
        FindingKind::DuplicateKey { key, first } => (
            Cause::DuplicateKey,
            format!("the key `{key}` is there twice, first in line {}", document.position_at(*first).line),
            "the API server takes the last one and at most warns (silently before 1.26): keep one".to_owned(),
        ),
        FindingKind::OverriddenKey { key, first } => (
            Cause::DuplicateKey,
            format!(
                "the key `{key}` is set here and in line {}, one of the two by `<<`",
                document.position_at(*first).line
            ),
            "the API server takes the last one, even where that is the one of `<<`, and at most warns (silently before \
             1.26): keep one"
                .to_owned(),
        ),
        FindingKind::FurtherDocument => (
            Cause::FurtherDocument,
            "a second YAML document starts here".to_owned(),
            "the API server reads only the first one and says nothing: move its rules up, or remove it"
                .to_owned(),
        ),
        FindingKind::NonStringKey { .. }
        | FindingKind::Directive
        | FindingKind::MergeKey
        | FindingKind::Tag { .. } => return None,
    };
    let position = Some(document.position_at(at));
    Some(Finding { verdict: Verdict::Strict, cause, words, path: Path::root(), position, help: vec![help] })
}

fn read_json(text: &str) -> Result<Source, Finding> {
    if let Err(Fault { offset, words }) = json_words::scan(text) {
        let words = format!("failed decoding: couldn't get version/kind; json parse error: {words}");
        return Err(Finding::of_file(Verdict::WouldNotStart, words).at(position_at(text, offset)).help(
            "the file opens with a brace, so the API server reads it as JSON, not as YAML: quote all keys and texts, or \
             write it without the braces",
        ));
    }
    // What is JSON by its grammar and cannot be a value: half a surrogate pair, a number beyond all bounds, very many
    // brackets.
    let value = serde_json::from_str(text).map_err(|error| {
        Finding::of_file(Verdict::Undecided, format!("kaudit does not read this JSON: {error}"))
            .at(Position { line: error.line(), column: error.column().max(1) })
            .help("correct the line")
    })?;
    let merged = |words: &str| {
        Finding::of_file(Verdict::Undecided, format!("{words}, and in JSON the API server merges the two"))
            .help("keep one of them")
    };
    if let Err(error) = serde_json::from_str::<WithoutDuplicates>(text) {
        return Err(
            merged("a key is there twice").at(Position { line: error.line(), column: error.column().max(1) })
        );
    }
    if has_two_spellings(&value) {
        return Err(merged("`apiVersion` or `kind` is there twice, in different spellings"));
    }
    Ok(Source { value, is_json: true, document: Document::read(&as_yaml(text)).ok() })
}

/// The text with everything at the same place, for a reader of YAML: a tab is a blank, because JSON has none within
/// texts, a carriage return too, and what YAML does not print is some letter.
fn as_yaml(json: &str) -> String {
    let printed = |c: char| match c {
        '\t' | '\r' => ' ',
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => 'x',
        c => c,
    };
    json.chars().map(printed).collect()
}

/// Go's JSON decoder writes the second value of a key over the first, item by item, and so leaves parts of it. For
/// `apiVersion` and `kind` it does so for keys that differ in case as well, in the order of the text.
fn has_two_spellings(value: &Value) -> bool {
    let spellings =
        |name| value.as_object().into_iter().flatten().filter(move |(key, _)| go::folds_to(key, name));
    ["apiVersion", "kind"].into_iter().any(|name| spellings(name).count() > 1)
}

/// kaudit's reader refuses more than the API server's. What libyaml, of which Go's reader is a translation, cannot
/// read either, or has no value for Go, the API server refuses as well; of the rest nothing is known.
fn refuse_yaml(text: &str, refusal: Refusal) -> Finding {
    let libyaml_may_be_stricter = is_laxer_in_go(text, &refusal.reason);
    let has_no_value = WITHOUT_VALUE.iter().any(|words| refusal.reason.contains(words));
    let is_undecided = libyaml_may_be_stricter || (yaml_words::libyaml_reads(text) && !has_no_value);
    let its_words = yaml_words::words(text, &refusal).filter(|_| !is_undecided);
    let (verdict, words) = match its_words {
        _ if is_undecided => (Verdict::Undecided, refusal.reason),
        Some(words) => (Verdict::WouldNotStart, format!("failed decoding: {words}")),
        None => (Verdict::WouldNotStart, format!("failed decoding: yaml: {}", refusal.reason)),
    };
    // The reader's advice is about manifests where it names kubectl, which knows no audit policies.
    let mut help: Vec<String> =
        refusal.help.into_iter().filter(|step| !step.contains("kubectl create")).collect();
    if help.is_empty() {
        help.push(yaml_words::advice(&words).to_owned());
    }
    Finding { verdict, cause: Cause::Unusable, words, path: Path::root(), position: refusal.position, help }
}

/// What Go's reader takes and libyaml may not: a word in brackets that ends with a colon, as in `{a:}`, and brackets or
/// commas in a tag, `\'` and escaped line breaks of Unicode in double quotes, and a byte order mark where a line begins.
fn is_laxer_in_go(text: &str, reason: &str) -> bool {
    let has_colon_before_bracket = [":}", ":]", ":,"].iter().any(|piece| text.contains(piece));
    let count = |bracket: char| text.matches(bracket).count();
    let has_bracket_too_many = count(']') > count('[') || count('}') > count('{');
    let escapes = ["\\'", "\\\u{85}", "\\\u{2028}", "\\\u{2029}"];
    reason.contains("found unexpected ':'")
        || reason.contains(" a tag,")
        || (reason.contains("cannot follow") && text.contains('!') && has_bracket_too_many)
        || (reason.contains("while parsing a flow") && has_colon_before_bracket)
        || (reason.contains("unknown escape character") && escapes.iter().any(|escape| text.contains(escape)))
        || (reason.contains("invisible character") && text.contains("\n\u{feff}"))
}

/// How the reader words that a text is YAML but has no value for Go. A test with the API server's own answers fails
/// when the reader's words change.
const WITHOUT_VALUE: [&str; 7] = [
    "found unknown escape character",
    "this key is not a string",
    "has no form in JSON",
    "cannot be read as",
    "only mappings can be merged",
    "contains itself",
    "excessive aliasing",
];

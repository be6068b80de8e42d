//! The text of a policy file as the API server reads it: JSON if it opens with a brace, else YAML 1.1.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Position};
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::{foreign, go, json, libyaml, plainer};
use crate::yaml::{AnomalyKind, Document, MAX_DEPTH_IN_GO, Nesting, Path, position_at};

/// A file that could be read.
#[derive(Debug)]
pub(in crate::policy) struct Source {
    /// Its value.
    pub(in crate::policy) value: Value,
    /// Whether it was read as JSON.
    pub(in crate::policy) is_json: bool,
    /// Positions; absent for the rare JSON that cannot be read as YAML.
    document: Option<Document>,
}

impl Source {
    /// Reads the first document of `text`.
    ///
    /// # Errors
    ///
    /// Returns why nothing could be read.
    pub(in crate::policy) fn read(text: &str) -> Result<Self, Finding> {
        if go::is_json(text) {
            return read_json(text);
        }
        // A byte order mark does not count as a column, so positions are the same without it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.starts_with('\u{feff}') {
            let message = "there are two byte order marks at the start";
            return Err(Finding::new(FindingKind::Undecided, message).help("remove them"));
        }
        let document = read_yaml(text)?;
        if let Some(finding) = foreign::find(&document) {
            return Err(finding);
        }
        Ok(Self { value: document.value().clone(), is_json: false, document: Some(document) })
    }

    /// The value if it is an object. An empty file counts as an object without keys, as for the API server.
    pub(in crate::policy) fn object(&self) -> Option<Map<String, Value>> {
        match &self.value {
            Value::Object(map) => Some(map.clone()),
            Value::Null => Some(Map::new()),
            _ => None,
        }
    }

    /// Where the value at `path` is, or where the nearest thing above it is that can be found.
    pub(in crate::policy) fn position(&self, path: &Path) -> Option<Position> {
        let document = self.document.as_ref()?;
        document.position(path).or_else(|| self.position(&path.split_last()?.0))
    }

    /// Where the value at `path` is, if it is there.
    pub(in crate::policy) fn exact_position(&self, path: &Path) -> Option<Position> {
        self.document.as_ref()?.position(path)
    }

    /// Where the key at the end of `path` is, or the nearest thing above it.
    pub(in crate::policy) fn key_position(&self, path: &Path) -> Option<Position> {
        self.document.as_ref()?.key_position(path).or_else(|| self.position(path))
    }

    /// The parts that the API server ignores with at most a warning: a duplicate key, a second document.
    pub(in crate::policy) fn ignored_parts(&self) -> Vec<Finding> {
        let Some(document) = &self.document else { return Vec::new() };
        document
            .anomalies()
            .iter()
            .filter_map(|anomaly| ignored_part(document, &anomaly.kind, anomaly.at))
            .collect()
    }
}

/// Reads documents that kaudit's parser accepts, and those that only Go's parser accepts, as far as the differences are
/// known.
fn read_yaml(text: &str) -> Result<Document, Finding> {
    /// The parsers need much more than linear time for deeper texts.
    const MAX_DEPTH: usize = 100;
    let refusal = match Document::read(text) {
        Ok(document) => return Ok(document),
        Err(refusal) => refusal,
    };
    let nesting = Nesting::of(text);
    if let Some(at) = nesting.exceeded {
        return Err(Finding::fatal(format!(
            "this is not valid YAML: it has more than {MAX_DEPTH_IN_GO} levels"
        ))
        .at(Some(position_at(text, at)))
        .help("write it with fewer brackets"));
    }
    match plainer::yaml(text, &nesting).map(|plain| Document::read(&plain)) {
        Some(Ok(document)) => Ok(document),
        _ if nesting.deepest > MAX_DEPTH => Err(refuse(FindingKind::Undecided, refusal, None)),
        _ => Err(refuse_yaml(text, refusal)),
    }
}

fn ignored_part(document: &Document, anomaly: &AnomalyKind, at: usize) -> Option<Finding> {
    let line = |first: &usize| document.position_at(*first).line;
    let finding = match anomaly {
        AnomalyKind::DuplicateKey { key, first } => {
            let message = format!("duplicate key `{key}`, first set in line {}", line(first));
            Finding::new(FindingKind::DuplicateKey, message).help(
                "the API server uses the last one, and from 1.26 on logs a warning: keep one",
            )
        }
        AnomalyKind::OverriddenKey { key, first } => {
            let message = format!("the key `{key}` is set here and in line {}, once by `<<`", line(first));
            Finding::new(FindingKind::DuplicateKey, message).help(
                "the API server uses the last one, even if that is the one of `<<`, and at most logs a warning (none before \
                 1.26): keep one",
            )
        }
        AnomalyKind::FurtherDocument => {
            Finding::new(FindingKind::FurtherDocument, "a second YAML document starts here").help(
                "the API server reads only the first document and logs no warning: move these rules there, or remove them",
            )
        }
        AnomalyKind::NonStringKey { .. }
        | AnomalyKind::Directive
        | AnomalyKind::MergeKey
        | AnomalyKind::Tag { .. } => return None,
    };
    Some(finding.at(Some(document.position_at(at))))
}

fn read_json(text: &str) -> Result<Source, Finding> {
    if let Err((offset, message)) = json::check_syntax(text) {
        return Err(Finding::fatal(format!("this is not valid JSON: {message}"))
            .at(Some(position_at(text, offset)))
            .help(
                "the file starts with a brace, so the API server reads it as JSON, not as YAML: put all keys and strings into \
                 double quotes, or write it without the braces",
            ));
    }
    let Nesting { regions, .. } = Nesting::of(text);
    let text = plainer::shallow(text, &regions);
    // Valid syntax, but not a value: half of a surrogate pair, a number out of range, or a duplicate key whose value in
    // Go matters.
    let value = json::read(&text).map_err(|error| {
        Finding::new(FindingKind::Undecided, format!("{CANNOT_TELL}: {}", json::message_of(&error)))
            .at(Some(Position { line: error.line(), column: error.column().max(1) }))
            .help("correct the line")
    })?;
    if has_two_spellings(&value) {
        let message = format!("{CANNOT_TELL}: `apiVersion` or `kind` is set twice, in different spellings");
        return Err(Finding::new(FindingKind::Undecided, message).help("keep one of them"));
    }
    Ok(Source { value, is_json: true, document: Document::read(&as_yaml(&text)).ok() })
}

/// Rewrites JSON for a YAML parser without changing positions: a tab becomes a space, because JSON has no tabs within
/// strings; a carriage return becomes a space too; and characters that YAML does not allow become a letter. A colon is
/// swapped with the space between it and its key, which may be a line break: then only the columns after it in its line
/// differ.
fn as_yaml(json: &str) -> String {
    let printed = |c: char| match c {
        '\t' | '\r' => ' ',
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => 'x',
        c => c,
    };
    let mut text: Vec<char> = json.chars().map(printed).collect();
    let (mut is_string, mut is_escaped, mut after_string) = (false, false, 0);
    for at in 0..text.len() {
        match text.get(at) {
            _ if is_escaped => is_escaped = false,
            Some('\\') => is_escaped = true,
            Some('"') => {
                is_string = !is_string;
                after_string = at + 1;
            }
            Some(':') if !is_string => text.swap(after_string, at),
            _ => {}
        }
    }
    text.into_iter().collect()
}

/// For `apiVersion` and `kind` Go's JSON decoder takes the last of keys that differ in case as well, in the order of the
/// text.
fn has_two_spellings(value: &Value) -> bool {
    let spellings =
        |name| value.as_object().into_iter().flatten().filter(move |(key, _)| go::folds_to(key, name));
    ["apiVersion", "kind"].into_iter().any(|name| spellings(name).count() > 1)
}

/// kaudit's reader refuses more than the API server's. A text that libyaml refuses as well, or that has no value for Go, the
/// API server refuses too; of the rest nothing is known.
fn refuse_yaml(text: &str, refusal: Diagnostic) -> Finding {
    let error = libyaml::error(text);
    let libyaml_may_be_stricter = is_laxer_in_go(text, &refusal.message)
        || error.as_ref().is_some_and(|error| is_laxer_in_go(text, error));
    let has_no_value = WITHOUT_VALUE.iter().any(|part| refusal.message.contains(part));
    let is_refused = !libyaml_may_be_stricter && (error.is_some() || has_no_value);
    let kind = if is_refused { FindingKind::WouldNotStart } else { FindingKind::Undecided };
    refuse(kind, refusal, error.as_deref())
}

/// The start of a finding that explains why the result is unknown.
const CANNOT_TELL: &str = "kaudit cannot tell how the API server reads this";

/// The finding about a text that the parser rejects and libyaml rejects with `error`.
fn refuse(kind: FindingKind, mut refusal: Diagnostic, error: Option<&str>) -> Finding {
    if kind == FindingKind::Undecided {
        let message = refusal.message.as_str();
        let prefixes = ["this is not valid YAML: ", "this is not valid YAML for Kubernetes: "];
        let cause = prefixes.iter().find_map(|prefix| message.strip_prefix(prefix)).unwrap_or(message);
        refusal.message = format!("{CANNOT_TELL}: {cause}");
    }
    // The parser's advice that names kubectl is for manifests: kubectl does not support audit policies.
    refusal.help.retain(|step| !step.contains("kubectl create"));
    if refusal.help.is_empty() {
        let advice = libyaml::advice(error.unwrap_or(&refusal.message));
        refusal.help.push(advice.to_owned());
    }
    Finding { kind, path: Path::root(), diagnostic: refusal }
}

/// Whether the error may be one that only libyaml reports and Go's parser does not: a scalar in brackets that ends with
/// a colon, as in `{a:}`, brackets or commas in a tag, `\'` and escaped line breaks of Unicode in double quotes, and a
/// byte order mark at the start of a line.
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
        // A merge key may put another value in its place.
        || (reason.contains("has no form in JSON") && text.contains("<<"))
        // Behind a line break of Unicode Go may never come to the character.
        || (reason.contains("control characters") && text.contains(['\u{85}', '\u{2028}', '\u{2029}']))
        || ["\n\u{feff}", "\r\u{feff}"].iter().any(|mark| text.contains(mark))
}

/// How the reader's messages say that a text is YAML but has no value for Go. A test with the API server's own answers fails
/// when these messages change.
const WITHOUT_VALUE: [&str; 7] = [
    "found unknown escape character",
    "this key is not a string",
    "has no form in JSON",
    "cannot be read as",
    "only mappings can be merged",
    "contains itself",
    "excessive aliasing",
];

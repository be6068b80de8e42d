//! The text of a policy file as the API server reads it: JSON if it opens with a brace, else YAML 1.1.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Position};
use crate::policy::load::finding::{Cause, Finding, Verdict};
use crate::policy::load::json;
use crate::policy::load::json_words::{self, Fault};
use crate::policy::load::{foreign, go, plainer, yaml_words};
use crate::yaml::{AnomalyKind, Document, MAX_DEPTH_IN_GO, Nesting, Path, position_at};

/// A text that could be read.
#[derive(Debug)]
pub(in crate::policy) struct Source {
    /// Its value.
    pub(in crate::policy) value: Value,
    /// Whether it was read as JSON.
    pub(in crate::policy) is_json: bool,
    /// Where everything is; absent for the rare JSON that no YAML reader takes even so.
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
        // A byte order mark is no column, so every position stays what it is without it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.starts_with('\u{feff}') {
            let words = "there are two byte order marks at the start";
            return Err(Finding::of_file(Verdict::Undecided, words).help("remove them"));
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

    /// What the API server passes over with at most a warning: a key that stands twice, a second document.
    pub(in crate::policy) fn oddities(&self) -> Vec<Finding> {
        let Some(document) = &self.document else { return Vec::new() };
        document
            .anomalies()
            .iter()
            .filter_map(|anomaly| judge_oddity(document, &anomaly.kind, anomaly.at))
            .collect()
    }
}

/// Reads what kaudit's readers take, and what Go's takes beyond that as far as it can be told.
fn read_yaml(text: &str) -> Result<Document, Finding> {
    /// What is deeper costs the readers a time that is far above linear.
    const MAX_DEPTH: usize = 100;
    let refusal = match Document::read(text) {
        Ok(document) => return Ok(document),
        Err(refusal) => refusal,
    };
    let nesting = Nesting::of(text);
    if let Some(at) = nesting.exceeded {
        return Err(refuse_depth(position_at(text, at)));
    }
    match plainer::yaml(text, &nesting).map(|plain| Document::read(&plain)) {
        Some(Ok(document)) => Ok(document),
        _ if nesting.deepest > MAX_DEPTH => Err(undecided(refusal)),
        _ => Err(refuse_yaml(text, refusal)),
    }
}

/// In the first line go-yaml names none.
fn refuse_depth(position: Position) -> Finding {
    let line = if position.line > 1 { format!("line {}: ", position.line) } else { String::new() };
    let words = format!("failed decoding: yaml: {line}exceeded max depth of {MAX_DEPTH_IN_GO}");
    Finding::of_file(Verdict::WouldNotStart, words).at(position).help("write it with fewer brackets")
}

fn judge_oddity(document: &Document, kind: &AnomalyKind, at: usize) -> Option<Finding> {
    let (cause, words, help) = match kind {
        AnomalyKind::DuplicateKey { key, first } => (
            Cause::DuplicateKey,
            format!("the key `{key}` is there twice, first in line {}", document.position_at(*first).line),
            "the API server takes the last one and at most warns (silently before 1.26): keep one".to_owned(),
        ),
        AnomalyKind::OverriddenKey { key, first } => (
            Cause::DuplicateKey,
            format!(
                "the key `{key}` is set here and in line {}, one of the two by `<<`",
                document.position_at(*first).line
            ),
            "the API server takes the last one, even where that is the one of `<<`, and at most warns (silently before \
             1.26): keep one"
                .to_owned(),
        ),
        AnomalyKind::FurtherDocument => (
            Cause::FurtherDocument,
            "a second YAML document starts here".to_owned(),
            "the API server reads only the first one and says nothing: move its rules up, or remove it"
                .to_owned(),
        ),
        AnomalyKind::NonStringKey { .. }
        | AnomalyKind::Directive
        | AnomalyKind::MergeKey
        | AnomalyKind::Tag { .. } => return None,
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
    let Nesting { regions, .. } = Nesting::of(text);
    let text = plainer::shallow(text, &regions);
    // What is JSON by its grammar and cannot be a value: half a surrogate pair, a number beyond all bounds; and a key that
    // is there twice, where it matters what Go makes of that.
    let value = json::read(&text).map_err(|error| {
        Finding::of_file(Verdict::Undecided, format!("{CANNOT_TELL}: {error}"))
            .at(Position { line: error.line(), column: error.column().max(1) })
            .help("correct the line")
    })?;
    if has_two_spellings(&value) {
        let words = format!("{CANNOT_TELL}: `apiVersion` or `kind` is there twice, in different spellings");
        return Err(Finding::of_file(Verdict::Undecided, words).help("keep one of them"));
    }
    Ok(Source { value, is_json: true, document: Document::read(&as_yaml(&text)).ok() })
}

/// JSON with everything at the same place, for a reader of YAML: a tab is a blank, because JSON has none within texts, a
/// carriage return too, and what YAML does not print is some letter. A colon changes places with what is between it and its
/// key, which may be the end of the line: then it is only the column that differs of what follows in the line of the colon.
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

/// kaudit's reader refuses more than the API server's. What libyaml, of which Go's reader is a translation, cannot
/// read either, or has no value for Go, the API server refuses as well; of the rest nothing is known.
fn refuse_yaml(text: &str, refusal: Diagnostic) -> Finding {
    let words = yaml_words::words(text, &refusal);
    let libyaml_may_be_stricter = is_laxer_in_go(text, &refusal.message)
        || words.as_ref().is_some_and(|words| is_laxer_in_go(text, words));
    let has_no_value = WITHOUT_VALUE.iter().any(|words| refusal.message.contains(words));
    let is_undecided = libyaml_may_be_stricter || (yaml_words::libyaml_reads(text) && !has_no_value);
    if is_undecided {
        return undecided(refusal);
    }
    let words = match words {
        Some(words) => format!("failed decoding: {words}"),
        None => format!("failed decoding: yaml: {}", refusal.message),
    };
    unusable(Verdict::WouldNotStart, words, refusal)
}

/// How a finding begins that says why there is no verdict.
const CANNOT_TELL: &str = "kaudit cannot tell how the API server reads this";

fn undecided(refusal: Diagnostic) -> Finding {
    let reason = refusal.message.as_str();
    let prefixes = ["this is not valid YAML: ", "this is not valid YAML for Kubernetes: "];
    let cause = prefixes.iter().find_map(|prefix| reason.strip_prefix(prefix)).unwrap_or(reason);
    unusable(Verdict::Undecided, format!("{CANNOT_TELL}: {cause}"), refusal)
}

fn unusable(verdict: Verdict, words: String, refusal: Diagnostic) -> Finding {
    // The reader's advice is about manifests where it names kubectl, which knows no audit policies.
    let mut help: Vec<String> =
        refusal.help.into_iter().filter(|step| !step.contains("kubectl create")).collect();
    if help.is_empty() {
        help.push(yaml_words::advice(&words).to_owned());
    }
    Finding {
        verdict,
        cause: Cause::Unusable,
        words,
        path: Path::root(),
        position: refusal.location.position,
        help,
    }
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
        // A merge key may put another value in its place.
        || (reason.contains("has no form in JSON") && text.contains("<<"))
        // Behind a line break of Unicode Go may never come to the character.
        || (reason.contains("control characters") && text.contains(['\u{85}', '\u{2028}', '\u{2029}']))
        || ["\n\u{feff}", "\r\u{feff}"].iter().any(|mark| text.contains(mark))
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

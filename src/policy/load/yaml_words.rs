//! What the API server's YAML reader says of a text that it cannot read.
//!
//! It is go-yaml v2, a translation of libyaml: they stop at the same place with the same words, only the line is counted
//! differently (`yaml_parser.fail` in go-yaml's `decode.go`).

use serde::Deserialize as _;
use serde::de::IgnoredAny;

use crate::refusal::{Position, Refusal};

/// Its words, for a text that kaudit's reader refuses with `refusal`; `None` where they are not known.
pub(in crate::policy) fn words(text: &str, refusal: &Refusal) -> Option<String> {
    match libyaml_error(text) {
        Some(error) => match error.strip_prefix("unknown anchor at ") {
            Some(place) => {
                Some(format!("yaml: unknown anchor '{}' referenced", alias_at(text, position_of(place)?)?))
            }
            None => Some(as_go_says(&error)),
        },
        None => of_value(text, refusal),
    }
}

/// Whether libyaml reads the first document of the text.
pub(in crate::policy) fn libyaml_reads(text: &str) -> bool {
    libyaml_error(text).is_none()
}

/// For example `did not find expected key at line 5 column 2, while parsing a block mapping at line 3 column 1`.
fn libyaml_error(text: &str) -> Option<String> {
    match serde_yaml::Deserializer::from_str(text).next() {
        Some(document) => IgnoredAny::deserialize(document).err().map(|error| error.to_string()),
        None => None,
    }
}

/// What libyaml's parser says; everything else is said by its scanner or its reader.
const OF_THE_PARSER: [&str; 5] = [
    "did not find expected ",
    "found undefined tag handle",
    "found duplicate %YAML directive",
    "found duplicate %TAG directive",
    "found incompatible YAML document",
];

/// What libyaml's scanner says although it begins as the parser's words do.
const OF_THE_SCANNER: [&str; 6] = [
    "did not find expected whitespace",
    "did not find expected alphabetic",
    "did not find expected comment",
    "did not find expected '!'",
    "did not find expected tag URI",
    "did not find expected digit",
];

/// Go counts a parser's line from 0 and a scanner's from 1, and takes the context's where the problem is in the first.
fn as_go_says(error: &str) -> String {
    let (problem, context) = error.split_once(", while ").unwrap_or((error, ""));
    let (words, place) = problem.split_once(" at ").unwrap_or((problem, ""));
    let is_of_parser = OF_THE_PARSER.iter().any(|start| words.starts_with(start))
        && !OF_THE_SCANNER.iter().any(|start| words.starts_with(start));
    // go-yaml's own slip.
    let words = words.replace("hexadecimal", "hexdecimal");
    let above = |place: &str| position_of(place).map(|position| position.line - 1).filter(|line| *line > 0);
    let line = above(place).map(|line| if is_of_parser { line } else { line + 1 });
    let line = line.or_else(|| above(context.split_once(" at ")?.1));
    line.map_or_else(|| format!("yaml: {words}"), |line| format!("yaml: line {line}: {words}"))
}

/// `line 5 column 2`
fn position_of(place: &str) -> Option<Position> {
    let (line, column) = place.strip_prefix("line ")?.split_once(" column ")?;
    Some(Position { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// Words about a text that can be parsed, but has no value.
fn of_value(text: &str, refusal: &Refusal) -> Option<String> {
    let reason = refusal.reason.as_str();
    let written = reason.strip_prefix('`').and_then(|rest| rest.split_once('`')).map_or("", |(text, _)| text);
    let line = refusal.position.map_or(0, |position| position.line);
    Some(match reason {
        _ if reason.contains("has no form in JSON") => match written.trim_start_matches('+') {
            minus if minus.starts_with('-') => "json: unsupported value: -Inf".to_owned(),
            infinite if infinite.to_lowercase().contains("inf") => "json: unsupported value: +Inf".to_owned(),
            _ => "json: unsupported value: NaN".to_owned(),
        },
        _ if reason.contains("unknown escape character") && line > 1 => {
            format!("yaml: line {line}: found unknown escape character")
        }
        _ if reason.contains("unknown escape character") => "yaml: found unknown escape character".to_owned(),
        "this alias contains itself" => {
            format!("yaml: anchor '{}' value contains itself", alias_at(text, refusal.position?)?)
        }
        "the document contains excessive aliasing" => "yaml: document contains excessive aliasing".to_owned(),
        "only mappings can be merged with `<<`" => {
            "yaml: map merge requires map or sequence of maps as the value".to_owned()
        }
        "this key is not a string" => "yaml: invalid map key".to_owned(),
        _ => {
            let tag = reason.split_once("cannot be read as ")?.1;
            format!("yaml: cannot decode !!str `{written}` as a {tag}")
        }
    })
}

/// What to do about a text that the reader cannot read: what people mostly did who got these words.
pub(in crate::policy) fn advice(words: &str) -> &'static str {
    /// The end of the words, and the advice.
    const ADVICE: [(&str, &str); 13] = [
        (
            "mapping values are not allowed in this context",
            "check the indentation, and quote a text with a colon and a space in it",
        ),
        (
            "block sequence entries are not allowed in this context",
            "begin the list in a line of its own, or quote a text that begins with a hyphen",
        ),
        ("could not find expected ':'", "write `key: value`, and check the indentation"),
        ("did not find expected key", "check the indentation: the line belongs to nothing above it"),
        (
            "did not find expected '-' indicator",
            "check the indentation: every item of a list begins below the first",
        ),
        ("did not find expected ',' or ']'", "put commas between the items, and a bracket at the end"),
        ("did not find expected ',' or '}'", "put commas between the entries, and a brace at the end"),
        ("found unexpected end of stream", "close the quotes"),
        ("found unknown escape character", "double the backslash, or use single quotes"),
        ("found character that cannot start any token", "put the text into double quotes"),
        ("did not find expected alphabetic or numeric character", "put the text into double quotes: \"*\""),
        ("referenced", "define the anchor above, or put a text that begins with `*` into double quotes"),
        ("control characters are not allowed", "remove the character"),
    ];
    let known = ADVICE.iter().find(|(end, _)| words.ends_with(end));
    known.map_or("check the indentation and the quotes of this line", |(_, advice)| advice)
}

/// The name of the alias at the place.
fn alias_at(text: &str, position: Position) -> Option<&str> {
    let line = text.lines().nth(position.line - 1)?;
    let (start, _) = line.char_indices().nth(position.column - 1)?;
    let name = line.get(start..)?.strip_prefix('*')?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(name.len());
    name.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_as_go_does() {
        for (libyaml, go) in [
            (
                "did not find expected key at line 5 column 2, while parsing a block mapping at line 3 column 1",
                "yaml: line 4: did not find expected key",
            ),
            (
                "did not find expected whitespace or line break at line 5 column 16, while scanning a tag at line 5 column 11",
                "yaml: line 5: did not find expected whitespace or line break",
            ),
            (
                "found character that cannot start any token at line 6 column 5, while scanning for the next token",
                "yaml: line 6: found character that cannot start any token",
            ),
            (
                "found unknown directive name at line 1 column 5, while scanning a directive",
                "yaml: found unknown directive name",
            ),
            ("control characters are not allowed at position 57", "yaml: control characters are not allowed"),
        ] {
            assert_eq!(as_go_says(libyaml), go);
        }
    }
}

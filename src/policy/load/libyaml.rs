//! The error of libyaml for a text. The API server's YAML parser, go-yaml v2, is a translation of libyaml.

use serde::Deserialize as _;
use serde::de::IgnoredAny;

/// The error of libyaml in the first document of the text, for example `did not find expected key`.
pub(in crate::policy) fn error(text: &str) -> Option<String> {
    let document = serde_yaml::Deserializer::from_str(text).next()?;
    // For example `did not find expected key at line 5 column 2, while parsing a block mapping at line 3 column 1`.
    let error = IgnoredAny::deserialize(document).err()?.to_string();
    let problem = error.split(", while ").next().unwrap_or_default();
    Some(problem.split(" at ").next().unwrap_or_default().to_owned())
}

/// What to do about an error: the usual mistake behind it.
pub(in crate::policy) fn advice(error: &str) -> &'static str {
    /// The end of the error, and the advice.
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
        ("unknown anchor", "define the anchor above, or put a text that begins with `*` into double quotes"),
        ("control characters are not allowed", "remove the character"),
    ];
    let known = ADVICE.iter().find(|(end, _)| error.ends_with(end));
    known.map_or("check the indentation and the quotes of this line", |(_, advice)| advice)
}

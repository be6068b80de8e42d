//! Damages texts randomly with fragments that are significant in YAML.

use super::choices::Choices;

/// Fragments that are significant in YAML.
const FRAGMENTS: [&str; 48] = [
    ":", "-", "#", " ", "\n", "\t", "\"", "'", "[", "]", "{", "}", ",", "&a ", "*a", "!", "|", ">", "?", "%",
    "@", "`", "\\", "- ", ": ", " #", "\n  ", "\n- ", "---\n", "...\n", "<<: ", "~", "|+", ">-", "|2",
    "\r\n", "\r", "\u{2028}", "\u{85}", "é", "\u{feff}", "!!str ", "!x ", "&x ", "*x", "\u{7}", "😀",
    "\u{a0}",
];

/// Damages a text at a few positions.
pub(crate) fn break_text(text: &str, choices: &Choices<'_>) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=choices.below(4) {
        let at = (choices.below(256) * 256 + choices.below(256)) % (bytes.len() + 1);
        let end = (at + choices.below(12)).min(bytes.len());
        match choices.below(8) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => bytes.extend_from_within(at..end),
            3 => drop(bytes.splice(at..end, [u8::try_from(choices.below(256)).unwrap_or(0)])),
            4 => drop(bytes.splice(at..at, b"  ".iter().copied())),
            _ => drop(bytes.splice(at..at, FRAGMENTS[choices.below(FRAGMENTS.len())].bytes())),
        }
    }
    bytes
}

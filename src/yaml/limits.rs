//! The limits of every document.

use super::position::refuse_at;
use super::tree::{Kind, Node, ScalarStyle};
use crate::diagnostic::Diagnostic;

/// The kubelet reads at most this much of a manifest (`maxConfigLength` in `pkg/kubelet/config/common.go`), 10 MiB.
pub const MAX_BYTES: usize = 10 << 20;

/// Decodes the bytes of a file as text.
///
/// # Errors
///
/// Refuses what is longer than [`MAX_BYTES`], is not UTF-8, or contains NUL bytes.
pub fn decode(bytes: &[u8]) -> Result<&str, Diagnostic> {
    require_size(bytes)?;
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Diagnostic::error("the file is encoded in UTF-16, not UTF-8")
            .help("convert it: iconv -f UTF-16 -t UTF-8 FILE"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let valid = bytes.get(..at).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
            return Err(refuse_at(valid, at, format!("byte {} of the file is not valid UTF-8", at + 1))
                .help("save the file as UTF-8"));
        }
    };
    match text.find('\0') {
        Some(at) => Err(refuse_at(text, at, "the file contains a NUL byte").help("remove it")),
        None => Ok(text),
    }
}

/// Refuses texts that are too long.
pub(super) fn require_size(text: impl AsRef<[u8]>) -> Result<(), Diagnostic> {
    let bytes = text.as_ref().len();
    if bytes > MAX_BYTES {
        return Err(Diagnostic::error(format!(
            "the file has {bytes} bytes, more than the {MAX_BYTES} bytes that the kubelet reads"
        ))
        .help("make it smaller, for example by removing comments"));
    }
    Ok(())
}

/// Refuses NEL, LS and PS outside quotes: they end a line, and so a comment, in YAML 1.1 but not in 1.2. Also refuses a
/// byte order mark that is not at the start, which some parsers skip and go-yaml reads as text.
pub(super) fn require_common_characters(text: &str, root: &Node) -> Result<(), Diagnostic> {
    let mut suspects = text
        .match_indices(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'])
        .map(|(at, _)| at)
        .filter(|at| *at > 0)
        .peekable();
    if suspects.peek().is_none() {
        return Ok(());
    }
    let mut quoted = Vec::new();
    root.walk(&mut |node| {
        if matches!(&node.kind, Kind::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)) {
            quoted.push(node.span());
        }
    });
    let mut quoted = quoted.into_iter().peekable();
    for at in suspects {
        while quoted.next_if(|span| span.end <= at).is_some() {}
        if quoted.peek().is_none_or(|span| at < span.start) {
            return Err(refuse_at(
                text,
                at,
                "invisible character (NEL, LS, PS or a byte order mark) outside quotes",
            )
            .help("remove it, or write it as an escape sequence in double quotes: \"\\u2028\""));
        }
    }
    Ok(())
}

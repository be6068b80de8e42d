//! What is let in: the limits of every text, and the stricter ones of a manifest that is going to be edited.

use super::place::refuse_at;
use super::tree::{Kind, Node, ScalarStyle};
use crate::diagnostic::Diagnostic;

/// The kubelet reads at most this much of a manifest (`maxConfigLength` in `pkg/kubelet/config/common.go`), 10 MiB.
pub const MAX_BYTES: usize = 10 << 20;

/// Takes bytes of a file as text.
///
/// # Errors
///
/// Refuses what is longer than [`MAX_BYTES`], not UTF-8, or has NUL bytes in it.
pub fn decode(bytes: &[u8]) -> Result<&str, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        return Err(refuse_size(bytes.len()));
    }
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Diagnostic::error("the file is UTF-16").help("convert it: iconv -f UTF-16 -t UTF-8 FILE"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let valid = bytes.get(..at).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
            return Err(refuse_at(valid, at, format!("byte {} of the file is not UTF-8", at + 1))
                .help("save the file as UTF-8"));
        }
    };
    match text.find('\0') {
        Some(at) => Err(refuse_at(text, at, "there is a NUL byte in the file").help("remove it")),
        None => Ok(text),
    }
}

fn refuse_size(bytes: usize) -> Diagnostic {
    Diagnostic::error(format!("the text has {bytes} bytes; the kubelet reads {MAX_BYTES}"))
        .help("make it smaller, for example by removing comments")
}

/// Refuses line breaks that only one of YAML 1.1 and 1.2 knows, and texts that are too long, in any document.
pub(super) fn require_readable(text: &str) -> Result<(), Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(refuse_size(text.len()));
    }
    Ok(())
}

/// Refuses NEL, LS and PS outside quotes: they end a line, and so a comment, for YAML 1.1 but not for 1.2. And a
/// byte order mark anywhere but at the start, which some readers skip and go-yaml takes as text.
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
                "there is an invisible character (NEL, LS, PS or a byte order mark)",
            )
            .help("remove it, or write it as an escape in double quotes: \"\\u2028\""));
        }
    }
    Ok(())
}

//! The line around a byte of a text.

/// The length of the byte order mark at the start, in bytes; 0 without one.
pub(super) fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// The first byte of the line that contains `at`, after a byte order mark.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    match text.get(..at).and_then(|before| before.rfind('\n')) {
        Some(line_end) => line_end + 1,
        None => byte_order_mark(text),
    }
}

/// The end of the line that contains `at`, without its line ending.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let content = if line.len() < rest.len() { line.strip_suffix('\r').unwrap_or(line) } else { line };
    at + content.len()
}

/// The first byte after the line that contains `at` and its line ending.
pub(super) fn line_after(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |line_end| at + line_end + 1)
}

/// The line ending to write next to `at`: that of its line, or of the one before if it has none; `None` in a text of one
/// line without a line ending.
pub(super) fn line_ending(text: &str, at: usize) -> Option<&'static str> {
    let through = text.get(..line_after(text, at)).unwrap_or(text);
    let before = text.get(..line_start(text, at)).unwrap_or_default();
    let ended = if through.ends_with('\n') { through } else { before };
    if ended.ends_with("\r\n") { Some("\r\n") } else { ended.ends_with('\n').then_some("\n") }
}

/// How many characters of its line are before `at`.
pub(super) fn column(text: &str, at: usize) -> usize {
    text.get(line_start(text, at)..at).unwrap_or_default().chars().count()
}

/// Whether only blanks are before `at` in its line.
pub(super) fn is_first_on_line(text: &str, at: usize) -> bool {
    text.get(line_start(text, at)..at).unwrap_or_default().bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// Whether only blanks and perhaps a comment are between `at` and the end of its line.
pub(super) fn is_last_on_line(text: &str, at: usize) -> bool {
    let rest = text.get(at..line_end(text, at)).unwrap_or_default();
    let trimmed = rest.trim_start_matches([' ', '\t']);
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}

/// Whether both bytes are in the same line.
pub(super) fn on_same_line(text: &str, first: usize, second: usize) -> bool {
    !text.get(first..second).unwrap_or_default().contains('\n')
}

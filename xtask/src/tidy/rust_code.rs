//! Splits Rust source into code and prose (comments and literals), so that a rule about one ignores the other.

/// `text` with every comment and every string or character literal replaced by blanks. Lines stay where they are.
pub(super) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for (piece, is_prose) in pieces(text) {
        if is_prose {
            code.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code += piece;
        }
    }
    code
}

/// The comments and literals of `text`, with full stops for the code between them. Lines stay where they are.
///
/// The marks that make a comment a comment are blanked, and so are escapes in literals.
pub(super) fn prose_only(text: &str) -> String {
    let mut prose = String::with_capacity(text.len());
    for (piece, is_prose) in pieces(text) {
        if !is_prose {
            prose.extend(piece.chars().map(|c| if c.is_whitespace() { c } else { '.' }));
        } else if let Some(comment) = piece.strip_prefix("//") {
            prose += comment.trim_start_matches(['/', '!']);
        } else {
            let mut escaped = false;
            prose.extend(piece.chars().map(|c| {
                let is_blank = c == '\\' || escaped;
                escaped = c == '\\' && !escaped;
                if is_blank && c != '\n' { ' ' } else { c }
            }));
        }
    }
    prose
}

/// `text` in pieces: each comment and each literal (true), and what is between them (false).
fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inert = inert_length(rest);
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        // A word is read completely, so that the `r` at the end of `var` is not mistaken for the start of a raw string.
        let length = if inert > 0 { inert } else { word.max(first.len_utf8()) };
        let (piece, after) = rest.split_at_checked(length)?;
        rest = after;
        Some((piece, inert > 0))
    })
}

/// Whether `c` can be part of an identifier.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length in bytes of the comment or literal at the beginning of `text`, or 0. One without an end reaches to the
/// end of the text.
fn inert_length(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment_length(text);
    }
    if text.starts_with('\'') {
        return character_length(text);
    }
    string_length(text)
}

/// Block comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("/*") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = after;
            if depth == 0 {
                break;
            }
        } else {
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
        }
    }
    text.len() - rest.len()
}

/// A character literal, as opposed to a lifetime: `'a'` and `'\''`, but not `'a`.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((escaped, c))) => {
            let after = escaped + c.len_utf8();
            text.get(after..).and_then(|rest| rest.find('\'')).map_or(0, |end| after + end + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 0,
    }
}

/// A string literal of any kind: `"…"`, `b"…"`, `c"…"`, `r"…"`, `br#"…"#`.
fn string_length(text: &str) -> usize {
    let after_prefix = text.trim_start_matches(['b', 'c', 'r']);
    let after_hashes = after_prefix.trim_start_matches('#');
    let prefix = text.get(..text.len() - after_prefix.len()).unwrap_or_default();
    let hashes = after_prefix.len() - after_hashes.len();
    let Some(body) = after_hashes.strip_prefix('"') else { return 0 };
    let start = text.len() - body.len();
    if prefix.contains('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return body.find(&end).map_or(text.len(), |length| start + length + end.len());
    }
    if hashes > 0 {
        return 0;
    }
    let mut escaped = false;
    let end = body.find(|c| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |length| start + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_comments() {
        assert_eq!(code_only("a(); // std::fs\nb();"), "a();           \nb();");
        assert_eq!(code_only("a/* x /* y */ \n z */b"), "a             \n     b");
        assert_eq!(code_only("a / b // c"), "a / b     ");
    }

    #[test]
    fn blanks_strings() {
        assert_eq!(code_only(r#"f("a\"b\\", c)"#), "f(        , c)");
        assert_eq!(code_only("f(r#\"a\"b\"#, c)"), "f(        , c)");
        assert_eq!(code_only("f(b\"x\", \"\né\")x"), "f(    ,  \n  )x");
        assert_eq!(code_only("var\"x\"#"), "var   #");
        assert_eq!(code_only("r#type"), "r#type");
    }

    #[test]
    fn keeps_prose() {
        assert_eq!(prose_only("a(\"b\\nc\"); //! d\ne"), ". .\"b  c\". .  d\n.".replace(". .", ".."));
        assert_eq!(prose_only("/* x */ y"), "/* x */ .");
    }

    #[test]
    fn tells_characters_from_lifetimes() {
        assert_eq!(code_only(r"match c { '\'' => 'b', '/' => d }"), "match c {      =>    ,     => d }");
        assert_eq!(code_only("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
        assert_eq!(code_only(r"'\u{1F600}'x"), "           x");
    }

    #[test]
    fn keeps_what_it_cannot_finish() {
        assert_eq!(code_only("a \"b"), "a   ");
        assert_eq!(code_only("a /* b"), "a     ");
    }
}

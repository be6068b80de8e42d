//! The relevant properties of the code of one file: which names it uses, and which parts are tests.

use std::collections::HashMap;

use crate::tidy::rust_paths::{Token, tokenize};

/// The names in `code` that stand by themselves, each with its first line. A name in lower case counts only where it is
/// called or followed by `::`, so that a variable is not mistaken for a function.
pub(super) fn used_names(code: &str) -> HashMap<String, usize> {
    let tokens = tokenize(code);
    let mut names = HashMap::new();
    let mut in_use = false;
    for (index, token) in tokens.iter().enumerate() {
        let text_at =
            |index: Option<usize>| index.and_then(|index| tokens.get(index)).map_or("", |token| token.text);
        let before = text_at(index.checked_sub(1));
        let after = text_at(index.checked_add(1));
        in_use = token.text == "use" && after != "<" || in_use && token.text != ";";
        let is_free =
            !in_use && !matches!(before, "::" | "." | "fn" | "mod" | "struct" | "enum" | "let" | "'");
        let is_called =
            !token.text.starts_with(|c: char| c.is_ascii_lowercase()) || matches!(after, "(" | "::" | "!");
        if is_free && is_called {
            names.entry(token.text.to_owned()).or_insert(token.line);
        }
    }
    names
}

/// `code` without what is `#[cfg(test)]` (blanked, so that lines stay), and the names of modules that are so in files
/// of their own.
pub(super) fn without_tests(code: &str) -> (String, Vec<String>) {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut names = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(ATTRIBUTE) {
        let (before, item) = rest.split_at(start);
        let (item, after) = item.split_at(item_length(item));
        let tokens = tokenize(item);
        let words: Vec<&str> = tokens.iter().map(|token: &Token<'_>| token.text).collect();
        if let [.., "mod", name, ";"] = words.as_slice() {
            names.push((*name).to_owned());
        }
        kept += before;
        kept.extend(item.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    kept += rest;
    (kept, names)
}

/// The length of the item that `code` begins with, its attributes included: to the end of its block, to its semicolon,
/// or before what closes the block around it.
fn item_length(code: &str) -> usize {
    let is_one_statement = tokenize(code)
        .iter()
        .skip(7)
        .find(|token| !matches!(token.text, "pub" | "(" | ")" | "crate" | "super"))
        .is_some_and(|token| matches!(token.text, "use" | "const" | "static" | "type" | "let"));
    let mut depth = 0_usize;
    for (index, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return index,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 && !is_one_statement {
                    return index + 1;
                }
            }
            ';' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_tests() {
        let code =
            "a;\n#[cfg(test)]\nmod tests {\n    use b::c;\n}\nd;\n#[cfg(test)]\npub(crate) use e::{f, g};\nh";
        let (kept, names) = without_tests(code);
        assert_eq!(kept.split_whitespace().collect::<Vec<_>>(), ["a;", "d;", "h"]);
        assert_eq!(kept.lines().count(), code.lines().count());
        assert_eq!(names, [""; 0]);
        assert_eq!(without_tests("#[cfg(test)]\npub mod server;\nx").1, ["server"]);
        assert_eq!(
            without_tests("impl A {\n#[cfg(test)]\nfn f() -> [u8; 2] { g() }\nfn h() {} }")
                .0
                .matches("fn")
                .count(),
            1
        );
    }

    #[test]
    fn knows_used_names() {
        let used =
            used_names("pub use a::{Read, write};\nfn f(x: Read) { x.write(); let write = 1; b::Other }\n");
        assert_eq!(used.get("Read"), Some(&2));
        assert_eq!(used.get("write"), None);
        assert_eq!(used.get("Other"), None);
        assert_eq!(used_names("pub use a::write;\nfn f() { write(1) }").get("write"), Some(&2));
    }
}

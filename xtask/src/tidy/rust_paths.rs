//! The paths that Rust source names: `std::fs::read` in an expression, and each name that a `use` brings in.

use super::rust_code::is_word;

/// A path of names, and the line it ends on, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    pub(super) line: usize,
    pub(super) path: String,
    /// The name that a `use` binds to it.
    pub(super) import: Option<Import>,
}

/// The name that a `use` brings in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) name: String,
    /// Whether the `use` passes the name on (`pub use`, also `pub(crate) use`).
    pub(super) is_public: bool,
}

/// All paths in `code`, which holds no comments and no literals.
///
/// A name alone is a path only in a `use`; elsewhere it may be a variable.
pub(super) fn named_paths(code: &str) -> Vec<NamedPath> {
    let tokens = tokenize(code);
    let mut rest = tokens.as_slice();
    let mut paths = Vec::new();
    let mut is_public = false;
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        // `use<'a>` in a bound lists lifetimes.
        if token.text == "use" && after.first().is_some_and(|next| next.text != "<") {
            use_tree(&mut rest, "", is_public, &mut paths);
        } else if token.text.starts_with(is_word) {
            let mut path = token.text.to_owned();
            let mut line = token.line;
            while let [colons, name, after @ ..] = rest
                && colons.text == "::"
                && name.text.starts_with(is_word)
            {
                path = format!("{path}::{}", name.text);
                line = name.line;
                rest = after;
            }
            is_public = path == "pub";
            // `(in a::b)` is not an import.
            if is_public && rest.first().is_some_and(|next| next.text == "(") {
                let end = rest.iter().position(|token| token.text == ")").unwrap_or(rest.len());
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            if path.contains("::") {
                paths.push(NamedPath { line, path, import: None });
            }
        }
    }
    paths
}

/// Takes one tree of a `use` off `rest` and adds a path for each of its leaves. `prefix` is empty or ends in `::`.
fn use_tree(rest: &mut &[Token<'_>], prefix: &str, is_public: bool, paths: &mut Vec<NamedPath>) {
    let mut path = prefix.to_owned();
    while let Some((token, after)) = rest.split_first() {
        match token.text {
            // What follows these belongs to the tree around this one.
            "," | ";" | "}" => return,
            "{" => {
                *rest = after;
                while let Some((token, after)) = rest.split_first() {
                    match token.text {
                        "}" => {
                            *rest = after;
                            return;
                        }
                        "," => *rest = after,
                        ";" => return,
                        _ => use_tree(rest, &path, is_public, paths),
                    }
                }
                return;
            }
            "as" => {
                let alias = after.first().map(|alias| alias.text.to_owned());
                if let Some((NamedPath { import: Some(import), .. }, alias)) = paths.last_mut().zip(alias) {
                    import.name = alias;
                }
                *rest = after.get(1..).unwrap_or_default();
                continue;
            }
            "::" if path.is_empty() => {}
            "::" => path += "::",
            name => {
                path += name;
                // A leaf is a name without a following `::`.
                if after.first().is_none_or(|next| next.text != "::") {
                    let last = |path: &str| path.rsplit("::").next().unwrap_or_default().to_owned();
                    let name = path.strip_suffix("::self").map_or_else(|| last(&path), last);
                    let import = Some(Import { name, is_public });
                    paths.push(NamedPath { line: token.line, path: path.clone(), import });
                }
            }
        }
        *rest = after;
    }
}

/// A word, `::`, or another character.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
}

/// Words, `::`, and every other character by itself.
pub(super) fn tokenize(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (index, text) in code.lines().enumerate() {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("::") {
                2
            } else {
                rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()).max(first.len_utf8())
            };
            let Some((text, after)) = rest.split_at_checked(length) else { break };
            if !first.is_whitespace() {
                tokens.push(Token { text, line: index + 1 });
            }
            rest = after;
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        named_paths(code).into_iter().map(|NamedPath { line, path, .. }| format!("{line} {path}")).collect()
    }

    #[test]
    fn finds_paths_in_expressions() {
        assert_eq!(paths("let text = std::fs::read(p)?;\nlet similar = 1;"), ["1 std::fs::read"]);
        assert_eq!(paths("Vec::<u8>::new(); std::env\n    ::var(x)"), ["2 std::env::var"]);
    }

    #[test]
    fn expands_uses() {
        assert_eq!(paths("use nix;\npub use std::fs;"), ["1 nix", "2 std::fs"]);
        assert_eq!(
            paths(
                "use std::{\n    env,\n    time::{Duration, SystemTime as Clock},\n    io::{self, Read as _},\n};\nf()"
            ),
            [
                "2 std::env",
                "3 std::time::Duration",
                "3 std::time::SystemTime",
                "4 std::io::self",
                "4 std::io::Read",
            ]
        );
        assert_eq!(paths("use {clap::Parser, ::nix::unistd::*};"), ["1 clap::Parser", "1 nix::unistd::*"]);
    }

    #[test]
    fn tells_what_a_use_makes_of_a_name() {
        let code = "use a::{self, b as c};\npub use d::e;\npub(in crate::x) use f::g as _;\npub fn h() { use i::j; }";
        let imports: Vec<String> = named_paths(code)
            .into_iter()
            .filter_map(|named| named.import.map(|Import { name, is_public }| format!("{name} {is_public}")))
            .collect();
        assert_eq!(imports, ["a false", "c false", "e true", "_ true", "j false"]);
    }

    #[test]
    fn other_uses_of_use_are_no_import() {
        assert_eq!(paths("fn f<'a>() -> impl Sized + use<'a> {}\nuse a::b;"), ["2 a::b"]);
    }
}

//! Texts that a line must have to hold an event that a filter lets pass. To look for them costs a small part of what
//! reading an event does, and of most questions most lines have none.
//!
//! A line without them cannot have such an event: JSON writes a text as itself, but for characters that need not be part
//! of a needle, and with `\u` (RFC 8259, 7), so that lines with that are read too.

use super::filter::Filter;
use super::pattern::{Pattern, ResourcePattern};
use super::term::{Choice, Codes};
use memchr::memmem::Finder;

/// More of them are not looked for: each goes through the line again.
const MOST: usize = 4;

/// How any character can be written.
const ESCAPE: &[u8] = b"\\u";

/// Of these a line has at least one.
#[derive(Debug, Clone)]
pub(super) struct Needles {
    finders: Vec<Finder<'static>>,
    escape: Finder<'static>,
}

impl Needles {
    /// The best that there are for `filter`; `None` where any line may hold an event that passes.
    pub(super) fn of(filter: &Filter) -> Option<Self> {
        let mut candidates = vec![
            all_of(&filter.users, text_of),
            all_of(&filter.groups, text_of),
            all_of(&filter.verbs, text_of),
            all_of(&filter.namespaces, text_of),
            all_of(&filter.names, text_of),
            all_of(&filter.audit_ids, text_of),
            all_of(&filter.resources, text_of_resource),
            all_of(&filter.levels, |level| Some(quoted(level.name()))),
            all_of(&filter.stages, |stage| Some(quoted(stage.name()))),
            all_of(&filter.codes, |codes| text_of_code(*codes)),
        ];
        if filter.is_denied {
            candidates.push(Some(["forbid", "401", "403"].map(str::to_owned).to_vec()));
        }
        let least = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
        // A long text is in fewer lines, and found faster.
        let best = candidates.into_iter().flatten().max_by_key(least).filter(|texts| least(texts) > 0)?;
        let finders = best.iter().map(|text| Finder::new(text.as_bytes()).into_owned()).collect();
        Some(Self { finders, escape: Finder::new(ESCAPE).into_owned() })
    }

    /// Whether the line may hold an event that passes.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        self.all().any(|finder| finder.find(line).is_some())
    }

    /// The places in `text` where a line may hold an event that passes.
    pub(super) fn places<'n>(&'n self, text: &'n [u8]) -> Places<'n> {
        Places { text, next: self.all().map(|finder| (finder, finder.find(text))).collect() }
    }

    fn all(&self) -> impl Iterator<Item = &Finder<'static>> {
        self.finders.iter().chain([&self.escape])
    }
}

/// Where the needles are in a text, looked for forwards and no further than was asked: each byte is looked at once for each
/// needle, and a line in which there is one is skipped for all others.
#[derive(Debug)]
pub(super) struct Places<'n> {
    text: &'n [u8],
    /// Each needle, and its first place since the last question; `None`: there is none any more.
    next: Vec<(&'n Finder<'static>, Option<usize>)>,
}

impl Places<'_> {
    /// The first place at `from` or behind it, which is not before that of the last question.
    pub(super) fn first_since(&mut self, from: usize) -> Option<usize> {
        let rest = self.text.get(from..).unwrap_or_default();
        for (finder, next) in &mut self.next {
            if next.is_some_and(|place| place < from) {
                *next = finder.find(rest).map(|place| from + place);
            }
        }
        self.next.iter().filter_map(|(_, next)| *next).min()
    }
}

/// A text for each of those of which one has to fit; `None` where one has none, or where none has to fit.
fn all_of<T>(choice: &Choice<T>, text: impl Fn(&T) -> Option<String>) -> Option<Vec<String>> {
    let terms = choice.any_of();
    if terms.is_empty() || terms.len() > MOST {
        return None;
    }
    terms.iter().map(text).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The longest part that every text like the pattern has in JSON, with the quotes that belong to it. What is not there
/// counts as empty, so a pattern for that has none.
fn text_of(pattern: &Pattern) -> Option<String> {
    let last = pattern.parts().len().saturating_sub(1);
    let parts = pattern.parts().iter().enumerate().flat_map(|(index, part)| {
        let mut pieces: Vec<String> = pieces(part).map(str::to_owned).collect();
        if index == 0
            && let Some(first) = pieces.first_mut()
        {
            first.insert(0, '"');
        }
        if index == last
            && let Some(last) = pieces.last_mut()
        {
            last.push('"');
        }
        pieces
    });
    // A quote alone is in every line.
    parts.max_by_key(String::len).filter(|text| text.len() > 1 && !pattern.matches(""))
}

/// What stands in JSON as itself.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| matches!(c, '"' | '\\' | '/') || c.is_control())
}

fn text_of_resource(pattern: &ResourcePattern) -> Option<String> {
    match pattern {
        ResourcePattern::Resource { resource, subresource, .. } => {
            let subresource = subresource.as_ref().and_then(text_of);
            text_of(resource).into_iter().chain(subresource).max_by_key(String::len)
        }
        ResourcePattern::Path(path) => {
            // A query may follow, so no quote belongs to it.
            let longest = path.parts().iter().flat_map(|part| pieces(part)).max_by_key(|piece| piece.len());
            longest.filter(|piece| !piece.is_empty()).map(str::to_owned)
        }
    }
}

fn text_of_code(codes: Codes) -> Option<String> {
    codes.only().map(|code| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::term::Term;
    use super::*;

    fn only(text: &str) -> Choice<Pattern> {
        std::iter::once(Term { is_not: false, value: Pattern::new(text) }).collect()
    }

    #[test]
    fn the_longest_text_is_looked_for() {
        for (pattern, text) in [
            ("alice", Some("\"alice\"")),
            ("system:node:*", Some("\"system:node:")),
            ("*@example.com", Some("@example.com\"")),
            ("a*longer*b", Some("longer")),
            ("https://issuer#alice", Some("issuer#alice\"")),
            ("say \"no\" twice", Some(" twice\"")),
            ("*", None),
            ("", None),
            ("\"", None),
            ("*/*", None),
        ] {
            assert_eq!(text_of(&Pattern::new(pattern)).as_deref(), text, "{pattern}");
        }
    }

    #[test]
    fn of_several_options_the_longest_is_looked_for() {
        let filter = Filter { verbs: only("get"), users: only("alice"), ..Filter::default() };
        let needles = Needles::of(&filter).unwrap();
        let mut places = needles.places(br#"{"user":"alice"} {"user":"\u0061lice"} "alice""#);
        assert_eq!([0, 9, 10, 40].map(|from| places.first_since(from)), [Some(8), Some(26), Some(26), None]);
        assert!(needles.may_be_in(br#"{"user":"alice"}"#));
        assert!(needles.may_be_in(br#"{"user":"\u0061lice"}"#));
        assert!(!needles.may_be_in(br#"{"user":"alice2","verb":"get"}"#));
        assert!(Needles::of(&Filter::default()).is_none());
    }
}

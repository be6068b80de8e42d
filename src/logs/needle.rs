//! Texts that a line must contain if it has an event that the filter selects. Searching for them is much cheaper than
//! parsing the event, and for most filters most lines contain none of them.
//!
//! A line without these texts cannot have such an event: JSON strings contain most characters unescaped, the others are
//! not part of a needle, and lines with `\u` escapes (RFC 8259, 7) are always parsed.

use super::filter::Filter;
use super::pattern::{Pattern, ResourcePattern};
use super::term::{Choice, Codes};
use memchr::memmem::Finder;

/// Filters with more alternatives are not searched for, because each of them is a further pass over the line.
const MOST: usize = 4;

/// The start of an escape that can stand for any character.
const ESCAPE: &[u8] = b"\\u";

/// A line with a selected event contains at least one of these.
#[derive(Debug, Clone)]
pub(super) struct Needles {
    finders: Vec<Finder<'static>>,
    escape: Finder<'static>,
}

impl Needles {
    /// The most selective needles for `filter`; `None` if any line may have a selected event.
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
        // A longer text is in fewer lines and is found faster.
        let best = candidates.into_iter().flatten().max_by_key(least).filter(|texts| least(texts) > 0)?;
        let finders = best.iter().map(|text| Finder::new(text.as_bytes()).into_owned()).collect();
        Some(Self { finders, escape: Finder::new(ESCAPE).into_owned() })
    }

    /// Whether the line may have a selected event.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        self.all().any(|finder| finder.find(line).is_some())
    }

    /// The positions in `text` where a line may have a selected event.
    pub(super) fn places<'n>(&'n self, text: &'n [u8]) -> Places<'n> {
        Places { text, next: self.all().map(|finder| (finder, finder.find(text))).collect() }
    }

    fn all(&self) -> impl Iterator<Item = &Finder<'static>> {
        self.finders.iter().chain([&self.escape])
    }
}

/// A forward search for needles in a text. It searches only as far as requested: each byte is searched once per needle,
/// and a line in which one needle was found is skipped for the others.
#[derive(Debug)]
pub(super) struct Places<'n> {
    text: &'n [u8],
    /// Each needle with its first position since the last call; `None` if it does not occur any more.
    next: Vec<(&'n Finder<'static>, Option<usize>)>,
}

impl Places<'_> {
    /// The first position at or after `from`, which must not decrease between calls.
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

/// One text per alternative; `None` if an alternative has no text, or if there are no alternatives.
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

/// The longest literal part of the pattern as it is written in JSON, with the quotes next to it. A missing member
/// counts as empty, so a pattern that matches the empty text has no needle.
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
    // A single quote character is in every line.
    parts.max_by_key(String::len).filter(|text| text.len() > 1 && !pattern.matches(""))
}

/// The parts that JSON writes unescaped.
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
            // A query may follow the path, so the closing quote is not part of the needle.
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

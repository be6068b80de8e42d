//! Builds the tree from the parser's events: the structure comes from the events, the positions from the text.

mod node;
mod padding;

use std::borrow::Cow;

use padding::Padded;
use saphyr_parser::{Event, Parser, ScalarStyle as EventStyle, Span, StrInput, Tag};

use super::position::{SYNTAX_HELP, refuse_at};
use super::scan::Scan;
use super::tree::Node;
use crate::diagnostic::Diagnostic;

/// The first document of a text.
pub(super) struct Composed {
    /// Its root node; absent if the document is empty.
    pub(super) root: Node,
    /// The position of a `%` directive, if there is one.
    pub(super) directive: Option<usize>,
    /// The start of a further document with content, if there is one.
    pub(super) further: Option<usize>,
}

/// Reads the first document of `text`, whose byte order mark, if any, ends at `start`.
///
/// # Errors
///
/// Refuses syntax errors and documents that are nested too deeply.
pub(super) fn compose(text: &str, start: usize) -> Result<Composed, Diagnostic> {
    let plain = Padded::plain(text, start);
    read(text, start, &plain).or_else(|refusal| {
        let padded = plain.indented().ok_or_else(|| refusal.clone())?;
        read(text, start, &padded).map_err(|_| refusal)
    })
}

fn read(text: &str, start: usize, padded: &Padded<'_>) -> Result<Composed, Diagnostic> {
    let mut composer = Composer {
        text,
        padded,
        parser: Parser::new_from_str(&padded.body),
        scan: Scan::new(text, start),
        start,
        mapped: (0, 0),
        depth: 0,
    };
    composer.document()
}

struct Composer<'t, 'p> {
    text: &'t str,
    padded: &'p Padded<'p>,
    parser: Parser<'p, StrInput<'p>>,
    scan: Scan<'t>,
    /// The byte offset of the parser's character 0.
    start: usize,
    /// The last pair of the parser's character index and the byte offset in its input.
    mapped: (usize, usize),
    depth: usize,
}

type Token<'t> = (Event<'t>, Span);
type EventTag<'t> = Option<Cow<'t, Tag>>;

/// What contains a node, as far as that decides where names and tags end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    Block,
    FlowSequence,
    FlowMapping,
}

impl<'p> Composer<'_, 'p> {
    fn document(&mut self) -> Result<Composed, Diagnostic> {
        let mut directive = None;
        let (mut event, mut span) = self.next()?;
        while matches!(event, Event::StreamStart) {
            (event, span) = self.next()?;
        }
        if let Event::DocumentStart(explicit) = event {
            if explicit {
                let marker = self.byte_at(span.start.index());
                directive = self.find_directive(marker);
                let after_marker = self.byte_at(span.end.index());
                self.scan.set(after_marker);
            }
            (event, span) = self.next()?;
        }
        let root = if matches!(event, Event::StreamEnd) {
            self.absent(0, None)?
        } else {
            self.node(event, span, Surroundings::Block)?
        };
        Ok(Composed { root, directive, further: self.find_further_document() })
    }

    /// The next event of the parser.
    fn next(&mut self) -> Result<Token<'p>, Diagnostic> {
        match self.parser.next_event() {
            Some(Ok(token)) => Ok(token),
            Some(Err(error)) => {
                let at = self.byte_at(error.marker().index());
                Err(refuse_syntax(self.text, at, error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// A directive is a line that starts with `%` before the `---` of the document.
    fn find_directive(&self, marker: usize) -> Option<usize> {
        let mut at = self.start;
        for line in self.text.get(self.start..marker).unwrap_or_default().split_inclusive('\n') {
            if line.starts_with('%') {
                return Some(at);
            }
            at += line.len();
        }
        None
    }

    /// The start of a document with content after this one. What cannot be parsed counts as content, because Go does not
    /// read it.
    fn find_further_document(&mut self) -> Option<usize> {
        loop {
            match self.parser.next_event()? {
                Ok((Event::StreamEnd, _)) => return None,
                Ok((Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart, _)) => {}
                Ok((Event::Scalar(value, EventStyle::Plain, 0, None), _)) if value.is_empty() => {}
                Ok((_, span)) => return Some(self.byte_at(span.start.index())),
                Err(error) => return Some(self.byte_at(error.marker().index())),
            }
        }
    }

    fn require(&self, holds: bool) -> Result<(), Diagnostic> {
        if holds { Ok(()) } else { Err(self.lost()) }
    }

    /// The text does not match the parser's events: the YAML is too unusual to edit it safely.
    fn lost(&self) -> Diagnostic {
        refuse_at(self.text, self.scan.at(), "kaudit cannot follow the YAML syntax from here on")
            .help("write this part in simpler YAML, for example with block lists and without `?` keys")
    }

    /// The byte offset of the parser's character `index`. Indices mostly increase, so the search continues from the last
    /// one.
    fn byte_at(&mut self, index: usize) -> usize {
        if index < self.mapped.0 {
            self.mapped = (0, 0);
        }
        let (character, byte) = self.mapped;
        let rest = self.padded.body.get(byte..).unwrap_or_default();
        let ahead = index - character;
        let step = rest.char_indices().nth(ahead).map_or(rest.len(), |(step, _)| step);
        self.mapped = (index, byte + step);
        self.padded.in_text(byte + step).min(self.text.len())
    }
}

/// A syntax error with the parser's message, and help for the common cause.
fn refuse_syntax(text: &str, at: usize, info: &str) -> Diagnostic {
    refuse_at(text, at, format!("this is not valid YAML: {info}")).help(if info.contains("tab") {
        "indent with spaces: YAML does not allow tabs here"
    } else {
        SYNTAX_HELP
    })
}

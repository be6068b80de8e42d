//! From the parser's events to the tree: the events give the structure, the text gives the places.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle as EventStyle, Span, StrInput, Tag};

use super::place::refuse_at;
use super::scan::Scan;
use super::tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};
use crate::refusal::Refusal;

/// Deeper than any Pod (which has eight levels), shallow enough that a recursion over the tree fits any stack and
/// the other readers' own limits (128) are not met first.
const MAX_DEPTH: usize = 100;

/// The first document of a text.
pub(super) struct Composed {
    /// Its root node; absent if the document is empty.
    pub(super) root: Node,
    /// Where a `%` directive stands, if one does.
    pub(super) directive: Option<usize>,
    /// Where a further document with content starts, if one does.
    pub(super) further: Option<usize>,
}

/// Reads the first document of `text`, whose byte order mark, if any, ends at `start`.
///
/// # Errors
///
/// Refuses what is not YAML and what is nested too deeply.
pub(super) fn compose(text: &str, start: usize) -> Result<Composed, Refusal> {
    let mut body = Cow::Borrowed(text.get(start..).unwrap_or_default());
    if !body.ends_with('\n') {
        // The parser invents a final line end in block scalars and libyaml does not. Given one, the parser behaves
        // the same everywhere, and `Composer::scalar` takes it out of the value again.
        body.to_mut().push('\n');
    }
    let mut composer = Composer {
        text,
        parser: Parser::new_from_str(&body),
        scan: Scan::new(text, start),
        start,
        mapped: (0, start),
        depth: 0,
    };
    composer.document()
}

struct Composer<'t, 'p> {
    text: &'t str,
    parser: Parser<'p, StrInput<'p>>,
    scan: Scan<'t>,
    /// Where the parser's character 0 is.
    start: usize,
    /// The last pair of character index (the parser's) and byte offset (ours).
    mapped: (usize, usize),
    depth: usize,
}

type Token<'t> = (Event<'t>, Span);
type EventTag<'t> = Option<Cow<'t, Tag>>;

/// What a node stands in, as far as that decides where words end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    Block,
    FlowSequence,
    FlowMapping,
}

impl<'p> Composer<'_, 'p> {
    fn document(&mut self) -> Result<Composed, Refusal> {
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
    fn next(&mut self) -> Result<Token<'p>, Refusal> {
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

    /// Where a document with content starts after this one. What cannot be parsed there counts as content: the
    /// reader that counts never looks at it.
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

    fn node(&mut self, event: Event<'p>, span: Span, within: Surroundings) -> Result<Node, Refusal> {
        if self.depth == MAX_DEPTH {
            self.scan.skip_trivia();
            return Err(refuse_at(self.text, self.scan.at(), "the document is nested too deeply")
                .help(format!("flatten it: kaudit reads {MAX_DEPTH} levels, a Pod needs about ten")));
        }
        self.depth += 1;
        let node = match event {
            Event::Alias(anchor) => self.alias(anchor, within),
            Event::Scalar(value, EventStyle::Plain, anchor, tag) if value.is_empty() => {
                self.absent_with(anchor, tag, within)
            }
            Event::Scalar(value, style, anchor, tag) => {
                let (start, properties) = self.properties(anchor, tag, within)?;
                self.scan.skip_trivia();
                if style == EventStyle::Plain && within != Surroundings::Block && value.contains('?') {
                    // go-yaml ends a plain scalar there, libyaml does not any more.
                    return Err(refuse_at(
                        self.text,
                        self.scan.at(),
                        "go-yaml does not read an unquoted `?` here",
                    )
                    .help("put the text into double quotes"));
                }
                self.scalar(&value, style, span, start, properties)
            }
            Event::SequenceStart(anchor, tag) => {
                let (start, properties) = self.properties(anchor, tag, within)?;
                self.scan.skip_trivia();
                self.sequence(start, properties)
            }
            Event::MappingStart(anchor, tag) => {
                let (start, properties) = self.properties(anchor, tag, within)?;
                self.scan.skip_trivia();
                self.mapping(start, properties, within)
            }
            _ => Err(self.lost()),
        };
        self.depth -= 1;
        node
    }

    fn alias(&mut self, anchor: usize, within: Surroundings) -> Result<Node, Refusal> {
        self.scan.skip_trivia();
        let start = self.scan.at();
        self.expect(b'*')?;
        self.scan.skip_word(within != Surroundings::Block);
        self.finish(Kind::Alias(anchor), start, start, None)
    }

    /// An empty scalar, perhaps with an anchor or tag. It stands where the cursor is, right after the indicator
    /// before it, and not after the comments that may follow.
    fn absent_with(
        &mut self,
        anchor: usize,
        tag: EventTag<'p>,
        within: Surroundings,
    ) -> Result<Node, Refusal> {
        if anchor == 0 && tag.is_none() {
            return self.absent(0, None);
        }
        let (start, properties) = self.properties(anchor, tag, within)?;
        self.absent(start, properties)
    }

    fn absent(&mut self, start: usize, properties: Option<Box<Properties>>) -> Result<Node, Refusal> {
        let at = self.scan.at();
        let start = if properties.is_some() { start } else { at };
        self.finish(Kind::Scalar("".into(), ScalarStyle::Plain), start, at, properties)
    }

    fn scalar(
        &mut self,
        value: &str,
        style: EventStyle,
        span: Span,
        start: usize,
        properties: Option<Box<Properties>>,
    ) -> Result<Node, Refusal> {
        let content = self.scan.at();
        let style = match style {
            EventStyle::Plain => {
                let end = self.byte_at(span.end.index());
                let written = self.text.get(content..end).unwrap_or_default().trim_end_matches(WHITE);
                self.scan.set(content + written.len());
                self.require(written.split_whitespace().eq(value.split_whitespace()))?;
                ScalarStyle::Plain
            }
            EventStyle::SingleQuoted => {
                self.require(self.scan.peek() == Some(b'\''))?;
                let closed = self.scan.skip_quoted();
                self.require(closed)?;
                ScalarStyle::SingleQuoted
            }
            EventStyle::DoubleQuoted => {
                self.require(self.scan.peek() == Some(b'"'))?;
                let closed = self.scan.skip_quoted();
                self.require(closed)?;
                ScalarStyle::DoubleQuoted
            }
            EventStyle::Literal => {
                self.require(self.scan.peek() == Some(b'|'))?;
                self.scan.skip_block_scalar(value);
                ScalarStyle::Literal
            }
            EventStyle::Folded => {
                self.require(self.scan.peek() == Some(b'>'))?;
                self.scan.skip_block_scalar(value);
                ScalarStyle::Folded
            }
        };
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let unended = is_block && self.scan.at() == self.text.len();
        let value = if unended { value.strip_suffix('\n').unwrap_or(value) } else { value };
        self.finish(Kind::Scalar(value.into(), style), start, content, properties)
    }

    fn sequence(&mut self, start: usize, properties: Option<Box<Properties>>) -> Result<Node, Refusal> {
        let content = self.scan.at();
        let flow = self.scan.accept(b'[');
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            if !flow {
                self.scan.skip_trivia();
            }
            let dash = self.scan.at();
            if flow {
                let node = self.node(event, span, Surroundings::FlowSequence)?;
                self.scan.skip_trivia();
                self.scan.accept(b',');
                items.push(Item { dash: node.start, node });
            } else {
                self.expect_indicator(b'-')?;
                let node = self.node(event, span, Surroundings::Block)?;
                items.push(Item { dash: self.stored(dash)?, node });
            }
        }
        if flow {
            self.scan.skip_trivia();
            self.expect(b']')?;
        }
        let style = if flow { Style::Flow } else { Style::Block };
        self.finish(Kind::Sequence(items, style), start, content, properties)
    }

    fn mapping(
        &mut self,
        start: usize,
        properties: Option<Box<Properties>>,
        within: Surroundings,
    ) -> Result<Node, Refusal> {
        let content = self.scan.at();
        let style = match (self.scan.accept(b'{'), within) {
            (true, _) => Style::Flow,
            (false, Surroundings::Block) => Style::Block,
            (false, _) => Style::Pair,
        };
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            entries.push(self.entry(event, span, style)?);
            if style == Style::Flow {
                self.scan.skip_trivia();
                self.scan.accept(b',');
            }
        }
        if style == Style::Flow {
            self.scan.skip_trivia();
            self.expect(b'}')?;
        }
        self.finish(Kind::Mapping(entries, style), start, content, properties)
    }

    fn entry(&mut self, event: Event<'p>, span: Span, style: Style) -> Result<Entry, Refusal> {
        let within = if style == Style::Block { Surroundings::Block } else { Surroundings::FlowMapping };
        self.scan.skip_trivia();
        let explicit = self.scan.accept_indicator(b'?');
        let key = self.node(event, span, within)?;
        let before_colon = self.scan.at();
        if style == Style::Block && !explicit {
            self.scan.skip_blanks();
        } else {
            self.scan.skip_trivia();
        }
        let at = self.stored(self.scan.at())?;
        let colon = self.scan.accept(b':').then_some(at);
        if colon.is_none() {
            self.require(style != Style::Block || explicit)?;
            self.scan.set(before_colon);
        }
        let (event, span) = self.next()?;
        let value = self.node(event, span, within)?;
        Ok(Entry { key, value, colon, explicit })
    }

    /// Steps over the anchor and the tag that the event has, and returns where they start; without any, where the
    /// content starts. The cursor ends right behind them: what follows may be nothing.
    fn properties(
        &mut self,
        anchor: usize,
        tag: EventTag<'p>,
        within: Surroundings,
    ) -> Result<(usize, Option<Box<Properties>>), Refusal> {
        let mut before = self.scan.clone();
        before.skip_trivia();
        let start = before.at();
        for _ in 0..usize::from(anchor != 0) + usize::from(tag.is_some()) {
            self.scan.skip_trivia();
            self.require(matches!(self.scan.peek(), Some(b'&' | b'!')))?;
            self.scan.skip_word(within != Surroundings::Block);
            // go-yaml takes a comma as part of a tag.
            self.require(!matches!(self.scan.peek(), Some(b',' | b'[' | b']' | b'{' | b'}')))?;
        }
        if anchor == 0 && tag.is_none() {
            return Ok((start, None));
        }
        let tag = tag.map(|tag| format!("{}{}", tag.handle, tag.suffix));
        Ok((start, Some(Box::new(Properties { anchor: (anchor != 0).then_some(anchor), tag }))))
    }

    fn finish(
        &mut self,
        kind: Kind,
        start: usize,
        content: usize,
        properties: Option<Box<Properties>>,
    ) -> Result<Node, Refusal> {
        // A block collection ends where its last child ends, which is where the cursor stands.
        let end = self.stored(self.scan.at())?;
        Ok(Node { kind, start: self.stored(start)?, content: self.stored(content)?, end, properties })
    }

    fn stored(&self, offset: usize) -> Result<u32, Refusal> {
        u32::try_from(offset).map_err(|_| self.lost())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refusal> {
        let found = self.scan.accept(byte);
        self.require(found)
    }

    fn expect_indicator(&mut self, indicator: u8) -> Result<(), Refusal> {
        let found = self.scan.accept_indicator(indicator);
        self.require(found)
    }

    fn require(&self, holds: bool) -> Result<(), Refusal> {
        if holds { Ok(()) } else { Err(self.lost()) }
    }

    /// The text is not where the parser's events say it is: YAML so unusual that nothing may be edited in it.
    fn lost(&self) -> Refusal {
        refuse_at(self.text, self.scan.at(), "kaudit cannot follow the YAML from here on")
            .help("write this part in plainer YAML, for example with block lists and without `?` keys")
    }

    /// The byte offset of the parser's character `index`. Indices mostly grow, so the search goes on from the
    /// last one.
    fn byte_at(&mut self, index: usize) -> usize {
        if index < self.mapped.0 {
            self.mapped = (0, self.start);
        }
        let (character, byte) = self.mapped;
        let rest = self.text.get(byte..).unwrap_or_default();
        let ahead = index - character;
        let step = rest.char_indices().nth(ahead).map_or(rest.len(), |(step, _)| step);
        self.mapped = (index, byte + step);
        byte + step
    }
}

const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// A syntax error in the parser's words, with help where the cause is a common one.
fn refuse_syntax(text: &str, at: usize, info: &str) -> Refusal {
    let refusal = refuse_at(text, at, format!("this is not valid YAML: {info}"));
    let line = refusal.excerpt.clone().unwrap_or_default();
    if line.trim_start_matches(' ').starts_with('\t') {
        return refusal.help("indent with spaces: YAML does not allow tabs there");
    }
    refusal
        .help("correct the line; `kubectl create --dry-run=client -f FILE` shows what Kubernetes makes of it")
}

//! Builds the nodes one after the other; each must be in the text where its event says.

use saphyr_parser::{Event, ScalarStyle as EventStyle, Span};

use super::{Composer, EventTag, Surroundings};
use crate::diagnostic::Diagnostic;
use crate::yaml::position::refuse_at;
use crate::yaml::tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};

/// Deeper than any Pod (which has eight levels), shallow enough for a recursion over the tree on any stack, and below the
/// limits of the other parsers (128).
const MAX_DEPTH: usize = 100;

/// White space that the parser's span of a plain scalar may include at its end.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'p> Composer<'_, 'p> {
    /// The node that starts with `event`, with everything below it.
    pub(super) fn node(
        &mut self,
        event: Event<'p>,
        span: Span,
        within: Surroundings,
    ) -> Result<Node, Diagnostic> {
        if self.depth == MAX_DEPTH {
            self.scan.skip_trivia();
            return Err(refuse_at(self.text, self.scan.at(), "the document is nested too deeply")
                .help(format!("kaudit supports {MAX_DEPTH} levels; a Pod has about ten")));
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
                    // go-yaml ends a plain scalar there, newer versions of libyaml do not.
                    return Err(refuse_at(
                        self.text,
                        self.scan.at(),
                        "Kubernetes does not accept an unquoted `?` here",
                    )
                    .help("put the text in double quotes"));
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

    fn alias(&mut self, anchor: usize, within: Surroundings) -> Result<Node, Diagnostic> {
        self.scan.skip_trivia();
        let start = self.scan.at();
        self.expect(b'*')?;
        self.scan.skip_word(within != Surroundings::Block);
        self.finish(Kind::Alias(anchor), start, start, None)
    }

    /// An empty scalar, perhaps with an anchor or tag. Its position is the cursor's, directly after the indicator and
    /// before any comments.
    fn absent_with(
        &mut self,
        anchor: usize,
        tag: EventTag<'p>,
        within: Surroundings,
    ) -> Result<Node, Diagnostic> {
        if anchor == 0 && tag.is_none() {
            return self.absent(0, None);
        }
        let (start, properties) = self.properties(anchor, tag, within)?;
        self.absent(start, properties)
    }

    pub(super) fn absent(
        &mut self,
        start: usize,
        properties: Option<Box<Properties>>,
    ) -> Result<Node, Diagnostic> {
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
    ) -> Result<Node, Diagnostic> {
        let content = self.scan.at();
        let (style, indicator) = match style {
            EventStyle::Plain => (ScalarStyle::Plain, None),
            EventStyle::SingleQuoted => (ScalarStyle::SingleQuoted, Some(b'\'')),
            EventStyle::DoubleQuoted => (ScalarStyle::DoubleQuoted, Some(b'"')),
            EventStyle::Literal => (ScalarStyle::Literal, Some(b'|')),
            EventStyle::Folded => (ScalarStyle::Folded, Some(b'>')),
        };
        self.require(indicator.is_none() || self.scan.peek() == indicator)?;
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if is_block {
            self.scan.skip_block_scalar(value);
        } else if style == ScalarStyle::Plain {
            let end = self.byte_at(span.end.index());
            let written = self.text.get(content..end).unwrap_or_default().trim_end_matches(WHITE);
            self.scan.set(content + written.len());
            self.require(written.split_whitespace().eq(value.split_whitespace()))?;
        } else {
            let is_closed = self.scan.skip_quoted();
            self.require(is_closed)?;
        }
        if style == ScalarStyle::DoubleQuoted {
            self.require_go_escapes(content)?;
        }
        let unended = is_block && self.scan.at() == self.text.len();
        let value = if unended { value.strip_suffix('\n').unwrap_or(value) } else { value };
        self.finish(Kind::Scalar(value.into(), style), start, content, properties)
    }

    /// JSON allows `\/`, go-yaml does not. Kubernetes does not use go-yaml for text that starts with a brace.
    fn require_go_escapes(&self, start: usize) -> Result<(), Diagnostic> {
        let written = self.text.get(start..self.scan.at()).unwrap_or_default();
        let escapes_slash = written.contains("\\/") && written.replace("\\\\", "").contains("\\/");
        if escapes_slash && !self.text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            return Err(refuse_at(
                self.text,
                start,
                "found unknown escape character `\\/`, which Kubernetes does not accept in YAML",
            )
            .help("write the slash without a backslash"));
        }
        Ok(())
    }

    fn sequence(&mut self, start: usize, properties: Option<Box<Properties>>) -> Result<Node, Diagnostic> {
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
    ) -> Result<Node, Diagnostic> {
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

    fn entry(&mut self, event: Event<'p>, span: Span, style: Style) -> Result<Entry, Diagnostic> {
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

    /// Skips the anchor and the tag of the event, and returns where they start; without any, where the content starts. The
    /// cursor ends directly after them, because the content may be empty.
    fn properties(
        &mut self,
        anchor: usize,
        tag: EventTag<'p>,
        within: Surroundings,
    ) -> Result<(usize, Option<Box<Properties>>), Diagnostic> {
        let mut before = self.scan.clone();
        before.skip_trivia();
        let start = before.at();
        for _ in 0..usize::from(anchor != 0) + usize::from(tag.is_some()) {
            self.scan.skip_trivia();
            self.require(matches!(self.scan.peek(), Some(b'&' | b'!')))?;
            self.scan.skip_word(within != Surroundings::Block);
            // go-yaml reads a comma as part of a tag.
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
    ) -> Result<Node, Diagnostic> {
        // A block collection ends at the end of its last child, which is the position of the cursor.
        let end = self.stored(self.scan.at())?;
        Ok(Node { kind, start: self.stored(start)?, content: self.stored(content)?, end, properties })
    }

    fn stored(&self, offset: usize) -> Result<u32, Diagnostic> {
        u32::try_from(offset).map_err(|_| self.lost())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Diagnostic> {
        let found = self.scan.accept(byte);
        self.require(found)
    }

    fn expect_indicator(&mut self, indicator: u8) -> Result<(), Diagnostic> {
        let found = self.scan.accept_indicator(indicator);
        self.require(found)
    }
}

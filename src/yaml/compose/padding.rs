//! The parser's input, and how its positions map to the text.
//!
//! The parser requires lines within brackets and quotes to be indented more than the block around them, as YAML 1.2 does.
//! libyaml and Go do not, so such lines are padded with blanks, which do not change any value.

use super::super::nesting::Nesting;
use std::borrow::Cow;

/// The parser's input.
#[derive(Debug)]
pub(super) struct Padded<'t> {
    pub(super) body: Cow<'t, str>,
    /// Where the body begins in the text.
    start: usize,
    pads: Vec<Pad>,
}

/// Blanks that are not in the text.
#[derive(Debug)]
struct Pad {
    /// Their position in the body, and how many.
    at: usize,
    count: usize,
    /// How many blanks were added before them.
    before: usize,
}

impl<'t> Padded<'t> {
    /// The text from byte `start` on, as it is.
    pub(super) fn plain(text: &'t str, start: usize) -> Self {
        let mut body = Cow::Borrowed(text.get(start..).unwrap_or_default());
        if !body.ends_with('\n') {
            // The parser adds a final line ending to block scalars and libyaml does not. With one in the input, the parser
            // behaves the same everywhere, and `Composer::scalar` removes it from the value again.
            body.to_mut().push('\n');
        }
        Self { body, start, pads: Vec::new() }
    }

    /// The same with padded lines; `None` where no line needs it, or where the padding would be most of the input.
    pub(super) fn indented(&self) -> Option<Self> {
        let Self { body: plain, start, .. } = self;
        let lines = Nesting::of(plain).shallow_lines;
        let blanks: usize = lines.iter().map(|(_, count)| count).sum();
        if lines.is_empty() || blanks > 4 * plain.len() {
            return None;
        }
        let mut body = String::with_capacity(plain.len() + blanks);
        let (mut pads, mut done, mut before) = (Vec::with_capacity(lines.len()), 0, 0);
        for (line, count) in lines {
            body.push_str(plain.get(done..line)?);
            pads.push(Pad { at: body.len(), count, before });
            body.extend(std::iter::repeat_n(' ', count));
            done = line;
            before += count;
        }
        body.push_str(plain.get(done..)?);
        Some(Self { body: body.into(), start: *start, pads })
    }

    /// The offset in the text of byte `at` of the body.
    pub(super) fn in_text(&self, at: usize) -> usize {
        let after = self.pads.partition_point(|pad| pad.at <= at);
        let blanks = self.pads.get(..after).and_then(<[Pad]>::last);
        self.start + at - blanks.map_or(0, |pad| pad.before + pad.count.min(at - pad.at))
    }
}

//! The expected way to say no: a value that names what is wrong, where, and what to do about it.

use crate::secret::mask_passwords_in_urls;
use std::fmt;

/// A position in a text, as people count: both numbers start at 1, columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why something was not done. Nothing was touched when one of these is returned.
///
/// It is a value and not an error type: a refusal is an expected ending with its own exit code, while an
/// `anyhow::Error` is a failure of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, one sentence without a final full stop.
    pub reason: String,
    /// The file it is about, as the operator would name it.
    pub file: Option<String>,
    /// Where in that file.
    pub position: Option<Position>,
    /// The line of the file at `position`, without its line ending.
    pub excerpt: Option<String>,
    /// What to do, one step per entry; may contain commands and lines to add by hand.
    pub help: Vec<String>,
    /// The file is sound, only its form is one that kaudit does not edit: a person can, given the lines.
    pub by_hand: bool,
}

impl Refusal {
    /// A refusal that only has its reason yet.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            file: None,
            position: None,
            excerpt: None,
            help: Vec::new(),
            by_hand: false,
        }
    }

    /// Adds one step of what to do.
    #[must_use]
    pub fn help(mut self, step: impl Into<String>) -> Self {
        self.help.push(step.into());
        self
    }

    /// Says that a person can do the edit that kaudit refuses.
    #[must_use]
    pub fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    /// Says where, and quotes that line of `text`.
    #[must_use]
    pub fn at(mut self, position: Position, text: &str) -> Self {
        self.position = Some(position);
        self.excerpt = text
            .lines()
            .nth(position.line.saturating_sub(1))
            .map(|line| mask_passwords_in_urls(line.trim_start_matches('\u{feff}')))
            .map(|line| line.chars().take(EXCERPT_MAX_CHARS).collect());
        self
    }

    /// Keeps the position and leaves out the line: it may hold a secret.
    #[must_use]
    pub fn without_excerpt(mut self) -> Self {
        self.excerpt = None;
        self
    }

    /// This one as the only one.
    #[must_use]
    pub fn alone(self) -> Vec<Self> {
        vec![self]
    }

    /// Names the file, unless a more specific place named it before.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file.get_or_insert(file.into());
        self
    }
}

/// An excerpt is there to recognise the line, not to print a 10 MiB one.
const EXCERPT_MAX_CHARS: usize = 160;

//! Colours, or none.

/// The escape sequences of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    on: bool,
}

impl Styles {
    /// No colours.
    #[must_use]
    pub fn plain() -> Self {
        Self { on: false }
    }

    /// The sixteen colours that every terminal has.
    #[must_use]
    pub fn colored() -> Self {
        Self { on: true }
    }

    /// What is added, what is well.
    #[must_use]
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What is removed, what is wrong.
    #[must_use]
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Places in a text.
    #[must_use]
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    /// Warnings.
    #[must_use]
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Headings.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// The length in bytes of the colour sequence (SGR, such as `ESC [ 1 m`) at the beginning of `text`, if there is one.
    #[must_use]
    pub fn sequence_length(text: &str) -> Option<usize> {
        let parameters = text.strip_prefix("\u{1b}[")?;
        let length = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        parameters.get(length..)?.starts_with('m').then_some(length + 3)
    }

    /// `text` without colour sequences, unless colours are on.
    #[must_use]
    pub fn strip(self, text: &str) -> String {
        if self.on {
            return text.to_owned();
        }
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, sequence)) = rest.find('\u{1b}').and_then(|at| rest.split_at_checked(at)) {
            plain.push_str(before);
            let length = Self::sequence_length(sequence).unwrap_or(1);
            plain.push_str(if length == 1 { "\u{1b}" } else { "" });
            rest = sequence.get(length..).unwrap_or_default();
        }
        plain + rest
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

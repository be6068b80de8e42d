//! An objection to a policy file, as data.

use crate::refusal::{Position, Refusal};
use crate::yaml::Path;

/// Whose objection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The API server's: with this file it would not start.
    WouldNotStart,
    /// kaudit's reader cannot tell what the API server would read. Such a file is not used.
    Undecided,
    /// kaudit's: the API server starts, but does not do what the file seems to say.
    Strict,
}

/// What an objection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The file cannot be used.
    Unusable,
    /// A key that the API server does not know.
    UnknownKey,
    /// A key that this version of the API server does not know yet.
    TooNewKey,
    /// A key that is there twice.
    DuplicateKey,
    /// A YAML document after the first one.
    FurtherDocument,
}

/// An objection to a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose it is.
    pub verdict: Verdict,
    /// What it is about.
    pub cause: Cause,
    /// What is wrong; the API server's own words where it is the API server's.
    pub words: String,
    /// What it is about; the root for the file as a whole.
    pub path: Path,
    /// Where in the file.
    pub position: Option<Position>,
    /// What it does and what to write instead.
    pub help: Vec<String>,
}

impl Finding {
    /// An objection to the file as a whole.
    pub(in crate::policy) fn of_file(verdict: Verdict, words: impl Into<String>) -> Self {
        let (path, cause) = (Path::root(), Cause::Unusable);
        Self { verdict, cause, words: words.into(), path, position: None, help: Vec::new() }
    }

    /// A refusal of the file `text` for it. Of bytes that are no text the text is empty.
    #[must_use]
    pub fn refuse(&self, text: &str, minor: u32) -> Refusal {
        let words = &self.words;
        let reason = match self.verdict {
            Verdict::WouldNotStart => {
                format!("kube-apiserver 1.{minor} would not start with this policy: {words}")
            }
            Verdict::Undecided => format!("this policy could not be judged: {words}"),
            Verdict::Strict => format!("this policy does not do what it seems to say: {words}"),
        };
        let refusal =
            self.help.iter().fold(Refusal::new(reason), |refusal, step| refusal.help(step.as_str()));
        match self.position {
            Some(position) => refusal.at(position, text),
            None => refusal,
        }
    }

    /// Says where.
    pub(in crate::policy) fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds one step of what to do.
    pub(in crate::policy) fn help(mut self, step: impl Into<String>) -> Self {
        self.help.push(step.into());
        self
    }
}

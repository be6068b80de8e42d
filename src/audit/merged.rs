//! The result of merging what is asked into what is there, as values.

use crate::audit::flag::Backend;
use crate::diagnostic::Diagnostic;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operator named it.
    Asked,
    /// It is there, and nobody named it.
    Kept,
    /// kaudit's default for what is missing.
    Default,
}

/// Why a flag whose value stays is written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untidy {
    /// It stands there more than once; the last one counts.
    Duplicate,
    /// Its value is an item of its own, which scanners do not see.
    TwoItems,
    /// Its name is written with underscores, which scanners do not see.
    Underscores,
}

/// What happens to a flag in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is added.
    New,
    /// It is there with another value.
    Changed {
        /// The value that counts so far.
        from: String,
    },
    /// Nothing; a bare `--flag` of a bool stays bare.
    Same,
    /// Its value stays, its form becomes one `--flag=value`.
    Normalised {
        /// Why, without repetition.
        why: Vec<Untidy>,
    },
}

/// One flag of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name without dashes in front, with dashes inside.
    pub flag: String,
    /// The value to write; what was typed or is there, letter by letter.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
    /// What happens to the flag.
    pub change: Change,
}

/// Why a flag that is there goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// `--reset`, and nobody named it.
    Reset,
    /// `--no-webhook`: nothing is left of this backend.
    Without(Backend),
    /// The flag that is asked for writes the same variable, and the later one of the two would win.
    Superseded {
        /// That flag.
        by: &'static str,
    },
}

/// A flag that goes, with all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The name without dashes in front, with dashes inside.
    pub flag: String,
    /// The value that counts so far; a bare flag has none.
    pub value: Option<String>,
    /// Why it goes.
    pub reason: DropReason,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// All audit flags that are set afterwards, ordered by name.
    pub entries: Vec<Entry>,
    /// All that go, ordered by name.
    pub dropped: Vec<Dropped>,
    /// What is worth saying.
    pub notes: Vec<Diagnostic>,
}

impl Merged {
    /// The value of a flag, the API server's default left aside.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.flag == name).map(|entry| entry.value.as_str())
    }
}

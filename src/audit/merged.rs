//! The result of merging requested settings into the existing ones.

use crate::audit::flag::Backend;
use crate::diagnostic::Diagnostic;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operator requests it.
    Requested,
    /// It is set already, and the operator does not request another value.
    Kept,
    /// kaudit's default for a missing flag.
    Default,
}

/// Why a flag is rewritten although its value does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untidy {
    /// It occurs more than once; the last one is effective.
    Duplicate,
    /// Its value is a separate argument, which scanners do not find.
    TwoItems,
    /// Its name is written with underscores, which scanners do not recognise.
    Underscores,
}

/// What happens to a flag in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is added.
    New,
    /// It has another value.
    Changed {
        /// The effective value before.
        from: String,
    },
    /// Nothing; a bare `--flag` of a bool stays bare.
    Same,
    /// Its value stays, and it is written as `--flag=value`.
    Normalised {
        /// Why, without duplicates.
        why: Vec<Untidy>,
    },
}

/// One flag of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name without leading dashes, with dashes instead of underscores.
    pub flag: String,
    /// The value to write, exactly as it is requested or set.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
    /// What happens to the flag.
    pub change: Change,
}

/// Why an existing flag is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// `--reset`, and the operator does not request it.
    Reset,
    /// `--no-webhook`: all flags of this backend are removed.
    Without(Backend),
    /// The requested flag sets the same variable, and the later one of the two would be effective.
    Superseded {
        /// That flag.
        by: &'static str,
    },
}

/// A flag that is removed, with all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The name without leading dashes, with dashes instead of underscores.
    pub flag: String,
    /// The effective value before; a bare flag has none.
    pub value: Option<String>,
    /// Why it is removed.
    pub reason: DropReason,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// All audit flags of the result, ordered by name.
    pub entries: Vec<Entry>,
    /// All removed flags, ordered by name.
    pub dropped: Vec<Dropped>,
    /// Warnings and remarks about the result.
    pub notes: Vec<Diagnostic>,
}

impl Merged {
    /// The value of a flag if it is set, without the API server's default.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.flag == name).map(|entry| entry.value.as_str())
    }
}

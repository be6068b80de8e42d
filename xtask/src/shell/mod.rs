//! Shared code of the tasks: the project's directories, starting commands, reading test results, reporting steps.

pub(crate) mod command;
pub(crate) mod debian;
pub(crate) mod go;
pub(crate) mod project;
pub(crate) mod steps;
pub(crate) mod tally;
pub(crate) mod test_targets;

//! What the tasks share: the project's places, starting commands, reading test results, reporting steps.

pub(crate) mod project;

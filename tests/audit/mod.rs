//! Audit flags: kaudit's table, merging and validation, compared with the API server's own code.

mod flags;
mod sets;
mod settings;
mod verdicts;

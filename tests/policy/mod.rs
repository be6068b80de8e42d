//! Audit policies compared with the API server's own code, whose results are stored as data.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their data, and take options from the environment"
)]

mod benchmarks;
mod coverage;
mod decisions;
mod differences;
mod evaluator;
mod explain;
mod judgement;
mod lint;
mod mutations;
mod oracle;
mod presets;
mod question;
pub(crate) mod random;
mod reach;
mod sarif;
mod verdicts;

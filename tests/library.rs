//! Tests of the parts of the library: one directory for each part, named like the module under `src/`.
//!
//! A test of a whole command belongs in `program.rs`. A unit test belongs beside the code, under `src/`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails, and tests read and write files"
)]

mod audit;
mod enable;
mod logs;
mod policy;
mod replay;
mod restart;
mod support;
mod surge;
mod yaml;

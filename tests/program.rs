//! Tests of the program, run as a user runs it: its commands on directory trees (`cli`), and those that use the network.
//!
//! A test of a part of the library belongs in `library.rs`.

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

mod cli;
mod receive;
mod support;
mod webhook;

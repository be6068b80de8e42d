//! What the program does, run as a user runs it: its commands on directory trees (`cli`), and those that use the network.
//!
//! A test of a part of the library belongs into `library.rs`.

mod cli;
mod receive;
mod support;
mod webhook;

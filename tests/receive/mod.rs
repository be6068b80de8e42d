//! `kaudit receive`, tested as a program on the loopback interface: what it writes, what it rejects, and that no event
//! answered with 200 is lost or duplicated, however it ends.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it makes and compares trees"
)]

mod client;
mod clients;
mod crowds;
mod endings;
mod events;
mod files;
mod forms;
mod memory;
mod mutations;
mod refusals;
mod server;

//! Searching audit events: selection, output formats and counting.
//!
//! A [`Search`] reads a chunk of a log and writes the events that its [`Filter`] selects in a [`Form`]. [`Top`] counts
//! them instead. This module is pure; `cli::logs` opens the logs and prints.

pub mod csv;
mod faults;
mod field;
mod filter;
mod line;
mod needle;
mod pattern;
mod search;
mod term;
mod top;
mod when;

pub use faults::Faults;
pub use field::Field;
pub use filter::Filter;
pub use line::Layout;
pub use pattern::{Pattern, ResourcePattern};
pub use search::{Form, Found, Search};
pub use term::{Choice, Codes, Network, Term};
pub use top::{Row, Top};
pub use when::moment_of;

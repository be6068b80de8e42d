//! Audit events for people who look for some of them: which ones are asked for, how one is shown, who does what.
//!
//! A [`Search`] reads a piece of a log: what [`Filter`] lets pass comes out in a [`Form`]. [`Top`] counts instead. All of
//! it is pure; `cli::logs` opens the logs and prints.

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

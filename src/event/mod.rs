//! Audit events: what is in a line of a log, and what the policy was asked about it.
//!
//! A line is [read](parse_line), and of each event there is what it says itself ([`Event`]) and what the API server asked its
//! policy ([`Asked`]). Texts are borrowed from the line.
//!
//! Nothing here opens a file.

mod amount;
pub mod bodies;
mod counts;
mod model;
mod parse;
mod request;
mod text;
mod time;

pub use amount::Amount;
pub use counts::Counts;
pub use model::{Event, ObjectRef, User};
pub use parse::{EventList, Line, Malformed, parse_event, parse_line};
pub use request::{Asked, lacks_groups};
pub use text::Text;
pub use time::{Day, Moment};

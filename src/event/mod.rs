//! Audit events: the content of a line of the log, and the request attributes that the policy was evaluated with.
//!
//! [`parse_line`] reads a line. [`Event`] is the event as it was logged, and [`Asked`] has the attributes that the API
//! server passed to its policy. Texts are borrowed from the line.
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

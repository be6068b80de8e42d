//! Audit events: what is in a line of a log, what the policy was asked about it, and how a log is read.
//!
//! A log is cut into [`Chunks`], or into [`Spans`] where it can be read at any place; its lines are
//! [read](parse_line), and of each event there is what it says itself ([`Event`]) and what the API server asked its
//! policy ([`Asked`]). Texts are borrowed from the line.
//!
//! Nothing here opens a file.

pub mod bodies;
mod chunks;
mod counts;
mod model;
mod parse;
mod request;
pub mod rotation;
mod scan;
mod spans;
mod text;
mod time;
mod window;

pub use chunks::{Chunk, Chunks, LINE_LIMIT};
pub use counts::Counts;
pub use model::{Event, ObjectRef, User};
pub use parse::{EventList, Line, Malformed, parse_event, parse_line};
pub use request::{Asked, lacks_groups};
pub use scan::{Log, Part, scan, scan_while};
pub use spans::{ReadAt, Span, Spans};
pub use text::Text;
pub use time::{Day, Moment};

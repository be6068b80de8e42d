//! A lossless YAML editor.
//!
//! A [`Document`] is a text and two readings of it: the tree of nodes with their places, and the value that Go,
//! the reader that counts, makes of it. Two parsers of different ancestry must agree on every document.
//!
//! [`Document::read`] takes everything that Kubernetes would take and reports what is remarkable as findings;
//! [`Document::parse`] is the gate before an edit, and refuses what nobody should edit by machine.
//!
//! Nothing here serialises a document: an edit replaces the bytes it is about, and no others.

mod agree;
mod apply;
mod check;
mod compose;
mod document;
mod edit;
mod editable;
mod finding;
mod gate;
mod lines;
mod manner;
mod nesting;
mod path;
mod place;
mod quote;
mod render;
mod scalar;
mod scan;
mod splice;
mod tree;
mod value;

pub use document::Document;
pub use edit::Edit;
pub use finding::{Finding, FindingKind};
pub use gate::{MAX_BYTES, decode};
pub(crate) use nesting::{MAX_DEPTH_IN_GO, Nesting};
pub use path::{Path, Step};
pub(crate) use place::position_at;
pub use scalar::{Resolved, resolve};
pub use tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};

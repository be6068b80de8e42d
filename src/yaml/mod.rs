//! A lossless YAML editor.
//!
//! A [`Document`] is a text with its tree of nodes and their positions, and with the value that Kubernetes' YAML library
//! (written in Go) reads from it. Two independent parsers must agree on every document.
//!
//! [`Document::read`] accepts every document that Kubernetes accepts and lists its anomalies. [`Document::parse`] is for
//! documents that will be edited: it refuses those that cannot be edited safely.
//!
//! Nothing here serialises a document: an edit replaces only the bytes that it has to.

mod agree;
mod anomaly;
mod apply;
mod check;
mod compose;
mod document;
mod edit;
mod editable;
mod formatting;
mod limits;
mod lines;
mod nesting;
mod path;
mod position;
mod quote;
mod render;
mod scalar;
mod scan;
mod splice;
mod tree;
mod value;

pub use anomaly::{Anomaly, AnomalyKind};
pub use document::Document;
pub use edit::Edit;
pub use limits::{MAX_BYTES, decode};
pub(crate) use nesting::{MAX_DEPTH_IN_GO, Nesting};
pub use path::{Path, Step};
pub(crate) use position::position_at;
pub use scalar::{Resolved, resolve};
pub use tree::{Entry, Item, Kind, Node, Properties, ScalarStyle, Style};

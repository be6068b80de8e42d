//! Reading the lines of a large file on several threads, in the order of the file.
//!
//! A file is cut into [`Chunks`], or into [`Spans`] where it can be read at any position. [`scan`] applies a function to
//! each part in parallel and folds the results in order. Nothing here opens a file or knows what a line contains.

mod chunks;
mod part;
mod scan;
mod spans;
mod window;

pub use chunks::{Chunk, Chunks, LINE_LIMIT};
pub use part::{Log, Part};
pub use scan::{scan, scan_while};
pub use spans::{ReadAt, Span, Spans};

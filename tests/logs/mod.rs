//! `kaudit logs`: the results of a search compared with a simple oracle, and a log that is followed while it is rotated.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests make the logs that are read, and start the program")]

mod corpus;
mod follow;
mod lumberjack;
mod oracle;
mod process;
mod random;
mod search;
mod text;

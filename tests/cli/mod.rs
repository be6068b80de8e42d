//! Commands on directory trees: their output, the files they write, and the state after an interruption.

mod canary;
mod crash;
mod edited_by_hand;
mod enable_files;
mod enable_manifests;
mod golden;
mod readme;
mod schemas;

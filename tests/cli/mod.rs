//! Commands on directory trees: what they print, what they write, and what is left when they are ended.

mod canary;
mod crash;
mod edited_by_hand;
mod enable_files;
mod enable_manifests;
mod golden;
mod readme;

//! `cargo xtask`: the project's own tasks, one file each.

fn main() {}

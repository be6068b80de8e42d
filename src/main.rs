//! The `kaudit` program.

fn main() {}

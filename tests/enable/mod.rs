//! `enable` in memory: random manifests, and real ones that are damaged at random.

mod fuzz;
pub(crate) mod generate;
pub(crate) mod memory;
mod property;

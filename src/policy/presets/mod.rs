//! The policies that are compiled into kaudit, what they log, and which benchmarks they pass.

pub mod benchmark;
pub(in crate::policy) mod measured;
pub mod preset;

pub use measured::Measured;
pub use preset::Preset;

//! Audit policies: the presets, the verdict on a file, and what a policy decides about a request.
//!
//! The API server's source is the reference for everything here: a policy [decides](decide()) as it does. Tests compare both with the API server's own code.
//!
//! Nothing here reads a file or asks a server.

pub mod benchmark;
mod decide;
mod model;
pub mod preset;

pub use decide::{Decision, Request, Resource, Target, User, decide};
pub use model::{API_GROUP, ApiVersion, GroupResources, Level, Policy, Rule, Stage};
pub use preset::Preset;

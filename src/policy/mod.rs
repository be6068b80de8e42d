//! Audit policies: the presets, the verdict on a file, what a policy decides about a request, of which requests a rule
//! can decide at all, and by that what is wrong with a policy and in what two policies differ.
//!
//! The API server's source is the reference for everything here: a file is [read](examine) as it reads it, refused in
//! its words, and [decides](decide()) as it decides. Tests compare both with the API server's own code.
//!
//! Nothing here reads a file or asks a server.

pub mod benchmark;
mod borrowed;
pub mod builtin;
mod clause;
mod decide;
mod decode;
mod describe;
mod diff;
mod encoding;
mod evaluator;
mod explain;
mod finding;
mod foreign;
mod go;
mod identity;
mod json;
mod json_words;
mod judge;
mod line;
pub mod lint;
mod measured;
mod migrate;
mod model;
mod plainer;
pub mod preset;
mod question;
mod reach;
mod shape;
mod source;
mod stages;
mod strict;
mod table;
mod validate;
mod yaml_words;

pub use borrowed::{RequestRef, ResourceRef, TargetRef, UserRef};
pub use decide::{Decision, Request, Resource, Target, User, decide};
pub use describe::{describe_arguments, describe_request, describe_rule};
pub use diff::{Class, diff};
pub use encoding::decode;
pub use evaluator::Evaluator;
pub use explain::why_not;
pub use finding::{Cause, Finding, Verdict};
pub use judge::{Judgement, examine, judge, rule_positions};
pub use line::{DecisionLine, RequestLine};
pub use measured::Measured;
pub use migrate::{Migrated, migrate};
pub use model::{API_GROUP, ApiVersion, GroupResources, Level, Policy, Rule, Stage};
pub use preset::Preset;
pub use question::Question;
pub use reach::{Outcomes, Scope, TooComplex, outcomes};
pub use stages::StageSet;

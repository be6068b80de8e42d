//! Audit policies: the presets, the verdict on a file, what a policy decides about a request, of which requests a rule
//! can decide at all, and by that what is wrong with a policy and in what two policies differ.
//!
//! The API server's source is the reference for everything here: a file is [read](examine) as it reads it, refused in
//! its words, and [decides](decide()) as it decides. Tests compare both with the API server's own code.
//!
//! Nothing here reads a file or asks a server.

pub mod builtin;
mod decide;
pub mod lint;
mod load;
mod model;
mod nearest;
pub mod presets;
mod question;
mod reach;
mod stages;

pub use decide::{
    Decision, DecisionLine, Evaluator, Request, RequestLine, RequestRef, Resource, ResourceRef, Target,
    TargetRef, User, UserRef, decide, why_not,
};
pub use load::{
    Cause, Finding, Judgement, Migrated, Verdict, decode, examine, judge, migrate, rule_positions,
};
pub use model::{API_GROUP, ApiVersion, GroupResources, Level, Policy, Rule, Stage};
pub use presets::{Measured, Preset, benchmark, preset};
pub use question::{Question, describe_arguments, describe_request, describe_rule};
pub use reach::{Class, Outcomes, Scope, TooComplex, diff, outcomes};
pub use stages::StageSet;

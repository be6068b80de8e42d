//! Audit policies: the presets, whether the API server accepts a file, what a policy decides about a request, which
//! requests a rule can decide at all, and from that the mistakes of a policy and the differences of two policies.
//!
//! The API server's source is the reference: a file is [read and validated](examine) as it does, and a policy
//! [decides](decide()) as it does. Tests compare both with the API server's own code.
//!
//! Nothing here reads a file or asks a server.

pub mod builtin;
mod decide;
pub mod lint;
mod load;
mod model;
mod nearest;
pub mod presets;
mod reach;
mod request_spec;
mod stages;

pub use decide::{
    Decision, DecisionLine, Evaluator, Request, RequestLine, RequestRef, Resource, ResourceRef, Target,
    TargetRef, User, UserRef, decide, why_not,
};
pub use load::{
    Examination, Finding, FindingKind, Migrated, check, decode, examine, json_message, migrate,
    rule_positions,
};
pub use model::{API_GROUP, ApiVersion, GroupResources, Level, Policy, Rule, Stage};
pub use presets::{Measured, Preset, benchmark, preset};
pub use reach::{Class, Outcomes, Scope, TooComplex, diff, outcomes};
pub use request_spec::{RequestSpec, describe_arguments, describe_request, describe_rule};
pub use stages::StageSet;

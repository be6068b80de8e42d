//! Decides which events a policy logs, for one request or for many.

pub(in crate::policy) mod borrowed;
pub(in crate::policy) mod clause;
pub(in crate::policy) mod decision;
pub(in crate::policy) mod evaluator;
pub(in crate::policy) mod explain;
pub(in crate::policy) mod line;
pub(in crate::policy) mod table;

pub use borrowed::{RequestRef, ResourceRef, TargetRef, UserRef};
pub use decision::{Decision, Request, Resource, Target, User, decide};
pub use evaluator::Evaluator;
pub use explain::why_not;
pub use line::{DecisionLine, RequestLine};

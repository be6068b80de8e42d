//! Which rules can decide at all, and of which request.
//!
//! The answer is exact for what [`decide`](crate::policy::decide()) does with requests as the API server makes them: a
//! resource is not empty, it and its subresource contain no slash, and a path begins with one. Rules are cut into
//! [clauses](crate::policy::decide::clause); a request that a rule decides is one that [meets](target) one of its clauses, and
//! none of those of the rules before it, for which values are [searched](search) attribute by attribute.

mod bits;
mod budget;
mod diff;
mod example;
mod outcomes;
mod rules;
mod scope;
mod search;
mod sent;
mod space;
mod target;
mod values;

pub use budget::TooComplex;
pub use diff::{Class, diff};
pub use outcomes::{Outcomes, outcomes};
pub(super) use rules::{Reach, Rules};
pub use scope::Scope;

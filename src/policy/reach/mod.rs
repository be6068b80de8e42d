//! Which rules can decide any request at all, and an example for each.
//!
//! The result is exact for [`decide`](crate::policy::decide()) and requests as the API server makes them: a resource is
//! not empty, it and its subresource contain no slash, and a path begins with a slash. Rules are split into
//! [clauses](crate::policy::decide::clause). A rule decides a request that [meets](target) one of its clauses and no
//! clause of an earlier rule. Values for such a request are [searched](search) attribute by attribute.

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

//! Which requests two policies decide differently.

use crate::policy::decide::{Decision, Request, decide};
use crate::policy::model::{Level, Policy};
use crate::policy::reach::{Scope, TooComplex, outcomes};

/// The requests of which one rule decides in the one policy and one rule in the other, where the decisions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// What the first policy decides, and by which rule.
    pub before: Decision,
    /// What the second one decides.
    pub after: Decision,
    /// One of the requests.
    pub example: Request,
}

/// All classes of requests that the two policies decide differently, what is logged less first. Empty means that no
/// request is decided differently.
///
/// Complete means: for every request that there can be, over all values that the policies mention and anything else, the
/// class with its two rules is in the list if what is logged of it differs: the level, the stages, or with bodies the
/// managed fields. What differs in the text of the policies only is not.
///
/// # Errors
///
/// See [`TooComplex`].
pub fn diff(before: &Policy, after: &Policy) -> Result<Vec<Class>, TooComplex> {
    let decision = |policy: &Policy, rule: Option<usize>| policy.decision_by(rule);
    let examples = outcomes(&[before, after], Scope::default(), |rules| match rules {
        [one, other] => differs(&decision(before, *one), &decision(after, *other)),
        _ => false,
    })?;
    let class = |example: Request| Class {
        before: decide(before, &example),
        after: decide(after, &example),
        example,
    };
    let mut classes: Vec<Class> = examples.into_values().map(class).collect();
    let key = |class: &Class| (class.after.level > class.before.level, class.before.rule, class.after.rule);
    classes.sort_by_key(key);
    Ok(classes)
}

/// Whether what is logged differs.
fn differs(before: &Decision, after: &Decision) -> bool {
    let has_bodies = before.level >= Level::Request;
    before.level != after.level
        || (before.level != Level::None && before.omit_stages != after.omit_stages)
        || (has_bodies && before.omit_managed_fields != after.omit_managed_fields)
}

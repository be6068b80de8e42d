//! Which requests two policies decide differently.

use crate::policy::decide::decision::{Decision, Request, decide};
use crate::policy::model::{Level, Policy};
use crate::policy::question::groups_of;
use crate::policy::reach::budget::TooComplex;
use crate::policy::reach::outcomes::outcomes;
use crate::policy::reach::scope::Scope;

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
/// Complete means: for every request that clients send and the API server serves, over all values that the policies mention
/// and anything else, the class with its two rules is in the list if what is logged of it differs: the level, the stages, or
/// with bodies the managed fields. What differs in the text of the policies only is not. Requests for resources have one of
/// the eight verbs there; one that creates an object does not name it, one that gets, updates, patches or deletes it does,
/// and so do all for a subresource; a namespace is in itself. Requests for paths have a method of HTTP, and no path of
/// resources. Whatever else is sent, the API server refuses by its form alone.
///
/// # Errors
///
/// See [`TooComplex`].
pub fn diff(before: &Policy, after: &Policy) -> Result<Vec<Class>, TooComplex> {
    let decision = |policy: &Policy, rule: Option<usize>| policy.decision_by(rule);
    let examples =
        outcomes(&[before, after], Scope { is_sent: true, ..Scope::default() }, |rules| match rules {
            [one, other] => differs(&decision(before, *one), &decision(after, *other)),
            _ => false,
        })?;
    let class = |example: Request| {
        let example = in_all_groups(before, after, example);
        Class { before: decide(before, &example), after: decide(after, &example), example }
    };
    let mut classes: Vec<Class> = examples.into_values().map(class).collect();
    let key = |class: &Class| (class.after.level > class.before.level, class.before.rule, class.after.rule);
    classes.sort_by_key(key);
    Ok(classes)
}

/// The example with the groups in which its user always is, where it is an example then too.
fn in_all_groups(before: &Policy, after: &Policy, example: Request) -> Request {
    let mut usual = example.clone();
    if let Some(user) = &mut usual.user {
        let lacking = groups_of(&user.name).into_iter().filter(|group| !user.groups.contains(group));
        let lacking: Vec<String> = lacking.collect();
        user.groups.extend(lacking);
    }
    let rules = |request: &Request| [before, after].map(|policy| decide(policy, request).rule);
    if rules(&usual) == rules(&example) { usual } else { example }
}

/// Whether what is logged differs.
fn differs(before: &Decision, after: &Decision) -> bool {
    let has_bodies = before.level >= Level::Request;
    before.level != after.level
        || (before.level != Level::None && before.omit_stages != after.omit_stages)
        || (has_bodies && before.omit_managed_fields != after.omit_managed_fields)
}

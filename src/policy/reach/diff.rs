//! Which requests two policies decide differently.

use crate::policy::decide::decision::{Decision, Request, decide};
use crate::policy::model::{Level, Policy};
use crate::policy::reach::budget::TooComplex;
use crate::policy::reach::outcomes::outcomes;
use crate::policy::reach::scope::Scope;
use crate::policy::request_spec::groups_of;

/// The requests that a certain rule of each policy decides, if the two decisions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The decision of the first policy, with its rule.
    pub before: Decision,
    /// The decision of the second policy.
    pub after: Decision,
    /// One of the requests.
    pub example: Request,
}

/// All classes of requests that the two policies decide differently; those of which less is logged come first. An empty
/// list means that no request is decided differently.
///
/// The list is complete: for every request that clients send and the API server serves, over all values that the
/// policies mention and any other value, it contains the class with the two deciding rules if what is logged differs,
/// that is the level, the stages, or for bodies the managed fields. Differences only in the text of the policies are
/// not listed. Such a request for a resource has one of eight verbs. A create does not name the object; get, update,
/// patch and delete do, and so do all requests for a subresource. A namespace is in the namespace of its own name. A
/// request for a path has an HTTP method and a path that is not about resources. The API server rejects all other
/// requests whatever the policy.
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

/// The example with all groups that its user always has, if it is still an example with them.
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

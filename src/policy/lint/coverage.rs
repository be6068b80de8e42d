//! Rules and parts of rules that never decide, and requests of which no rule decides: by exact reasoning over the
//! conditions of the rules, see [`reach`](crate::policy::reach).

use crate::policy::lint::catalogue;
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::lint::parts::check_parts;
use crate::policy::model::{Level, Policy, Rule, Stage};
use crate::policy::question::describe_request;
use crate::policy::reach::{Reach, Scope, TooComplex};
use crate::yaml::Path;

/// Looks at every rule, and at what none of them takes.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    if check_all(policy, found).is_err() {
        let message = "not all was found out about the requests that rules can decide";
        found.add(catalogue::TOO_COMPLEX, Path::root().key("rules"), message);
    }
}

/// What matters most comes first, in case that not all can be found out.
fn check_all(policy: &Policy, found: &mut Found<'_>) -> Result<(), TooComplex> {
    let reach = Reach::of(&policy.rules)?;
    // What a rule that never decides would take is taken by those before it.
    let mut deciding = Vec::new();
    let mut others = Vec::new();
    let mut earlier = reach.rules([])?;
    for (index, rule) in policy.rules.iter().enumerate() {
        if reach.left(rule, &earlier)?.is_some() {
            deciding.push(index);
            reach.add(index, &mut earlier)?;
        } else if reach.is_possible(rule)? {
            others.push(index);
        } else {
            found.add(catalogue::MATCHES_NOTHING, path_of_rule(index), "this rule matches no request");
        }
    }
    check_rest(policy, &reach, &deciding, found)?;
    for index in &others {
        let before = deciding.iter().copied().take_while(|it| it < index).collect();
        report_unreachable(policy, &reach, *index, before, found)?;
    }
    let mut earlier = reach.rules([])?;
    for index in deciding {
        if let Some(rule) = policy.rules.get(index) {
            check_parts(rule, &path_of_rule(index), &reach, &earlier, found)?;
        }
        reach.add(index, &mut earlier)?;
    }
    Ok(())
}

/// Whether anything is logged, and what no rule takes.
fn check_rest(
    policy: &Policy,
    reach: &Reach<'_>,
    deciding: &[usize],
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let logs = |rule: &Rule| {
        let is_omitted =
            |stage: &Stage| rule.omit_stages.contains(stage) || policy.omit_stages.contains(stage);
        rule.level != Level::None && !Stage::ALL.iter().all(is_omitted)
    };
    let rules = Path::root().key("rules");
    if !deciding.iter().filter_map(|index| policy.rules.get(*index)).any(logs) {
        found.add(catalogue::LOGS_NOTHING, rules, "no request makes an event");
        return Ok(());
    }
    let everything = Rule::for_everything(Level::None);
    if let Some(example) = reach.example(&everything, policy.rules.len(), Scope::default())? {
        let message = format!("no rule matches every request: {} is not logged", describe_request(&example));
        found.add(catalogue::NO_CATCH_ALL, rules, message);
    }
    Ok(())
}

/// Names the rules that take everything: as few as are needed, and rather the first ones. `needed` are those before it
/// that decide of any request.
fn report_unreachable(
    policy: &Policy,
    reach: &Reach<'_>,
    index: usize,
    mut needed: Vec<usize>,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let Some(rule) = policy.rules.get(index) else { return Ok(()) };
    for candidate in needed.clone().into_iter().rev() {
        let without: Vec<usize> = needed.iter().copied().filter(|it| *it != candidate).collect();
        if reach.left(rule, &reach.rules(without.iter().copied())?)?.is_none() {
            needed = without;
        }
    }
    let names: Vec<String> =
        needed.iter().map(|rule| format!("rules[{rule}]{}", found.line_of_rule(*rule))).collect();
    let levels_differ = needed.iter().filter_map(|it| policy.rules.get(*it)).any(|it| it.level != rule.level);
    let take = if names.len() == 1 { "takes" } else { "together take" };
    let effect = if levels_differ {
        format!("its level {} is never used", rule.level)
    } else {
        "the level is the same".to_owned()
    };
    let message =
        format!("this rule never decides: {} {take} every request before it; {effect}", names.join(", "));
    found.add(catalogue::UNREACHABLE, path_of_rule(index), message);
    Ok(())
}

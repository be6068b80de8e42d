//! Bodies with credentials that a policy logs.

use crate::policy::builtin;
use crate::policy::decide::decision::Request;
use crate::policy::lint::catalogue::{self, Check};
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::model::VERBS;
use crate::policy::model::{Level, Policy, Rule};
use crate::policy::reach::{Reach, Scope, TooComplex};
use crate::policy::request_spec::describe_request;
use crate::yaml::Path;

/// What has credentials in its bodies.
struct Credential {
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// The verbs whose request has them, logged from Request on.
    sent_by: &'static [&'static str],
    /// The verbs whose answer has them, logged at `RequestResponse`. What a watch brings is never logged.
    got_by: &'static [&'static str],
}

const WRITES: &[&str] = &["create", "update", "patch"];
const ANSWERS: &[&str] = &["get", "list", "create", "update", "patch", "delete", "deletecollection"];

/// CIS 3.2.2 names all but the last, whose answer is a token.
const CREDENTIALS: [Credential; 4] = [
    Credential { group: "", resource: "secrets", subresource: "", sent_by: WRITES, got_by: ANSWERS },
    Credential { group: "", resource: "configmaps", subresource: "", sent_by: WRITES, got_by: ANSWERS },
    Credential {
        group: "authentication.k8s.io",
        resource: "tokenreviews",
        subresource: "",
        sent_by: &["create"],
        got_by: &["create"],
    },
    Credential {
        group: "",
        resource: "serviceaccounts",
        subresource: "token",
        sent_by: &[],
        got_by: &["create"],
    },
];

impl Credential {
    fn name(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.to_owned()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// The namespaces of the rule in which there can be a request of this verb, as a rule has them (none: all of them);
    /// `None` if there is no such request.
    fn namespaces(&self, rule: &Rule, verb: &str) -> Option<Vec<String>> {
        let is_namespaced = builtin::find(self.group, self.resource).is_none_or(|known| known.is_namespaced);
        let has_none = rule.namespaces.is_empty() || rule.namespaces.iter().any(String::is_empty);
        if !is_namespaced {
            return has_none.then(|| vec![String::new()]);
        }
        // Over all namespaces at once there are lists and watches only.
        let is_over_all = ["list", "watch"].contains(&verb);
        let namespaces: Vec<String> =
            rule.namespaces.iter().filter(|name| is_over_all || !name.is_empty()).cloned().collect();
        (rule.namespaces.is_empty() || !namespaces.is_empty()).then_some(namespaces)
    }

    /// Whether a body that is logged at this level has credentials.
    fn is_logged(&self, level: Level, verb: &str) -> bool {
        match level {
            Level::None | Level::Metadata => false,
            Level::Request => self.sent_by.contains(&verb),
            Level::RequestResponse => self.sent_by.contains(&verb) || self.got_by.contains(&verb),
        }
    }
}

/// What was found about the resources in one rule.
struct OfRule {
    rule: usize,
    check: &'static Check,
    names: Vec<String>,
    example: Request,
}

/// Looks at what each rule logs of each resource.
pub(super) fn check(policy: &Policy, found: &mut Found<'_>) {
    if check_rules(policy, found).is_err() {
        let message = "this policy is too complex to find all bodies that rules log";
        found.add(catalogue::TOO_COMPLEX, Path::root().key("rules"), message);
    }
}

/// Asks about every request for each resource, so what no request comes to is not blamed.
fn check_rules(policy: &Policy, found: &mut Found<'_>) -> Result<(), TooComplex> {
    let mut by_rule: Vec<OfRule> = Vec::new();
    // So that all verbs, and requests without a namespace, are distinguished.
    let told_apart = Rule {
        verbs: VERBS.map(str::to_owned).to_vec(),
        namespaces: vec![String::new()],
        ..Rule::for_everything(Level::None)
    };
    let rules: Vec<Rule> = policy.rules.iter().cloned().chain([told_apart]).collect();
    let reach = Reach::of(&rules)?;
    for credential in CREDENTIALS {
        let resource = Some((credential.group, credential.resource, credential.subresource));
        let scope = Scope { resource, ..Scope::default() };
        for (rule_index, rule) in policy.rules.iter().enumerate() {
            if rule.level < Level::Request {
                continue;
            }
            let of_verb = |verb: &str| -> Result<Option<Request>, TooComplex> {
                let is_named = rule.verbs.is_empty() || rule.verbs.iter().any(|it| it == verb);
                let namespaces = credential.namespaces(rule, verb).filter(|_| is_named);
                let Some(namespaces) = namespaces else { return Ok(None) };
                let part = Rule { verbs: vec![verb.to_owned()], namespaces, ..rule.clone() };
                reach.example(&part, rule_index, scope)
            };
            let first =
                |verbs: Vec<&str>| verbs.into_iter().find_map(|verb| of_verb(verb).transpose()).transpose();
            let (with, without): (Vec<&str>, Vec<&str>) =
                VERBS.into_iter().partition(|verb| credential.is_logged(rule.level, verb));
            let (check, example) = match first(with)? {
                Some(example) => (catalogue::BODIES, example),
                None => match first(without)? {
                    Some(example) => (catalogue::ABOVE_METADATA, example),
                    None => continue,
                },
            };
            let of_rule = by_rule.iter_mut().find(|it| it.rule == rule_index && it.check == check);
            if let Some(of_rule) = of_rule {
                of_rule.names.push(credential.name());
            } else {
                let names = vec![credential.name()];
                by_rule.push(OfRule { rule: rule_index, check, names, example });
            }
        }
    }
    for OfRule { rule, check, names, example } in by_rule {
        let (names, example) = (names.join(", "), describe_request(&example));
        let level = policy.rules.get(rule).map_or(Level::None, |rule| rule.level);
        let message = if check == catalogue::BODIES {
            format!("this rule logs the bodies of {names}, for example of {example}")
        } else {
            format!("this rule has the level {level} for {names}: {example}")
        };
        found.add(check, path_of_rule(rule), message);
    }
    Ok(())
}

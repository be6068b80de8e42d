//! The requirements of security benchmarks for an audit policy, as predicates with evidence.
//!
//! CIS 3.2.2 is checked with example requests, because it is about what is logged. kubescape C-0161 and STIG V-242403
//! check the text of the file, so their predicates do the same. trivy does not check the policy: KCV-0019 to KCV-0022
//! are about flags, see [`audit::benchmark`](crate::audit::benchmark).

use crate::policy::decide::decision::{Request, Resource, Target, User, decide};
use crate::policy::model::{Level, Policy, Rule};

/// The result of a benchmark's control for a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The control, for example `CIS 3.2.2`.
    pub control: &'static str,
    /// Whether the policy passes.
    pub passed: bool,
    /// One sentence for each reason why it fails, or the evidence why it passes.
    pub evidence: Vec<String>,
}

impl Assessment {
    fn new(control: &'static str, faults: Vec<String>, if_passed: &str) -> Self {
        let passed = faults.is_empty();
        Self { control, passed, evidence: if passed { vec![if_passed.to_owned()] } else { faults } }
    }
}

/// All controls that check the policy's content.
#[must_use]
pub fn assess(policy: &Policy) -> Vec<Assessment> {
    vec![cis_3_2_2(policy), kubescape_c_0161(policy), stig_v_242403(policy)]
}

/// Resources for which CIS 3.2.2 requires every access to be logged, and never a body: group and name.
const SENSITIVE: [(&str, &str); 3] =
    [("", "secrets"), ("", "configmaps"), ("authentication.k8s.io", "tokenreviews")];

/// Resources for which CIS 3.2.2 requires modifications to be logged: group and name.
const WORKLOADS: [(&str, &str); 2] = [("", "pods"), ("apps", "deployments")];

/// Connections into a pod or a service whose use CIS 3.2.2 requires to be logged: resource and subresource.
const WAYS_IN: [(&str, &str); 4] =
    [("pods", "exec"), ("pods", "portforward"), ("pods", "proxy"), ("services", "proxy")];

const READS: [&str; 3] = ["get", "list", "watch"];
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// CIS Kubernetes Benchmark 3.2.2, "Ensure that the audit policy covers key security concerns": accesses to Secrets,
/// `ConfigMaps` and `TokenReviews` at Metadata and never more, modification of pods and deployments, use of
/// pods/exec, pods/portforward, pods/proxy and services/proxy.
///
/// Coverage is checked for an ordinary user that no rule names. Bodies are also checked for every user that a rule
/// names, because a single exception exposes them.
#[must_use]
pub fn cis_3_2_2(policy: &Policy) -> Assessment {
    let mut faults = Vec::new();
    for (group, resource) in SENSITIVE {
        for verb in READS.into_iter().chain(WRITES) {
            let request = ordinary(verb, group, resource, "");
            if decide(policy, &request).level == Level::None {
                faults.push(format!("{verb} {resource} is not logged"));
            }
        }
        faults.extend(leaks(policy, group, resource));
    }
    for (group, resource) in WORKLOADS {
        for verb in WRITES {
            if decide(policy, &ordinary(verb, group, resource, "")).level == Level::None {
                faults.push(format!("{verb} {resource} is not logged"));
            }
        }
    }
    for (resource, subresource) in WAYS_IN {
        // Over a WebSocket the verb is get, otherwise it is create.
        for verb in ["create", "get"] {
            if decide(policy, &ordinary(verb, "", resource, subresource)).level == Level::None {
                faults.push(format!("{verb} {resource}/{subresource} is not logged"));
            }
        }
    }
    let passed = "secrets, configmaps and tokenreviews at Metadata; changes to pods and deployments, exec, \
                  portforward and proxy are logged";
    Assessment::new("CIS 3.2.2", faults, passed)
}

/// The rules that log a body of this resource, each with an example request.
///
/// Every rule that logs bodies is checked with the users, groups, verbs, namespaces and names that it lists itself (or
/// an ordinary value if it lists none), so a rule that is completely shadowed by an earlier one is not reported.
fn leaks(policy: &Policy, group: &str, resource: &str) -> Vec<String> {
    let logs_bodies = |rule: &&Rule| rule.level >= Level::Request;
    let mut found = Vec::new();
    for rule in policy.rules.iter().filter(logs_bodies) {
        for request in witnesses(rule, group, resource) {
            let decision = decide(policy, &request);
            if let (Level::Request | Level::RequestResponse, Some(index)) = (decision.level, decision.rule) {
                let fault = format!("rules[{index}] logs the bodies of {resource} ({})", decision.level);
                if !found.contains(&fault) {
                    found.push(fault);
                }
            }
        }
    }
    found
}

/// Requests for the resource with the values that the rule lists.
fn witnesses(rule: &Rule, group: &str, resource: &str) -> Vec<Request> {
    let or_ordinary = |listed: &[String], ordinary: &str| {
        if listed.is_empty() { vec![ordinary.to_owned()] } else { listed.to_vec() }
    };
    let all_verbs: Vec<String> = READS.into_iter().chain(WRITES).map(str::to_owned).collect();
    let verbs = if rule.verbs.is_empty() { &all_verbs } else { &rule.verbs };
    let mut names: Vec<String> =
        rule.resources.iter().flat_map(|entry| entry.resource_names.clone()).collect();
    names.push(String::new());
    let mut requests = Vec::new();
    for user in or_ordinary(&rule.users, ORDINARY_USER) {
        for user_group in or_ordinary(&rule.user_groups, ORDINARY_GROUP) {
            for namespace in or_ordinary(&rule.namespaces, ORDINARY_NAMESPACE) {
                for verb in verbs {
                    for name in &names {
                        requests.push(Request {
                            user: Some(User { name: user.clone(), groups: vec![user_group.clone()] }),
                            verb: verb.clone(),
                            target: Target::Resource(Resource {
                                group: group.to_owned(),
                                resource: resource.to_owned(),
                                subresource: String::new(),
                                namespace: namespace.clone(),
                                name: name.clone(),
                            }),
                        });
                    }
                }
            }
        }
    }
    requests
}

const ORDINARY_USER: &str = "an ordinary user";
const ORDINARY_GROUP: &str = "system:authenticated";
const ORDINARY_NAMESPACE: &str = "an ordinary namespace";

fn ordinary(verb: &str, group: &str, resource: &str, subresource: &str) -> Request {
    Request {
        user: Some(User { name: ORDINARY_USER.to_owned(), groups: vec![ORDINARY_GROUP.to_owned()] }),
        verb: verb.to_owned(),
        target: Target::Resource(Resource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: ORDINARY_NAMESPACE.to_owned(),
            name: String::new(),
        }),
    }
}

/// kubescape C-0161, "Ensure that the audit policy covers key security concerns": nine resources must be named in the
/// file. A rule that names Secrets, `ConfigMaps` or `TokenReviews` must have the level Metadata, and one that names any
/// of the others must not have the level None. Groups, verbs, users and catch-all rules are ignored.
#[must_use]
pub fn kubescape_c_0161(policy: &Policy) -> Assessment {
    let mut faults = Vec::new();
    let names = SENSITIVE
        .map(|(_, resource)| resource.to_owned())
        .into_iter()
        .chain(WORKLOADS.map(|(_, resource)| resource.to_owned()))
        .chain(WAYS_IN.map(|(resource, subresource)| format!("{resource}/{subresource}")));
    for (position, name) in names.enumerate() {
        let naming: Vec<_> =
            policy.rules.iter().enumerate().filter(|(_, rule)| rule_names(rule, &name)).collect();
        if naming.is_empty() {
            faults.push(format!("no rule names {name}"));
        }
        for (index, rule) in naming {
            if position < SENSITIVE.len() && rule.level != Level::Metadata {
                faults.push(format!("rules[{index}] names {name} at {}, not Metadata", rule.level));
            } else if rule.level == Level::None {
                faults.push(format!("rules[{index}] names {name} at None"));
            }
        }
    }
    Assessment::new("kubescape C-0161", faults, "all nine resources are named at the levels it wants")
}

fn rule_names(rule: &Rule, resource: &str) -> bool {
    rule.resources.iter().any(|entry| entry.resources.iter().any(|named| named == resource))
}

/// DISA Kubernetes STIG V-242403: the policy consists of the single rule `level: RequestResponse`.
#[must_use]
pub fn stig_v_242403(policy: &Policy) -> Assessment {
    let mut faults = Vec::new();
    match policy.rules.as_slice() {
        [rule] if *rule == Rule::for_everything(Level::RequestResponse) => {}
        [rule] if rule.level == Level::RequestResponse => {
            faults.push("rules[0] has conditions or stages; V-242403 wants the level alone".to_owned());
        }
        [rule] => faults.push(format!("rules[0] is at {}, not RequestResponse", rule.level)),
        rules => faults.push(format!("there are {} rules; V-242403 wants one", rules.len())),
    }
    if !policy.omit_stages.is_empty() {
        faults.push("the policy omits stages; V-242403 wants all of them".to_owned());
    }
    if policy.omit_managed_fields {
        faults.push("the policy omits managed fields; V-242403 wants whole bodies".to_owned());
    }
    Assessment::new("STIG V-242403", faults, "everything is logged at RequestResponse")
}

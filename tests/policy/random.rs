//! Random policies over a small vocabulary, so that rules match requests often.

use serde_json::{Map, Value, json};

pub(crate) const USERS: [&str; 7] = [
    "alice",
    "bob",
    "system:anonymous",
    "system:apiserver",
    "system:node:a",
    "system:serviceaccount:kube-system:namespace-controller",
    "*",
];
pub(crate) const GROUPS: [&str; 6] =
    ["system:authenticated", "system:nodes", "system:masters", "system:unauthenticated", "devs", "*"];
pub(crate) const VERBS: [&str; 11] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "head", "post", "*"];
pub(crate) const NAMESPACES: [&str; 5] = ["", "default", "kube-system", "other", "*"];
pub(crate) const NAMES: [&str; 5] = ["", "a", "b", "controller-leader", "*"];
pub(crate) const SUBRESOURCES: [&str; 8] = ["", "", "", "", "status", "log", "exec", "token"];
const RESOURCES: [(&str, &str); 14] = [
    ("", "pods"),
    ("", "secrets"),
    ("", "configmaps"),
    ("", "events"),
    ("", "endpoints"),
    ("", "nodes"),
    ("", "services"),
    ("", "serviceaccounts"),
    ("apps", "deployments"),
    ("authentication.k8s.io", "tokenreviews"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("metrics.k8s.io", "pods"),
];
/// Words that look like patterns, for requests for resources that no API server would get.
pub(crate) const ODD: [&str; 10] =
    ["", "*", "*/*", "*/log", "pods", "pods/log", "pods/*", "/log", "a/b", "log"];
pub(crate) const PATHS: [&str; 12] = [
    "/",
    "/healthz",
    "/healthz/etcd",
    "/livez",
    "/readyz",
    "/version",
    "/metrics",
    "/api",
    "/apis/apps",
    "/openapi/v3",
    "/logs/a*b",
    "",
];

const PATTERNS: [&str; 20] = [
    "*",
    "*/*",
    "*/status",
    "*/log",
    "pods",
    "pods/*",
    "pods/log",
    "secrets",
    "configmaps",
    "nodes/*",
    "/*",
    "",
    "Pods",
    "deployments",
    "pods/",
    "/log",
    "a/b/log",
    "a/b/*",
    "*/b/log",
    "*/",
];
const URLS: [&str; 9] = ["*", "/", "/*", "/healthz", "/healthz*", "/api", "/api*", "/apis/*", "/logs/a*"];
const API_GROUPS: [&str; 6] = ["", "apps", "*", "metrics.k8s.io", "coordination.k8s.io", "v1"];
const LEVELS: [&str; 4] = ["None", "Metadata", "Request", "RequestResponse"];
const STAGES: [&str; 4] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

/// A source of random numbers (`SplitMix64`) that gives the same ones for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn word<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }

    /// Group and name of a resource.
    pub(crate) fn resource(&mut self) -> (&'static str, &'static str) {
        RESOURCES[self.below(RESOURCES.len())]
    }

    /// At most `most` words.
    pub(crate) fn some(&mut self, words: &[&str], most: usize) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.word(words).to_owned()).collect()
    }
}

/// The text of a random policy that loads.
pub(crate) fn policy(random: &mut Random) -> String {
    let rules: Vec<_> = (0..=random.below(6)).map(|_| rule(random)).collect();
    let mut policy = json!({ "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules });
    if random.chance(30) {
        policy["omitStages"] = random.some(&STAGES, 2).into();
    }
    if random.chance(20) {
        policy["omitManagedFields"] = random.chance(50).into();
    }
    policy.to_string()
}

fn rule(random: &mut Random) -> Value {
    let mut rule = Map::new();
    rule.insert("level".to_owned(), random.word(&LEVELS).into());
    for (key, words, percent) in [
        ("users", USERS.as_slice(), 25),
        ("userGroups", &GROUPS, 25),
        ("verbs", &VERBS, 35),
        ("omitStages", &STAGES, 20),
    ] {
        if random.chance(percent) {
            rule.insert(key.to_owned(), random.some(words, 4).into());
        }
    }
    if random.chance(15) {
        rule.insert("omitManagedFields".to_owned(), random.chance(50).into());
    }
    if random.chance(20) {
        rule.insert("nonResourceURLs".to_owned(), random.some(&URLS, 3).into());
        return Value::Object(rule);
    }
    if random.chance(25) {
        rule.insert("namespaces".to_owned(), random.some(&NAMESPACES, 3).into());
    }
    if random.chance(60) {
        let entries: Vec<_> = (0..random.below(4)).map(|_| group_resources(random)).collect();
        rule.insert("resources".to_owned(), entries.into());
    }
    Value::Object(rule)
}

fn group_resources(random: &mut Random) -> Value {
    let mut entry = json!({ "group": random.word(&API_GROUPS) });
    let mut resources = random.some(&PATTERNS, 3);
    if random.chance(40) {
        resources.push(random.resource().1.to_owned());
    }
    if !resources.is_empty() {
        if random.chance(20) {
            entry["resourceNames"] = random.some(&NAMES, 3).into();
        }
        entry["resources"] = resources.into();
    }
    entry
}

//! Random events as JSON in many ways to write it, and random questions about them.

use crate::yaml::choices::Choices;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

const USERS: [&str; 6] = [
    "alice",
    "alice2",
    "system:node:a",
    "system:serviceaccount:ci:deployer",
    "https://issuer/x#bob",
    "say \"ä\" <b>&\u{1b}[31m",
];
const GROUPS: [&str; 3] = ["system:authenticated", "devs", "cn=a,ou=b"];
const VERBS: [&str; 5] = ["get", "list", "watch", "create", "deletecollection"];
const RESOURCES: [(&str, &str, &str); 5] = [
    ("pods", "", ""),
    ("pods", "log", ""),
    ("deployments", "scale", "apps"),
    ("things", "", "example.com"),
    ("things", "", "other.example.com"),
];
const PATHS: [&str; 3] = ["/healthz", "/livez/etcd", "/apis"];
const NAMESPACES: [&str; 3] = ["shop", "kube-system", ""];
const NAMES: [&str; 3] = ["web-0", "web-1", ""];
const CODES: [u16; 6] = [200, 201, 401, 403, 404, 500];
const ADDRESSES: [&str; 5] = ["192.0.2.7", "10.1.2.3", "::1", "2001:db8::7", "not an address"];
const IDS: [&str; 3] =
    ["3f0a1b52-0000-4000-8000-000000000001", "3f0a1b52-0000-4000-8000-000000000002", "x/y"];
const TIMES: [&str; 4] =
    ["2026-11-21T03:14:15.000000Z", "2026-11-21T03:14:15.5Z", "2026-11-21T04:14:16+01:00", "no time"];

/// An event.
pub(crate) fn event(choices: &Choices<'_>) -> Value {
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    put("kind", json!("Event"));
    put("apiVersion", json!(choices.pick(&["audit.k8s.io/v1", "audit.k8s.io/v1beta1"])));
    put("level", json!(choices.pick(&["Metadata", "Request", "RequestResponse"])));
    put("stage", json!(choices.pick(&["ResponseComplete", "RequestReceived", "ResponseStarted", "Panic"])));
    put("auditID", json!(choices.pick(&IDS)));
    put("verb", json!(choices.pick(&VERBS)));
    put("requestURI", json!(format!("{}{}", choices.pick(&PATHS), choices.pick(&["", "?timeout=1s"]))));
    if !choices.once_in(5) {
        put("user", user(choices));
    }
    if choices.once_in(3) {
        put("impersonatedUser", user(choices));
    }
    if choices.below(4) > 0 {
        let (resource, subresource, group) = RESOURCES[choices.below(RESOURCES.len())];
        let mut object = Map::new();
        let parts = [
            ("resource", resource),
            ("subresource", subresource),
            ("apiGroup", group),
            ("namespace", choices.pick(&NAMESPACES)),
            ("name", choices.pick(&NAMES)),
        ];
        for (name, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
            object.insert(name.to_owned(), json!(part));
        }
        put("objectRef", Value::Object(object));
    }
    if !choices.once_in(3) {
        put("responseStatus", json!({ "metadata": {}, "code": CODES[choices.below(CODES.len())] }));
    }
    let addresses: Vec<&str> = (0..choices.below(3)).map(|_| choices.pick(&ADDRESSES)).collect();
    if !addresses.is_empty() {
        put("sourceIPs", json!(addresses));
    }
    if choices.once_in(2) {
        put("annotations", json!({ "authorization.k8s.io/decision": choices.pick(&["allow", "forbid"]) }));
    }
    if !choices.once_in(4) {
        put("stageTimestamp", json!(choices.pick(&TIMES)));
    }
    if choices.once_in(4) {
        // What is looked for may stand anywhere.
        put(
            "requestObject",
            json!({ "alice": ["forbid", choices.pick(&USERS), { "name": choices.pick(&NAMES) }] }),
        );
    }
    Value::Object(event)
}

fn user(choices: &Choices<'_>) -> Value {
    let groups: Vec<&str> = (0..choices.below(3)).map(|_| choices.pick(&GROUPS)).collect();
    json!({ "username": choices.pick(&USERS), "groups": groups })
}

/// The JSON of a value, with escapes and blanks that need not be.
pub(crate) fn write(value: &Value, choices: &Choices<'_>, out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_text(name, choices, out);
                out.push_str(choices.pick(&[":", ":", " : "]));
                write(member, choices, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(item, choices, out);
            }
            out.push(']');
        }
        Value::String(text) => write_text(text, choices, out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, choices: &Choices<'_>, out: &mut String) {
    let style = choices.below(6);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '/' if style == 1 => out.push_str("\\/"),
            c if c.is_control() || style == 2 && choices.once_in(3) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The values of every option, as on the command line.
#[derive(Debug, Default)]
pub(crate) struct Question {
    pub(crate) users: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) verbs: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) namespaces: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) levels: Vec<String>,
    pub(crate) stages: Vec<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) ids: Vec<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) since: Option<&'static str>,
    pub(crate) until: Option<&'static str>,
    pub(crate) denied: bool,
}

/// A question with few options.
pub(crate) fn question(choices: &Choices<'_>) -> Question {
    let mut question = Question::default();
    for _ in 0..=choices.below(3) {
        match choices.below(14) {
            0 | 1 => {
                question.users = words(
                    choices,
                    &[
                        "alice",
                        "system:*",
                        "*:deployer",
                        "https://issuer/x#bob",
                        "*\"*",
                        "",
                        "*",
                        "s*ä*",
                        "al*ce*",
                    ],
                );
            }
            2 => question.groups = words(choices, &["devs", "system:*", "cn=a,ou=b", "nobody"]),
            3 => question.verbs = words(choices, &["get", "delete*", "create", "post", "*"]),
            4 | 5 => {
                question.resources = words(
                    choices,
                    &[
                        "pods",
                        "pods/",
                        "pods/log",
                        "po/*",
                        "*/scale",
                        "deploy",
                        "things.example.com",
                        "*.apps",
                        "/healthz",
                        "/livez/*",
                        "*",
                    ],
                );
            }
            6 => question.namespaces = words(choices, &["shop", "kube-*", ""]),
            7 => question.names = words(choices, &["web-0", "web-*", "*1", ""]),
            8 => question.levels = words(choices, &["Metadata", "Request"]),
            9 => question.stages = words(choices, &["ResponseComplete", "Panic"]),
            10 => question.codes = words(choices, &["403", "4xx", "200-299", "418"]),
            11 => question.ids = words(choices, &[IDS[0], "3f0a*", "x/y"]),
            12 => question.addresses = words(choices, &["192.0.2.7", "10.0.0.0/8", "::1", "2001:db8::/32"]),
            _ => match choices.below(3) {
                0 => question.since = Some("2026-11-21T03:14:15.25Z"),
                1 => question.until = Some("2026-11-21T03:14:15.5Z"),
                _ => question.denied = true,
            },
        }
    }
    question
}

fn words(choices: &Choices<'_>, from: &[&str]) -> Vec<String> {
    let word = || format!("{}{}", choices.pick(&["", "", "", "!"]), choices.pick(from));
    (0..=choices.below(2)).map(|_| word()).collect()
}

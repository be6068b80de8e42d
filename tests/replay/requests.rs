//! Random requests, as a client sends them, and the Go program that logs them.

use crate::policy::random::{GROUPS, NAMES, NAMESPACES, PATHS, Random, USERS};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{env, thread};

/// Some requests, and what policies make of them; see `tests/go/auditlog`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) requests: Vec<Request>,
    pub(crate) today: String,
    pub(crate) policies: Vec<String>,
    pub(crate) log: String,
    pub(crate) lines: Vec<Vec<u64>>,
}

/// See `tests/go/auditlog`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Request {
    method: String,
    uri: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_user: bool,
    #[serde(rename = "as", skip_serializing_if = "String::is_empty")]
    impersonated: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    managed_fields: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    end: String,
}

const CONTENTS: [&str; 4] = ["", "", "All", "a \\\"quoted\\\" \\u00e4\\n{}[],:"];
const ENDS: [&str; 10] = ["", "", "", "", "", "", "table", "table", "forbidden", "panic"];

/// A request that an API server would take.
pub(crate) fn request(random: &mut Random) -> Request {
    let mut request = Request {
        user: random.word(&USERS).to_owned(),
        // Nobody is in none.
        groups: random.some(&GROUPS, 2).into_iter().chain([random.word(&GROUPS).to_owned()]).collect(),
        no_user: random.chance(5),
        body: random.word(&CONTENTS).to_owned(),
        managed_fields: random.chance(60),
        end: random.word(&ENDS).to_owned(),
        ..Request::default()
    };
    if random.chance(10) {
        "carol".clone_into(&mut request.impersonated);
    }
    if random.chance(20) {
        random.word(&["GET", "HEAD", "POST"]).clone_into(&mut request.method);
        let path = Some(random.word(&PATHS)).filter(|path| !path.is_empty()).unwrap_or("/apis/apps/v1");
        let escaped = if random.chance(20) { path.replace('z', "%7A") } else { path.to_owned() };
        request.uri = escaped + random.word(&["", "", "?timeout=32s"]);
        return request;
    }
    let (group, resource) = random.resource();
    let prefix = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    let namespace = Some(random.word(&NAMESPACES)).filter(|name| !name.is_empty());
    let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    let name = Some(random.word(&NAMES)).filter(|name| !name.is_empty()).unwrap_or("c");
    let subresource = random.word(&["", "", "", "", "/status", "/log", "/exec", "/token", "/proxy/x"]);
    let all = format!("{prefix}{namespace}/{resource}");
    let one = format!("{all}/{name}{subresource}");
    name.clone_into(&mut request.name);
    let (method, uri) = match random.below(9) {
        0 => ("GET", one),
        1 => ("GET", all),
        2 => ("GET", format!("{all}?watch=true&fieldSelector=metadata.name%3D{name}")),
        3 => ("GET", format!("{all}?limit=500")),
        // The name is in the body alone, or in both.
        4 => ("POST", if subresource.is_empty() { all } else { one }),
        5 => ("PUT", one),
        6 => ("PATCH", one),
        7 => ("DELETE", one),
        _ => ("DELETE", all),
    };
    method.clone_into(&mut request.method);
    request.uri = uri;
    request
}

/// The program, named by `KAUDIT_GO_AUDITLOG`.
pub(crate) fn program() -> Option<String> {
    env::var("KAUDIT_GO_AUDITLOG").ok()
}

/// Lets the program answer.
pub(crate) fn ask(program: &str, cases: &[Case]) -> String {
    let mut questions = Vec::new();
    for case in cases {
        serde_json::to_writer(&mut questions, case).unwrap();
        questions.push(b'\n');
    }
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(&questions));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

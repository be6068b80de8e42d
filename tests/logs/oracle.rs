//! A simple oracle for whether an event matches: it checks the whole JSON value, one option after the other.

use super::random::Question;
use jiff::Timestamp;
use serde_json::Value;
use std::net::IpAddr;

/// Whether the event fits the question.
pub(crate) fn fits(question: &Question, event: &Value) -> bool {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let texts = |pointer: &str| -> Vec<String> {
        let items = event.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let code = event.pointer("/responseStatus/code").and_then(Value::as_u64);
    let mut users = vec![text("/user/username")];
    users.extend(Some(text("/impersonatedUser/username")).filter(|name| !name.is_empty()));
    let groups = [texts("/user/groups"), texts("/impersonatedUser/groups")].concat();
    let any =
        |words: &[String], texts: &[String]| choice(words, |word| texts.iter().any(|text| like(word, text)));
    let one = |words: &[String], pointer: &str| any(words, &[text(pointer)]);
    any(&question.users, &users)
        && any(&question.groups, &groups)
        && one(&question.verbs, "/verb")
        && one(&question.namespaces, "/objectRef/namespace")
        && one(&question.names, "/objectRef/name")
        && one(&question.ids, "/auditID")
        && choice(&question.levels, |word| word == text("/level"))
        && choice(&question.stages, |word| word == text("/stage"))
        && choice(&question.codes, |word| code.is_some_and(|code| has_code(word, code)))
        && choice(&question.resources, |word| is_about(word, event))
        && choice(&question.addresses, |word| texts("/sourceIPs").iter().any(|address| is_in(address, word)))
        && (!question.denied || is_denied(event, code))
        && is_in_time(question, &text("/stageTimestamp"))
}

fn choice(words: &[String], fits: impl Fn(&str) -> bool) -> bool {
    let (not, yes): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.starts_with('!'));
    not.iter().all(|word| !fits(word.trim_start_matches('!')))
        && (yes.is_empty() || yes.iter().any(|word| fits(word)))
}

/// A star is nothing, or one character and a star.
fn like(word: &str, text: &str) -> bool {
    let behind_first = text.chars().next().and_then(|first| text.strip_prefix(first));
    match (word.strip_prefix('*'), word.chars().next()) {
        (Some(rest), _) => like(rest, text) || behind_first.is_some_and(|text| like(word, text)),
        (None, None) => text.is_empty(),
        (None, Some(first)) => {
            text.starts_with(first)
                && like(word.strip_prefix(first).unwrap_or_default(), behind_first.unwrap_or_default())
        }
    }
}

fn has_code(word: &str, code: u64) -> bool {
    match word {
        "4xx" => (400..500).contains(&code),
        "200-299" => (200..300).contains(&code),
        word => word.parse() == Ok(code),
    }
}

fn is_about(word: &str, event: &Value) -> bool {
    let Some(object) = event.get("objectRef") else {
        let uri = event["requestURI"].as_str().unwrap();
        return word.starts_with('/') && like(word, uri.split('?').next().unwrap());
    };
    let part = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or("");
    let (resource, subresource, group) = (part("resource"), part("subresource"), part("apiGroup"));
    match word {
        "pods" | "po/*" => resource == "pods",
        "pods/" => resource == "pods" && subresource.is_empty(),
        "pods/log" => resource == "pods" && subresource == "log",
        "*/scale" => subresource == "scale",
        "deploy" => resource == "deployments",
        "things.example.com" => resource == "things" && group == "example.com",
        "*.apps" => group == "apps",
        "*" => true,
        path => {
            assert!(path.starts_with('/'), "{path}");
            false
        }
    }
}

fn is_in(address: &str, word: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    match word {
        "10.0.0.0/8" => address.to_string().starts_with("10."),
        "2001:db8::/32" => address.to_string().starts_with("2001:db8:"),
        word => word.parse() == Ok(address),
    }
}

fn is_denied(event: &Value, code: Option<u64>) -> bool {
    let decision = event.get("annotations").and_then(|all| all.get("authorization.k8s.io/decision"));
    code == Some(401) || code == Some(403) || decision.and_then(Value::as_str) == Some("forbid")
}

fn is_in_time(question: &Question, time: &str) -> bool {
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let limit = |text: Option<&str>| text.map(|text| moment(text).unwrap());
    let (since, until) = (limit(question.since), limit(question.until));
    since.is_none_or(|since| moment(time).is_some_and(|time| time >= since))
        && until.is_none_or(|until| moment(time).is_some_and(|time| time < until))
}

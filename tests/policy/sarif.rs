//! The SARIF log is valid by SARIF 2.1.0: the required properties, value ranges and closed objects of its JSON schema, as far
//! as kaudit writes them, and the rules in its text that no schema can express.

use std::collections::BTreeSet;

use kaudit::policy::lint::{all, lint, sarif};
use serde_json::{Map, Value};

const POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: [\"*\"]} # kaudit: allow KA201 there is one of that name
- {level: None, verbs: [\"*\"]}
- {level: None}
";

fn log() -> Value {
    let linted = lint(POLICY, 36);
    let broken = lint("rules: [", 36);
    sarif(
        &[("policies/a b.yaml", &linted.findings), ("/tmp/broken.yaml", &broken.findings)],
        &["opening c.yaml: not found".to_owned()],
    )
}

/// The properties of an object, which must be among `known`, and have all that are `required`.
fn object<'v>(value: &'v Value, required: &[&str], known: &[&str]) -> &'v Map<String, Value> {
    let object = value.as_object().unwrap();
    for name in required {
        assert!(object.contains_key(*name), "{name} is missing in {value}");
    }
    for name in object.keys() {
        assert!(required.contains(&name.as_str()) || known.contains(&name.as_str()), "{name} in {value}");
    }
    object
}

fn text(value: &Value) -> &str {
    let text = value.as_str().unwrap();
    assert!(!text.is_empty());
    text
}

#[test]
fn the_log_has_what_the_schema_demands_and_nothing_that_it_does_not_know() {
    let log = log();
    object(&log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let run = object(&runs[0], &["tool"], &["columnKind", "invocations", "results"]);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let invocation =
        object(&run["invocations"][0], &["executionSuccessful"], &["toolExecutionNotifications"]);
    assert_eq!(invocation["executionSuccessful"], false);
    for notification in invocation["toolExecutionNotifications"].as_array().unwrap() {
        object(notification, &["message"], &["level"]);
        text(&notification["message"]["text"]);
    }
    let driver = object(&run["tool"]["driver"], &["name"], &["semanticVersion", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids.len(), all().len(), "3.19.23: the ids of rules are different");
    for rule in rules {
        let known = ["shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"];
        let rule = object(rule, &["id"], &known);
        for message in ["shortDescription", "fullDescription", "help"] {
            text(&rule[message]["text"]);
        }
        assert!(text(&rule["helpUri"]).starts_with("https://"));
        assert!(is_level(&rule["defaultConfiguration"]["level"]));
    }
}

fn is_level(value: &Value) -> bool {
    ["none", "note", "warning", "error"].contains(&text(value))
}

#[test]
fn every_result_has_a_rule_a_level_a_message_and_a_place() {
    let log = log();
    let rules = &log["runs"][0]["tool"]["driver"]["rules"];
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let mut fingerprints = BTreeSet::new();
    for result in results {
        let known = ["ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "suppressions"];
        let result = object(result, &["message"], &known);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(is_level(&result["level"]));
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
        text(&result["message"]["text"]);
        let place = &result["locations"][0]["physicalLocation"];
        object(place, &["artifactLocation"], &["region"]);
        let uri = text(&place["artifactLocation"]["uri"]);
        assert!(["policies/a%20b.yaml", "file:///tmp/broken.yaml"].contains(&uri), "{uri}");
        object(&place["region"], &[], &["startLine", "startColumn"]);
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
        fingerprints.insert((uri, text(&result["partialFingerprints"]["path/v1"])));
        // 3.27.23: either all results of a run have suppressions, or none.
        for suppression in result["suppressions"].as_array().unwrap() {
            object(suppression, &["kind"], &["status", "justification"]);
            assert_eq!(suppression["kind"], "inSource");
        }
    }
    assert_eq!(fingerprints.len(), results.len());
}

#[test]
fn what_a_comment_allows_is_suppressed_with_its_reason() {
    let log = log();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<_> =
        results.iter().filter(|result| !result["suppressions"].as_array().unwrap().is_empty()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["ruleId"], "KA201");
    assert_eq!(suppressed[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "there is one of that name");
}

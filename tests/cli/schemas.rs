//! Tests that the schema validator rejects invalid values.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::support::json_schema::{check_output, validate};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn what_does_not_fit_is_rejected() {
    let schema = json!({
        "type": "object",
        "properties": {
            "count": { "type": "integer", "minimum": 0, "maximum": 255 },
            "place": { "anyOf": [{ "$ref": "#/$defs/Place" }, { "type": "null" }] },
            "names": { "type": "array", "items": { "type": "string" }, "maxItems": 2 },
            "level": { "enum": ["None", "Metadata"] },
            "sizes": { "type": "object", "additionalProperties": { "type": "integer" } },
            "hint": { "type": ["string", "null"] },
            "kind": { "const": "a" },
        },
        "required": ["count"],
        "additionalProperties": false,
        "$defs": {
            "Place": {
                "type": "object",
                "properties": { "line": { "type": "integer" } },
                "required": ["line"],
                "additionalProperties": false,
            },
        },
    });
    let fit = json!({
        "count": 1, "place": { "line": 2 }, "names": ["a", "b"], "level": "None", "sizes": { "a": 1 }, "hint": null, "kind": "a",
    });
    assert_eq!(validate(&schema, &fit), Ok(()));
    assert_eq!(validate(&schema, &json!({ "count": 255, "place": null })), Ok(()));
    for (value, why) in [
        (json!([]), ": [] is not \"object\""),
        (json!({}), ": \"count\" is missing"),
        (json!({ "count": -1 }), "/count: -1 is less than 0"),
        (json!({ "count": 256 }), "/count: 256 is more than 255"),
        (json!({ "count": 1.5 }), "/count: 1.5 is not \"integer\""),
        (json!({ "count": 1, "other": 1 }), ": the key \"other\" is not in the schema"),
        (json!({ "count": 1, "place": {} }), "/place: \"line\" is missing; or /place: {} is not \"null\""),
        (json!({ "count": 1, "names": ["a", 1] }), "/names/1: 1 is not \"string\""),
        (
            json!({ "count": 1, "names": ["a", "b", "c"] }),
            "/names: [\"a\",\"b\",\"c\"] has more than 2 items",
        ),
        (json!({ "count": 1, "level": "none" }), "/level: \"none\" is not one of [\"None\",\"Metadata\"]"),
        (json!({ "count": 1, "sizes": { "a": "b" } }), "/sizes/a: \"b\" is not \"integer\""),
        (json!({ "count": 1, "hint": 1 }), "/hint: 1 is not one of [\"string\",\"null\"]"),
        (json!({ "count": 1, "kind": "b" }), "/kind: \"b\" is not \"a\""),
    ] {
        assert_eq!(validate(&schema, &value), Err(why.to_owned()));
    }
    let unknown = json!({ "pattern": "a" });
    assert!(validate(&unknown, &Value::Null).unwrap_err().contains("pattern"));
    let broken = json!({ "$ref": "#/$defs/None" });
    assert!(validate(&broken, &Value::Null).unwrap_err().contains("$defs/None"));
}

#[test]
fn each_command_line_has_its_schema() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    let check =
        |line: &str, printed: &str| check_output(&schemas, &line.split(' ').collect::<Vec<_>>(), 0, printed);
    let decision = r#"{"level":"None","omitStages":[],"omitManagedFields":false,"rule":0}"#;
    for (line, printed, is_fit) in [
        ("status", "text", true),
        ("logs -o json", "{}", true),
        ("policy lint p.yaml --sarif", "{}", true),
        ("policy explain p.yaml --requests r.jsonl", decision, true),
        ("policy explain p.yaml --requests r.jsonl", &format!("{decision}\n{{}}"), false),
        ("status -o json", "{}", false),
        ("status --output json", "{}", false),
        ("policy lint p.yaml -o=json", "{}", false),
        ("logs -o json --top user", "{}", false),
        ("status -o json", "", false),
        ("unknown -o json", "{}", false),
    ] {
        assert_eq!(check(line, printed).is_ok(), is_fit, "{line}: {printed}");
    }
}

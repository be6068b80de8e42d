//! Validates what kaudit prints by the schemas in `docs/schema`.
//!
//! The validator knows the keywords that these schemas have and refuses every other one, so that no rule is skipped.
//! The tests and `cargo xtask e2e` share it.

use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// The exit code for a command line that clap rejects, with nothing on standard output.
const USAGE: i32 = 2;

/// Checks the standard output of a run by the schema of its command. Text and formats of others (SARIF, the API
/// server's events) have no schema and are not checked.
///
/// # Errors
/// The output is not what the schema says, or the command has none.
pub(crate) fn check_output(
    schemas: &Path,
    arguments: &[&str],
    code: i32,
    stdout: &str,
) -> Result<(), String> {
    let Some(name) = schema_of(schemas, arguments)? else { return Ok(()) };
    if stdout.is_empty() && code == USAGE {
        return Ok(());
    }
    let path = schemas.join(format!("{name}.json"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let schema: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let is_lines = name == REQUESTS;
    let mut values = serde_json::Deserializer::from_str(stdout).into_iter::<Value>();
    if !is_lines {
        let value = values.next().ok_or("no JSON object was printed")?.map_err(|error| error.to_string())?;
        validate(&schema, &value).map_err(|error| format!("{name}.json: {error}"))?;
        return values.next().map_or(Ok(()), |_| Err("more than one JSON object was printed".to_owned()));
    }
    values.into_iter().try_for_each(|value| {
        let value = value.map_err(|error| error.to_string())?;
        validate(&schema, &value).map_err(|error| format!("{name}.json: {error}"))
    })
}

/// The schema of the lines of `policy explain --requests`, which prints them also without `-o json`.
const REQUESTS: &str = "policy-explain-requests";

/// The name of the schema of a command line's output; `None` if the output has none.
fn schema_of(schemas: &Path, arguments: &[&str]) -> Result<Option<String>, String> {
    if arguments.contains(&"--requests") {
        return Ok(Some(REQUESTS.to_owned()));
    }
    let is_json = |pair: &[&str]| matches!(pair, ["-o" | "--output", "json"]);
    let is_json = arguments.windows(2).any(is_json)
        || arguments.iter().any(|argument| matches!(*argument, "-ojson" | "-o=json" | "--output=json"));
    let is_foreign = arguments.contains(&"--sarif")
        || (arguments.first() == Some(&"logs") && !arguments.contains(&"--top"));
    // `demo` has no JSON output, and rejects `-o`.
    if !is_json || is_foreign || arguments.first() == Some(&"demo") {
        return Ok(None);
    }
    let names = [
        arguments.get(..2).unwrap_or_default().join("-"),
        arguments.first().copied().unwrap_or_default().to_owned(),
    ];
    let found = names.into_iter().find(|name| schemas.join(format!("{name}.json")).is_file());
    found.map(Some).ok_or_else(|| format!("there is no schema for {}", arguments.join(" ")))
}

/// Checks `value` by a whole schema.
///
/// # Errors
/// The first place that does not fit, as a JSON pointer, and why; or a keyword of the schema that is not known.
pub(crate) fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    Validator { root: schema }.check(schema, value, "")
}

struct Validator<'a> {
    root: &'a Value,
}

impl Validator<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(schema) => schema,
            _ => return Err(format!("{place}: nothing is allowed here")),
        };
        schema
            .iter()
            .try_for_each(|(keyword, rule)| self.check_keyword(schema, (keyword, rule), value, place))
    }

    fn check_keyword(
        &self,
        schema: &Map<String, Value>,
        (keyword, rule): (&str, &Value),
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        let unfit = |why: &str| Err(format!("{place}: {value} {why}"));
        match (keyword, rule) {
            ("$ref", Value::String(reference)) => {
                let pointer = reference.strip_prefix('#').unwrap_or(reference);
                let target = self.root.pointer(pointer).ok_or(format!("the schema has no {reference}"))?;
                self.check(target, value, place)
            }
            ("type", Value::String(name)) if !is_of_type(value, name) => unfit(&format!("is not {rule}")),
            ("type", Value::Array(names))
                if !names.iter().filter_map(Value::as_str).any(|name| is_of_type(value, name)) =>
            {
                unfit(&format!("is not one of {rule}"))
            }
            ("const", expected) if value != expected => unfit(&format!("is not {rule}")),
            ("enum", Value::Array(allowed)) if !allowed.contains(value) => {
                unfit(&format!("is not one of {rule}"))
            }
            ("minimum", Value::Number(least)) if is_less(value, least.as_f64()) => {
                unfit(&format!("is less than {rule}"))
            }
            ("maximum", Value::Number(most)) if is_less(rule, value.as_f64()) => {
                unfit(&format!("is more than {rule}"))
            }
            ("minItems", Value::Number(least))
                if value.as_array().is_some_and(|items| Some(items.len() as u64) < least.as_u64()) =>
            {
                unfit(&format!("has fewer than {rule} items"))
            }
            ("maxItems", Value::Number(most))
                if value.as_array().is_some_and(|items| Some(items.len() as u64) > most.as_u64()) =>
            {
                unfit(&format!("has more than {rule} items"))
            }
            ("anyOf" | "oneOf", Value::Array(choices)) => {
                let results: Vec<Result<(), String>> =
                    choices.iter().map(|choice| self.check(choice, value, place)).collect();
                match results.iter().filter(|result| result.is_ok()).count() {
                    1 => Ok(()),
                    0 => Err(results.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; or ")),
                    _ if keyword == "anyOf" => Ok(()),
                    _ => unfit("fits more than one of the choices"),
                }
            }
            ("properties", Value::Object(properties)) => properties.iter().try_for_each(|(key, rule)| {
                value.get(key).map_or(Ok(()), |value| self.check(rule, value, &format!("{place}/{key}")))
            }),
            ("required", Value::Array(keys)) => {
                let has = |key: &&Value| key.as_str().is_some_and(|key| value.get(key).is_some());
                match keys.iter().find(|key| !has(key)) {
                    Some(key) if value.is_object() => Err(format!("{place}: {key} is missing")),
                    _ => Ok(()),
                }
            }
            ("additionalProperties", rule) => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let is_named = |key: &str| properties.is_some_and(|properties| properties.contains_key(key));
                let others = value.as_object().into_iter().flatten().filter(|(key, _)| !is_named(key));
                others.into_iter().try_for_each(|(key, value)| match rule {
                    Value::Bool(false) => Err(format!("{place}: the key {key:?} is not in the schema")),
                    _ => self.check(rule, value, &format!("{place}/{key}")),
                })
            }
            ("items", rule) => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .into_iter()
                    .try_for_each(|(index, item)| self.check(rule, item, &format!("{place}/{index}")))
            }
            // Keywords that are checked elsewhere, and annotations.
            (
                "type" | "const" | "enum" | "minimum" | "maximum" | "minItems" | "maxItems" | "$schema"
                | "$defs" | "title" | "description" | "default" | "format",
                _,
            ) => Ok(()),
            _ => Err(format!("the schema has the keyword {keyword}, which this validator does not know")),
        }
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Values that are not numbers are not less than one.
fn is_less(value: &Value, than: Option<f64>) -> bool {
    value.as_f64().zip(than).is_some_and(|(value, than)| value < than)
}

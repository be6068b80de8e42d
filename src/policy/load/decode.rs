//! From the value of a file to the policy.

use serde_json::{Map, Value};

use crate::policy::load::finding::Finding;
use crate::policy::load::go;
use crate::policy::load::shape::{POLICY, Shape, Struct};
use crate::policy::model::{ApiVersion, GroupResources, Level, Policy, Rule, Stage};
use crate::yaml::Path;

/// A key that the API server does not know.
#[derive(Debug)]
pub(in crate::policy) struct UnknownKey {
    /// The key's own path.
    pub(in crate::policy) path: Path,
    /// The key.
    pub(in crate::policy) key: String,
    /// The struct that has no such key.
    pub(in crate::policy) owner: &'static Struct,
}

/// What the comparison of a value with the Go types found.
#[derive(Debug, Default)]
pub(in crate::policy) struct Comparison {
    /// Values that Go cannot decode.
    pub(in crate::policy) mismatches: Vec<Finding>,
    /// Keys that are ignored.
    pub(in crate::policy) unknown: Vec<UnknownKey>,
}

/// Compares the value of a whole file with the Go type of a policy.
///
/// `number_is_text` says that numbers are read as they are written (JSON), not as a YAML reader printed them. Without
/// `knows_managed_fields` the type has no `omitManagedFields`, so any value of it is accepted.
pub(in crate::policy) fn compare(
    root: &Map<String, Value>,
    number_is_text: bool,
    knows_managed_fields: bool,
) -> Comparison {
    let mut walk = Walk { found: Comparison::default(), number_is_text, knows_managed_fields };
    walk.fields(root, &POLICY, &Path::root());
    walk.found
}

/// Whether Go decodes the value of a JSON text without an error.
pub(in crate::policy) fn fits(value: &Value, shape: Shape) -> bool {
    let found = Comparison::default();
    let mut walk = Walk { found, number_is_text: true, knows_managed_fields: true };
    walk.value(value, shape, &Path::root());
    walk.found.mismatches.is_empty()
}

struct Walk {
    found: Comparison,
    number_is_text: bool,
    knows_managed_fields: bool,
}

impl Walk {
    fn fields(&mut self, map: &Map<String, Value>, owner: &'static Struct, path: &Path) {
        for (key, value) in map {
            let path = path.clone().key(key.as_str());
            match owner.field(key) {
                // Found by `strict::too_new`.
                Some(_) if key == "omitManagedFields" && !self.knows_managed_fields => {}
                Some(shape) => self.value(value, shape, &path),
                None => self.found.unknown.push(UnknownKey { path, key: key.clone(), owner }),
            }
        }
    }

    fn value(&mut self, value: &Value, shape: Shape, path: &Path) {
        match (shape, value) {
            // Null leaves everything as it was, which is empty.
            (_, Value::Null)
            | (Shape::Anything, _)
            | (Shape::Text, Value::String(_))
            | (Shape::Bool, Value::Bool(_)) => {}
            (Shape::List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.value(value, *item, &path.clone().index(index));
                }
            }
            (Shape::Struct(inner), Value::Object(map)) => self.fields(map, inner, path),
            (Shape::Labels, Value::Object(map)) => {
                for (key, value) in map {
                    self.value(value, Shape::Text, &path.clone().key(key.as_str()));
                }
            }
            (Shape::Integer, Value::Number(number)) if is_int64(number, self.number_is_text) => {}
            (Shape::Time, Value::String(text)) if go::is_rfc3339(text) => {}
            _ => self.found.mismatches.push(mismatch(value, shape, path.clone())),
        }
    }
}

/// The finding about a value that is not of the shape.
pub(in crate::policy) fn mismatch(value: &Value, shape: Shape, path: Path) -> Finding {
    let found = match (shape, value) {
        (Shape::Integer, Value::Number(number)) => number.to_string(),
        (Shape::Time, Value::String(text)) => go::quote(text),
        _ => type_of(value).to_owned(),
    };
    let help = match (shape, value) {
        (Shape::Text, Value::Bool(_) | Value::Number(_)) => {
            "put it into double quotes: without them, YAML 1.1 reads a number, and reads yes, no, on, off, true and false as \
             a boolean"
        }
        (Shape::List(_), _) => "write a list here, for example `[\"a\", \"b\"]`, and check the indentation",
        _ => "check the indentation",
    };
    let wanted = shape.description();
    Finding::fatal(format!("{} must be {wanted}, not {found}", go::field_path(&path))).about(path).help(help)
}

/// The type of the value, for messages.
pub(in crate::policy) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Whether `strconv.ParseInt` reads the number. A float without a fraction loses its point on the way through a
/// YAML reader.
fn is_int64(number: &serde_json::Number, number_is_text: bool) -> bool {
    /// 2^63, the first float that is too large.
    const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;
    number.is_i64()
        || (!number_is_text
            && number.is_f64()
            && number.as_f64().is_some_and(|float| float.fract() == 0.0 && float.abs() < TOO_LARGE))
}

/// The list under `key`; empty where there is none.
pub(in crate::policy) fn list<'v>(map: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    map.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The strings of the list under `key`. A null in the list is an empty string.
pub(in crate::policy) fn strings(map: &Map<String, Value>, key: &str) -> Vec<String> {
    list(map, key).iter().map(text).collect()
}

/// A string; empty for null.
pub(in crate::policy) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The objects of the list under `key`. A null in the list is an object without keys.
pub(in crate::policy) fn objects<'v>(map: &'v Map<String, Value>, key: &str) -> Vec<&'v Map<String, Value>> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    list(map, key).iter().map(|item| item.as_object().unwrap_or(&EMPTY)).collect()
}

/// Builds the policy from a value without mismatches; `None` where a level or a stage is not valid.
///
/// `knows_managed_fields` is false for an API server that ignores `omitManagedFields` as an unknown key.
pub(in crate::policy) fn build(
    root: &Map<String, Value>,
    api_version: ApiVersion,
    knows_managed_fields: bool,
) -> Option<Policy> {
    let omit_managed_fields =
        |map: &Map<String, Value>| map.get("omitManagedFields")?.as_bool().filter(|_| knows_managed_fields);
    let rule = |rule: &Map<String, Value>| {
        Some(Rule {
            level: Level::find(rule.get("level")?.as_str()?)?,
            users: strings(rule, "users"),
            user_groups: strings(rule, "userGroups"),
            verbs: strings(rule, "verbs"),
            resources: objects(rule, "resources").into_iter().map(group_resources).collect(),
            namespaces: strings(rule, "namespaces"),
            non_resource_urls: strings(rule, "nonResourceURLs"),
            omit_stages: stages(rule)?,
            omit_managed_fields: omit_managed_fields(rule),
        })
    };
    Some(Policy {
        api_version,
        rules: objects(root, "rules").into_iter().map(rule).collect::<Option<_>>()?,
        omit_stages: stages(root)?,
        omit_managed_fields: omit_managed_fields(root).unwrap_or(false),
    })
}

fn group_resources(map: &Map<String, Value>) -> GroupResources {
    GroupResources {
        group: map.get("group").map(text).unwrap_or_default(),
        resources: strings(map, "resources"),
        resource_names: strings(map, "resourceNames"),
    }
}

fn stages(map: &Map<String, Value>) -> Option<Vec<Stage>> {
    list(map, "omitStages").iter().map(|stage| Stage::find(stage.as_str()?)).collect()
}

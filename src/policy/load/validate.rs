//! What the API server demands of a decoded policy, in its words
//! (`apiserver/pkg/apis/audit/validation/validation.go`).

use serde_json::{Map, Value};

use crate::policy::load::decode::{list, objects, strings, text};
use crate::policy::load::go;
use crate::policy::model::{Level, Stage};
use crate::policy::nearest::nearest;
use crate::yaml::Path;

/// A demand that is not met.
#[derive(Debug)]
pub(in crate::policy) struct Violation {
    /// The value it is about; for a missing one, the path that it would have.
    pub(in crate::policy) path: Path,
    /// What the API server prints.
    pub(in crate::policy) words: String,
    /// What to write instead.
    pub(in crate::policy) help: String,
}

/// Checks everything that the API server 1.`minor` checks, in its order.
pub(in crate::policy) fn validate(root: &Map<String, Value>, minor: u32) -> Vec<Violation> {
    let mut violations = check_stages(root, &Path::root());
    for (index, rule) in objects(root, "rules").into_iter().enumerate() {
        let path = Path::root().key("rules").index(index);
        violations.extend(check_level(rule, &path, minor));
        violations.extend(check_urls(rule, &path));
        violations.extend(check_resources(rule, &path, minor));
        violations.extend(check_stages(rule, &path));
        violations.extend(check_either_resources_or_urls(rule, &path, minor));
    }
    violations
}

fn check_level(rule: &Map<String, Value>, path: &Path, minor: u32) -> Option<Violation> {
    let level = rule.get("level").map(text).unwrap_or_default();
    let path = path.clone().key("level");
    if level.is_empty() {
        let words = format!("{}: Required value", go::field_path(&path));
        let help = "every rule needs a level: None, Metadata, Request or RequestResponse".to_owned();
        return Some(Violation { path, words, help });
    }
    if Level::find(&level).is_some() {
        return None;
    }
    let supported: Vec<_> = Level::ALL.iter().map(|level| go::quote(level.name())).collect();
    let words = format!(
        "{}: Unsupported value: {}: supported values: {}",
        go::field_path(&path),
        if prints_json(minor) { go::json(&Value::from(level.as_str())) } else { go::quote(&level) },
        supported.join(", ")
    );
    let help = instead(&level, &Level::ALL.map(Level::name));
    Some(Violation { path, words, help })
}

fn check_stages(owner: &Map<String, Value>, path: &Path) -> Vec<Violation> {
    let names = Stage::ALL.map(Stage::name);
    let check = |(index, stage): (usize, String)| {
        if Stage::find(&stage).is_some() {
            return None;
        }
        let path = path.clone().key("omitStages").index(index);
        let reason = format!("allowed stages are {}", names.join(","));
        let words = invalid(&path, &go::quote(&stage), &reason);
        Some(Violation { path, words, help: instead(&stage, &names) })
    };
    strings(owner, "omitStages").into_iter().enumerate().filter_map(check).collect()
}

fn check_urls(rule: &Map<String, Value>, path: &Path) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, url) in strings(rule, "nonResourceURLs").into_iter().enumerate() {
        if url == "*" {
            continue;
        }
        let path = path.clone().key("nonResourceURLs").index(index);
        if !url.starts_with('/') {
            violations.push(Violation {
                words: invalid(
                    &path,
                    &go::quote(&url),
                    "non-resource URL rules must begin with a '/' character",
                ),
                path: path.clone(),
                help: format!("write {}", go::quote(&format!("/{url}"))),
            });
        }
        let mut before_last = url.chars();
        before_last.next_back();
        if before_last.as_str().contains('*') {
            let prefix = url.split('*').next().unwrap_or_default();
            violations.push(Violation {
                words: invalid(
                    &path,
                    &go::quote(&url),
                    "non-resource URL wildcards '*' must be the final character of the rule",
                ),
                path,
                help: format!(
                    "write {}, which matches everything that starts so",
                    go::quote(&format!("{prefix}*"))
                ),
            });
        }
    }
    violations
}

fn check_resources(rule: &Map<String, Value>, path: &Path, minor: u32) -> Vec<Violation> {
    let mut violations = Vec::new();
    // The API server's paths leave out the index of the item; ours point at it.
    let printed = go::field_path(&path.clone().key("resources"));
    for (index, entry) in objects(rule, "resources").into_iter().enumerate() {
        let path = path.clone().key("resources").index(index);
        let group = entry.get("group").map(text).unwrap_or_default();
        if let Some(reason) = group_fault(&group, minor) {
            violations.push(Violation {
                words: format!("{printed}.group: Invalid value: {}: {reason}", go::quote(&group)),
                path: path.clone().key("group"),
                help: group_help(&group),
            });
        }
        if !list(entry, "resourceNames").is_empty() && list(entry, "resources").is_empty() {
            let names = print_list(&strings(entry, "resourceNames"), minor);
            violations.push(Violation {
                words: format!(
                    "{printed}.resourceNames: Invalid value: {names}: using resourceNames requires at least one resource"
                ),
                path: path.key("resourceNames"),
                help: "name the resources that these are names of, for example `resources: [\"configmaps\"]`"
                    .to_owned(),
            });
        }
    }
    violations
}

fn check_either_resources_or_urls(rule: &Map<String, Value>, path: &Path, minor: u32) -> Option<Violation> {
    let urls = strings(rule, "nonResourceURLs");
    if urls.is_empty() || (list(rule, "resources").is_empty() && list(rule, "namespaces").is_empty()) {
        return None;
    }
    let path = path.clone().key("nonResourceURLs");
    let reason = "rules cannot apply to both regular resources and non-resource URLs";
    let words = invalid(&path, &print_list(&urls, minor), reason);
    let help = "split it: one rule with nonResourceURLs, one with resources and namespaces".to_owned();
    Some(Violation { path, words, help })
}

/// Whether the API server prints a bad value as JSON (`field.Error` in apimachinery, from 1.34 on), not as Go writes it.
fn prints_json(minor: u32) -> bool {
    minor >= 34
}

fn print_list(values: &[String], minor: u32) -> String {
    if prints_json(minor) {
        return go::json(&Value::from(values));
    }
    let values: Vec<String> = values.iter().map(|value| go::quote(value)).collect();
    format!("[]string{{{}}}", values.join(", "))
}

/// The first minor version whose API server takes `group: "*"`.
const FIRST_MINOR_WITH_ANY_GROUP: u32 = 36;

/// Longer names of groups are refused.
const GROUP_MAX_BYTES: usize = 253;

/// Why the API server refuses the group, in its words.
fn group_fault(group: &str, minor: u32) -> Option<String> {
    if group.is_empty() || (group == "*" && minor >= FIRST_MINOR_WITH_ANY_GROUP) {
        return None;
    }
    let mut faults = Vec::new();
    if group.len() > GROUP_MAX_BYTES {
        faults.push(format!("must be no more than {GROUP_MAX_BYTES} characters"));
    }
    if !group.split('.').all(is_dns_label) {
        let called = if minor >= 20 { "lowercase RFC 1123" } else { "DNS-1123" };
        faults.push(format!(
            "a {called} subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
             end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        ));
    }
    (!faults.is_empty()).then(|| faults.join(","))
}

fn is_dns_label(label: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(is_alphanumeric)
        && label.ends_with(is_alphanumeric)
        && label.chars().all(|c| is_alphanumeric(c) || c == '-')
}

fn group_help(group: &str) -> String {
    if group == "*" {
        return format!(
            "`*` for all groups needs 1.{FIRST_MINOR_WITH_ANY_GROUP}; before, name each group, or leave out \
             `resources` to match every resource"
        );
    }
    let name = group.split('/').next().unwrap_or_default().to_lowercase();
    if name.split('.').all(is_dns_label) {
        return format!("write the group without version and in lower case: {}", go::quote(&name));
    }
    "write the name of an API group, for example \"apps\", or \"\" for the core group".to_owned()
}

fn invalid(path: &Path, value: &str, reason: &str) -> String {
    format!("{}: Invalid value: {value}: {reason}", go::field_path(path))
}

/// Says what to write instead of `found`: the name that was probably meant, or all names.
fn instead(found: &str, names: &[&str]) -> String {
    match nearest(found, names.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("write one of {}", names.join(", ")),
    }
}

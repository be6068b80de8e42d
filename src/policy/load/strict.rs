//! What the API server drops in silence, or with a warning that nobody reads, and what that does.

use serde_json::{Map, Value};

use crate::policy::load::decode::objects;
use crate::policy::load::shape::{GROUP_RESOURCES, POLICY, RULE, Struct};
use crate::policy::nearest::nearest;
use crate::yaml::Path;

/// The first minor version whose API server knows `omitManagedFields`.
pub(in crate::policy) const FIRST_MINOR_WITH_MANAGED_FIELDS: u32 = 23;

/// The places of `omitManagedFields` in a policy for an API server 1.`minor` that does not know it.
pub(in crate::policy) fn too_new(root: &Map<String, Value>, minor: u32) -> Vec<Path> {
    const KEY: &str = "omitManagedFields";
    if minor >= FIRST_MINOR_WITH_MANAGED_FIELDS {
        return Vec::new();
    }
    let mut paths = Vec::new();
    if root.contains_key(KEY) {
        paths.push(Path::root().key(KEY));
    }
    for (index, rule) in objects(root, "rules").into_iter().enumerate() {
        if rule.contains_key(KEY) {
            paths.push(Path::root().key("rules").index(index).key(KEY));
        }
    }
    paths
}

/// Keys as other objects of Kubernetes call them, RBAC above all, and what they are called here.
const BORROWED: [(&str, &str); 4] =
    [("apiGroups", "group"), ("apiGroup", "group"), ("groups", "userGroups"), ("subjects", "users")];

/// What an unknown key of `owner` was probably meant to be, and what happens without it.
pub(in crate::policy) fn explain(key: &str, owner: &'static Struct) -> (Option<String>, String) {
    let names = || owner.fields.iter().map(|(name, _)| *name);
    if let Some(name) = names().find(|name| name.eq_ignore_ascii_case(key)).or_else(|| nearest(key, names()))
    {
        let reason = if name.eq_ignore_ascii_case(key) { " (upper and lower case count)" } else { "" };
        return (Some(format!("did you mean `{name}`?{reason}")), effect_of_losing(name, owner));
    }
    if let Some((_, name)) =
        BORROWED.iter().find(|(borrowed, name)| *borrowed == key && owner.field(name).is_some())
    {
        return (Some(format!("in an audit policy it is called `{name}`")), effect_of_losing(name, owner));
    }
    for other in [&RULE, &GROUP_RESOURCES, &POLICY] {
        if let Some(name) = other.fields.iter().map(|(name, _)| *name).find(|name| *name == key) {
            let meant = format!(
                "`{name}` is a key of {}, not of {}: check the indentation",
                other.called, owner.called
            );
            return (Some(meant), effect_of_losing(name, other));
        }
    }
    let known: Vec<_> = names().collect();
    (
        Some(format!("{} has the keys {}", owner.called, known.join(", "))),
        "the API server drops it and at most warns (silently before 1.26)".to_owned(),
    )
}

/// What the API server does with a policy that lacks the key.
fn effect_of_losing(name: &str, owner: &Struct) -> String {
    let effect = match (owner.name, name) {
        ("PolicyRule", "users") => "the rule then matches every user",
        ("PolicyRule", "userGroups") => "the rule then matches users of every group",
        ("PolicyRule", "verbs") => "the rule then matches every verb",
        ("PolicyRule", "namespaces") => "the rule then matches every namespace",
        ("PolicyRule", "resources") => "the rule then matches every resource",
        ("PolicyRule", "nonResourceURLs") => "the rule then matches every path, and resources too",
        ("GroupResources", "group") => "the entry is then about the core group",
        ("GroupResources", "resources") => "the entry then means every resource of the group",
        ("GroupResources", "resourceNames") => "the entry then means every object",
        (_, "omitStages") => "the stages are then logged",
        (_, "omitManagedFields") => "managed fields are then logged with the bodies",
        (_, "level") => "the rule then has no level",
        (_, "rules") => "the policy then lacks these rules",
        _ => return "the API server drops it and at most warns (silently before 1.26)".to_owned(),
    };
    format!("the API server drops the key and at most warns (silently before 1.26): {effect}")
}

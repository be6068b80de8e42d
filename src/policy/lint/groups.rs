//! API groups against the table of what the API server serves by itself.

use crate::policy::builtin::{self, Builtin};
use crate::policy::lint::catalogue;
use crate::policy::lint::found::{Found, path_of_rule};
use crate::policy::lint::resources::{called, when_served};
use crate::policy::load::go;
use crate::policy::model::{GroupResources, Policy};
use crate::yaml::Path;

/// Looks at the group of every item of every rule's `resources`.
pub(super) fn check(policy: &Policy, minor: u32, found: &mut Found<'_>) {
    for (rule_index, rule) in policy.rules.iter().enumerate() {
        for (index, entry) in rule.resources.iter().enumerate() {
            let path = path_of_rule(rule_index).key("resources").index(index).key("group");
            if entry.group == "*" {
                let message = format!("group \"*\" is taken by 1.{minor}, and refused before 1.36");
                found.add(catalogue::ANY_GROUP, path, message);
            } else if builtin::has_group(&entry.group) {
                check_served(entry, minor, path, found);
            } else {
                check_unknown(&entry.group, path, found);
            }
        }
    }
}

/// A group of which all is meant, and nothing is served any more or yet. Named resources are looked at one by one.
fn check_served(entry: &GroupResources, minor: u32, path: Path, found: &mut Found<'_>) {
    let is_whole_group = entry.resources.is_empty() || entry.resources.iter().any(|it| it == "*");
    let of_group: Vec<&Builtin> = builtin::all().iter().filter(|known| known.group == entry.group).collect();
    if !is_whole_group || of_group.iter().any(|known| builtin::is_served(&known.minors, minor)) {
        return;
    }
    let first = of_group.iter().map(|known| *known.minors.start()).min().unwrap_or_default();
    let last = of_group.iter().map(|known| *known.minors.end()).max().unwrap_or_default();
    let when = when_served(&(first..=last), minor);
    let message = format!("1.{minor} serves nothing in {}: {when}", called(&entry.group));
    let fix = "remove it, if the policy is not for other releases too";
    found.add_with(catalogue::NOT_SERVED, path, message, fix);
}

fn check_unknown(group: &str, path: Path, found: &mut Found<'_>) {
    /// Names this near to a group of the API server are slips: `rbac.authorisation.k8s.io`.
    const SLIPS: usize = 2;
    /// Groups of aggregated API servers that nearly every cluster has.
    const AGGREGATED: [&str; 3] = ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"];
    let is_version = group
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('.'));
    if is_version || group == "core" || group == "legacy" {
        let message = format!("there is no API group {}", go::quote(group));
        return found.add_with(catalogue::GROUP, path, message, "write \"\" for the core group");
    }
    if AGGREGATED.contains(&group) {
        return;
    }
    let groups = || builtin::all().iter().map(|known| known.group).chain(AGGREGATED);
    let meant = groups()
        .find(|known| known.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')))
        .or_else(|| groups().find(|known| !known.is_empty() && strsim::osa_distance(known, group) <= SLIPS));
    let message = format!("the API server has no group {}", go::quote(group));
    match meant {
        Some(meant) => {
            found.add_with(catalogue::GROUP, path, message, format!("write {}", go::quote(meant)));
        }
        None if !group.contains('.') => {
            let message = format!("{message}, and one of a CustomResourceDefinition has a dot");
            found.add(catalogue::GROUP, path, message);
        }
        // It may be that of a CustomResourceDefinition.
        None => {}
    }
}

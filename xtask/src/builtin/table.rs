//! The text of the table, and its update from the discovery of API servers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use anyhow::{Context as _, Result, bail, ensure};

/// Group and plural name. The core group is empty.
pub(crate) type Name = (String, String);

/// What one API server serves.
pub(crate) type Served = BTreeMap<Name, Resource>;

/// A resource as discovery describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) singular: String,
    pub(crate) is_namespaced: bool,
    pub(crate) short_names: BTreeSet<String>,
    /// Names and kinds.
    pub(crate) subresources: BTreeMap<String, String>,
}

/// Minor releases, from the first to the last.
type Minors = RangeInclusive<u32>;

/// A line of the table: a resource, with its properties in all releases.
struct Row {
    resource: Resource,
    minors: Minors,
    /// Of every subresource.
    parts: BTreeMap<String, Minors>,
}

/// The table `text` with what API servers of some minor releases serve. Removes the entries that they
/// contradict, adds their own, and keeps the entries for other releases.
///
/// # Errors
///
/// When a line cannot be parsed, or a name cannot be written in a line.
pub(crate) fn carry_forward(text: &str, served: &BTreeMap<u32, Served>) -> Result<String> {
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, row) = parse(line).with_context(|| format!("reading the line {line:?}"))?;
        rows.insert(name, row);
    }
    let covered = rows.values().flat_map(|row: &Row| [*row.minors.start(), *row.minors.end()]);
    let covered: BTreeSet<u32> = covered.chain(served.keys().copied()).collect();
    let widest = covered.first().copied().unwrap_or_default()..=covered.last().copied().unwrap_or_default();
    let names: BTreeSet<Name> =
        rows.keys().chain(served.values().flat_map(BTreeMap::keys)).cloned().collect();
    let mut lines: Vec<String> =
        text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect();
    for name in names {
        if let Some(row) = bring_up_to_date(&name, rows.remove(&name), served, &widest) {
            lines.push(render(&name, &row)?);
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// The lines that are in one text only: `- ` before, `+ ` after.
pub(crate) fn differences(before: &str, after: &str) -> Vec<String> {
    let lines = |text| -> BTreeSet<&str> { str::lines(text).collect() };
    let (before, after) = (lines(before), lines(after));
    let gone = before.difference(&after).map(|line| format!("- {line}"));
    gone.chain(after.difference(&before).map(|line| format!("+ {line}"))).collect()
}

/// The updated row; none if no release has the resource.
fn bring_up_to_date(
    name: &Name,
    old: Option<Row>,
    served: &BTreeMap<u32, Served>,
    widest: &Minors,
) -> Option<Row> {
    let seen: BTreeMap<u32, bool> =
        served.iter().map(|(minor, served)| (*minor, served.contains_key(name))).collect();
    let minors = correct(old.as_ref().map_or(widest, |row| &row.minors), &seen)?;
    // The newest last: its kind and scope take precedence.
    let found: Vec<(u32, &Resource)> =
        served.iter().filter_map(|(minor, served)| Some((*minor, served.get(name)?))).collect();
    let (mut resource, parts) = match old {
        Some(row) => (row.resource, row.parts),
        None => (Resource::default(), BTreeMap::new()),
    };
    for (_, now) in &found {
        let mut now = (*now).clone();
        now.short_names.append(&mut resource.short_names);
        let former = std::mem::take(&mut resource.subresources);
        for (part, kind) in former {
            now.subresources.entry(part).or_insert(kind);
        }
        resource = now;
    }
    let mut kept = BTreeMap::new();
    for part in resource.subresources.keys() {
        let seen = found.iter().map(|(minor, now)| (*minor, now.subresources.contains_key(part))).collect();
        let prior = parts.get(part).unwrap_or(&minors);
        if let Some(of_part) = correct(prior, &seen) {
            let within = *of_part.start().max(minors.start())..=*of_part.end().min(minors.end());
            kept.insert(part.clone(), within);
        }
    }
    resource.subresources.retain(|part, _| kept.contains_key(part));
    Some(Row { resource, minors, parts: kept })
}

/// The prior range, widened to the releases that have it and cut before the ones that do not.
fn correct(prior: &Minors, seen: &BTreeMap<u32, bool>) -> Option<Minors> {
    let having = |wanted: bool| seen.iter().filter(move |(_, has)| **has == wanted).map(|(minor, _)| *minor);
    let (Some(first), Some(last)) = (having(true).min(), having(true).max()) else {
        let end = having(false).find(|minor| prior.contains(minor)).map_or(*prior.end(), |minor| minor - 1);
        return (prior.start() <= &end).then(|| *prior.start()..=end);
    };
    let lower = having(false).filter(|minor| *minor < first).max().map(|minor| minor + 1);
    let upper = having(false).find(|minor| *minor > last).map(|minor| minor - 1);
    let start = first.min(*prior.start()).max(lower.unwrap_or_default());
    let end = last.max(*prior.end()).min(upper.unwrap_or(u32::MAX));
    Some(start..=end)
}

fn parse(line: &str) -> Result<(Name, Row)> {
    let words: Vec<&str> = line.split(' ').map(|word| if word == "-" { "" } else { word }).collect();
    let [group, plural, kind, singular, scope, minors, short_names, subresources] = words.as_slice() else {
        bail!("it has {} fields, not 8", words.len());
    };
    let minors = parse_minors(minors)?;
    let list = |text: &str| -> Vec<String> {
        text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let (mut names, mut parts) = (BTreeMap::new(), BTreeMap::new());
    for text in list(subresources) {
        let (text, of_part) = match text.split_once('@') {
            Some((text, of_part)) => (text, parse_minors(of_part)?),
            None => (text.as_str(), minors.clone()),
        };
        let (part, kind) = text.split_once('=').unwrap_or((text, kind));
        names.insert(part.to_owned(), kind.to_owned());
        parts.insert(part.to_owned(), of_part);
    }
    let resource = Resource {
        kind: (*kind).to_owned(),
        singular: (*singular).to_owned(),
        is_namespaced: *scope == "namespaced",
        short_names: list(short_names).into_iter().collect(),
        subresources: names,
    };
    Ok((((*group).to_owned(), (*plural).to_owned()), Row { resource, minors, parts }))
}

fn parse_minors(text: &str) -> Result<Minors> {
    let (first, last) = text.split_once('-').with_context(|| format!("{text:?} has no hyphen"))?;
    Ok(first.parse()?..=last.parse()?)
}

fn render(name: &Name, row: &Row) -> Result<String> {
    let Row { resource, minors, parts } = row;
    let or_hyphen = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let range = |minors: &Minors| format!("{}-{}", minors.start(), minors.end());
    let part = |(part, kind): (&String, &String)| {
        let kind = if *kind == resource.kind { String::new() } else { format!("={kind}") };
        let of_part = parts.get(part).filter(|of_part| *of_part != minors);
        let of_part = of_part.map(|of_part| format!("@{}", range(of_part))).unwrap_or_default();
        format!("{part}{kind}{of_part}")
    };
    let (group, plural) = name;
    let words = [
        or_hyphen(group.clone()),
        plural.clone(),
        resource.kind.clone(),
        resource.singular.clone(),
        if resource.is_namespaced { "namespaced" } else { "cluster" }.to_owned(),
        range(minors),
        or_hyphen(resource.short_names.iter().cloned().collect::<Vec<_>>().join(",")),
        or_hyphen(resource.subresources.iter().map(part).collect::<Vec<_>>().join(",")),
    ];
    ensure!(
        words.iter().all(|word| !word.is_empty() && !word.contains(' ')),
        "discovery has a name that fits into no table: {words:?}"
    );
    Ok(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# head
- pods Pod pod namespaced 12-36 po log,resize@32-36
apps deployments Deployment deployment namespaced 12-36 deploy rollback=DeploymentRollback@12-17,scale=Scale
extensions deployments Deployment deployment namespaced 12-17 - -
storage.k8s.io csinodes CSINode csinode cluster 14-35 - status
";

    fn resource(kind: &str, is_namespaced: bool, short: &[&str], parts: &[(&str, &str)]) -> Resource {
        Resource {
            kind: kind.to_owned(),
            singular: kind.to_lowercase(),
            is_namespaced,
            short_names: short.iter().map(ToString::to_string).collect(),
            subresources: parts.iter().map(|(part, kind)| ((*part).to_owned(), (*kind).to_owned())).collect(),
        }
    }

    fn name(group: &str, plural: &str) -> Name {
        (group.to_owned(), plural.to_owned())
    }

    /// The table's entries for 1.33.
    fn served() -> Served {
        Served::from([
            (name("", "pods"), resource("Pod", true, &["po"], &[("log", "Pod"), ("resize", "Pod")])),
            (name("apps", "deployments"), resource("Deployment", true, &["deploy"], &[("scale", "Scale")])),
            (name("storage.k8s.io", "csinodes"), resource("CSINode", false, &[], &[("status", "CSINode")])),
        ])
    }

    fn changes(served: &BTreeMap<u32, Served>) -> Vec<String> {
        differences(TABLE, &carry_forward(TABLE, served).unwrap())
    }

    #[test]
    fn what_is_true_stays_as_it_is() {
        assert_eq!(changes(&BTreeMap::from([(33, served())])), Vec::<String>::new());
        assert_eq!(changes(&BTreeMap::new()), Vec::<String>::new());
    }

    #[test]
    fn what_comes_and_goes_is_in_the_lines() {
        let mut next = served();
        next.remove(&name("storage.k8s.io", "csinodes"));
        next.insert(name("apps", "things"), resource("Thing", true, &["th"], &[]));
        next.get_mut(&name("", "pods")).unwrap().subresources =
            BTreeMap::from([("log".to_owned(), "PodLog".to_owned()), ("new".to_owned(), "Pod".to_owned())]);
        assert_eq!(
            changes(&BTreeMap::from([(33, served()), (37, next)])),
            [
                "- - pods Pod pod namespaced 12-36 po log,resize@32-36",
                "- apps deployments Deployment deployment namespaced 12-36 deploy \
                 rollback=DeploymentRollback@12-17,scale=Scale",
                "+ - pods Pod pod namespaced 12-37 po log=PodLog,new@34-37,resize@32-36",
                "+ apps deployments Deployment deployment namespaced 12-37 deploy \
                 rollback=DeploymentRollback@12-17,scale=Scale",
                "+ apps things Thing thing namespaced 34-37 th -",
            ]
        );
    }

    #[test]
    fn what_an_api_server_contradicts_is_corrected() {
        let mut other = served();
        other.remove(&name("", "pods"));
        other.insert(name("extensions", "deployments"), resource("Deployment", true, &[], &[]));
        other.get_mut(&name("storage.k8s.io", "csinodes")).unwrap().is_namespaced = true;
        assert_eq!(
            changes(&BTreeMap::from([(33, other)])),
            [
                "- - pods Pod pod namespaced 12-36 po log,resize@32-36",
                "- extensions deployments Deployment deployment namespaced 12-17 - -",
                "- storage.k8s.io csinodes CSINode csinode cluster 14-35 - status",
                "+ - pods Pod pod namespaced 12-32 po log,resize@32-32",
                "+ extensions deployments Deployment deployment namespaced 12-33 - -",
                "+ storage.k8s.io csinodes CSINode csinode namespaced 14-35 - status",
            ]
        );
    }

    #[test]
    fn a_line_that_is_none_is_an_error_that_names_it() {
        let error = carry_forward("apps deployments\n", &BTreeMap::new()).unwrap_err();
        assert!(format!("{error:#}").contains("\"apps deployments\""), "{error:#}");
        let served = Served::from([(name("a", "b c"), resource("B", true, &[], &[]))]);
        carry_forward("# head\n", &BTreeMap::from([(36, served)])).unwrap_err();
    }
}

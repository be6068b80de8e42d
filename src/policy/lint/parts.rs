//! Values of a rule that never decide although the rule does: each is tried as if it were the only one.

use crate::policy::decide::clause::{Clause, Entries, clauses};
use crate::policy::lint::catalogue;
use crate::policy::lint::found::Found;
use crate::policy::load::go;
use crate::policy::model::{GroupResources, Rule};
use crate::policy::reach::{Reach, Rules, TooComplex};
use crate::yaml::Path;

/// Tries a rule that decides with one value at a time, after the rules `earlier`.
pub(super) fn check_parts(
    rule: &Rule,
    path: &Path,
    reach: &Reach<'_>,
    earlier: &Rules,
    found: &mut Found<'_>,
) -> Result<(), TooComplex> {
    let mut parts = Parts { rule, path, reach, earlier, found };
    parts.check_field("users", &rule.users, |part| &mut part.users)?;
    parts.check_field("userGroups", &rule.user_groups, |part| &mut part.user_groups)?;
    parts.check_field("verbs", &rule.verbs, |part| &mut part.verbs)?;
    parts.check_field("namespaces", &rule.namespaces, |part| &mut part.namespaces)?;
    parts.check_field("nonResourceURLs", &rule.non_resource_urls, |part| &mut part.urls)?;
    parts.check_resources()
}

/// The inputs of the checks.
struct Parts<'p, 'f, 's> {
    rule: &'p Rule,
    path: &'f Path,
    reach: &'f Reach<'p>,
    earlier: &'f Rules,
    found: &'f mut Found<'s>,
}

impl<'p> Parts<'p, '_, '_> {
    fn check_field(
        &mut self,
        key: &str,
        values: &'p [String],
        field: for<'c> fn(&'c mut Clause<'p>) -> &'c mut Vec<&'p str>,
    ) -> Result<(), TooComplex> {
        if values.len() < 2 {
            return Ok(());
        }
        let mut part = clauses(self.rule);
        for (index, value) in values.iter().enumerate() {
            for clause in &mut part {
                *field(clause) = vec![value];
            }
            if self.is_shadowed(&part)? {
                self.report(self.path.clone().key(key).index(index), &go::quote(value));
            }
        }
        Ok(())
    }

    fn check_resources(&mut self) -> Result<(), TooComplex> {
        let entries = &self.rule.resources;
        let patterns: usize = entries.iter().map(|entry| entry.resources.len().max(1)).sum();
        let Some(mut part) = clauses(self.rule).into_iter().next() else { return Ok(()) };
        for (index, entry) in entries.iter().enumerate() {
            let path = self.path.clone().key("resources").index(index);
            if patterns > 1 {
                self.check_patterns(entry, &path, &mut part)?;
            }
            if entry.resource_names.len() > 1 && !entry.resources.is_empty() {
                self.check_names(entry, &path, &mut part)?;
            }
        }
        Ok(())
    }

    fn check_patterns(
        &mut self,
        entry: &'p GroupResources,
        path: &Path,
        part: &mut Clause<'p>,
    ) -> Result<(), TooComplex> {
        if entry.resources.is_empty() {
            part.set_entries(Entries::of(entry));
            if self.is_shadowed(std::slice::from_ref(part))? {
                self.report(path.clone(), &format!("the group {}", go::quote(&entry.group)));
            }
        }
        for (index, pattern) in entry.resources.iter().enumerate() {
            part.set_entries(Entries { resources: Entries::patterns([pattern]), ..Entries::of(entry) });
            if self.is_shadowed(std::slice::from_ref(part))? {
                self.report(path.clone().key("resources").index(index), &go::quote(pattern));
            }
        }
        Ok(())
    }

    /// Of an entry that never decides the patterns are named already.
    fn check_names(
        &mut self,
        entry: &'p GroupResources,
        path: &Path,
        part: &mut Clause<'p>,
    ) -> Result<(), TooComplex> {
        part.set_entries(Entries::of(entry));
        if self.reach.left_of(std::slice::from_ref(part), self.earlier)?.is_none() {
            return Ok(());
        }
        for (index, name) in entry.resource_names.iter().enumerate() {
            part.names = vec![name];
            if self.is_shadowed(std::slice::from_ref(part))? {
                self.report(path.clone().key("resourceNames").index(index), &go::quote(name));
            }
        }
        Ok(())
    }

    /// Whether requests meet the part, and earlier rules take them all.
    fn is_shadowed(&self, part: &[Clause<'p>]) -> Result<bool, TooComplex> {
        Ok(self.reach.left_of(part, self.earlier)?.is_none()
            && self.reach.left_of(part, &self.reach.rules([])?)?.is_some())
    }

    fn report(&mut self, path: Path, value: &str) {
        let message = format!("earlier rules match every request that this rule matches with {value}");
        self.found.add(catalogue::SHADOWED, path, message);
    }
}

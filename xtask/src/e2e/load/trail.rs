//! The audit trail: which events lie in the files of a log directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The stage that ends every request.
const COMPLETE: &str = "ResponseComplete";

/// How often each event is there, by `Audit-ID` and stage.
#[derive(Debug, Default)]
pub(in crate::e2e) struct Trail(BTreeMap<String, BTreeMap<String, u32>>);

impl Trail {
    /// Reads the files of `directory`: the log, rotated logs, and the log of a surge.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or has a line that is not an event.
    pub(in crate::e2e) fn read(directory: &Path) -> Result<Trail> {
        let mut trail = Trail::default();
        for entry in fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))? {
            let path = entry?.path();
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            for line in text.lines() {
                trail.add(line).with_context(|| format!("in {}", path.display()))?;
            }
        }
        Ok(trail)
    }

    fn add(&mut self, line: &str) -> Result<()> {
        let field = |name: &str| {
            let (_, rest) = line.split_once(&format!(r#""{name}":""#))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let (id, stage) =
            field("auditID").zip(field("stage")).with_context(|| format!("no event: {line}"))?;
        *self.0.entry(id).or_default().entry(stage).or_default() += 1;
        Ok(())
    }

    /// Whether every request's end is there.
    pub(in crate::e2e) fn has_all(&self, identifiers: &[String]) -> bool {
        identifiers.iter().all(|id| self.0.get(id).is_some_and(|stages| stages.contains_key(COMPLETE)))
    }

    /// Checks that every request's end is there, and each of its stages once.
    ///
    /// # Errors
    ///
    /// When one is not.
    pub(in crate::e2e) fn check(&self, identifiers: &[String]) -> Result<()> {
        let wrong: Vec<String> = identifiers
            .iter()
            .filter_map(|id| {
                let stages = self.0.get(id).cloned().unwrap_or_default();
                let is_whole = stages.contains_key(COMPLETE) && stages.values().all(|count| *count == 1);
                (!is_whole).then(|| format!("{id}: {stages:?}"))
            })
            .collect();
        let (all, count) = (identifiers.len(), wrong.len());
        ensure!(count == 0, "{count} of {all} requests are not once in the audit log: {}", wrong.join("; "));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_once() {
        let mut trail = Trail::default();
        for (id, stage) in
            [("a", "RequestReceived"), ("a", COMPLETE), ("b", COMPLETE), ("b", COMPLETE), ("c", "Panic")]
        {
            trail.add(&format!(r#"{{"level":"Metadata","auditID":"{id}","stage":"{stage}"}}"#)).unwrap();
        }
        let check = |id: &str| trail.check(&[id.to_owned()]);
        check("a").unwrap();
        for id in ["b", "c", "d"] {
            let error = check(id).unwrap_err().to_string();
            assert!(error.starts_with("1 of 1 ") && error.contains(id), "{error}");
        }
        trail.add("{}").unwrap_err();
    }
}

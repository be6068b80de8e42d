//! v1alpha1 and v1beta1 → v1.

use serde_json::Value;

use crate::audit::version::NEWEST_KNOWN_MINOR;
use crate::policy::load::examine::{examine, judge};
use crate::policy::load::finding::{Cause, Finding};
use crate::policy::load::identity;
use crate::policy::load::source::Source;
use crate::policy::model::{ApiVersion, FIRST_MINOR_WITHOUT_BETA, Policy};
use crate::refusal::Refusal;
use crate::yaml::{Document, Edit, Path};

/// A policy in `audit.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it was written in.
    pub from: ApiVersion,
    /// The file; all but the version as it was, comments too.
    pub text: String,
    /// What the API server drops of it, before as after.
    pub findings: Vec<Finding>,
}

/// Writes the policy `text` in `audit.k8s.io/v1`. All versions have the same keys with the same meaning
/// (`apiserver/pkg/apis/audit/v1beta1/types.go` of 1.23), so only the version changes.
///
/// # Errors
///
/// Refuses what no API server would start with, what cannot be edited safely, and a result that would decide otherwise.
pub fn migrate(text: &str) -> Result<Migrated, Refusal> {
    let newest = u32::from(NEWEST_KNOWN_MINOR);
    let current = examine(text, newest);
    if let Some(policy) = current.policy {
        return Ok(Migrated { from: policy.api_version, text: text.to_owned(), findings: current.findings });
    }
    let former = examine(text, LAST_MINOR_WITH_BETA);
    let Some(before) = former.policy.filter(|policy| policy.api_version != ApiVersion::V1) else {
        // The version is no reason here: of what is to be migrated, the release that read it last has the word.
        let minor = if is_of_removed_version(text) { LAST_MINOR_WITH_BETA } else { newest };
        return Err(judge(text, minor).err().unwrap_or_else(|| Refusal::new("the policy could not be read")));
    };
    if let Some(finding) = former.findings.iter().find(|finding| is_in_the_way(finding)) {
        return Err(refuse_to_edit(finding, text));
    }
    let set =
        Edit::Set { path: Path::root().key("apiVersion"), value: Value::String(ApiVersion::V1.to_string()) };
    let migrated = Document::parse(text)?.edit(&[set])?;
    let after = examine(&migrated, newest);
    let from = before.api_version;
    if after.policy != Some(Policy { api_version: ApiVersion::V1, ..before }) {
        return Err(Refusal::new("the migrated policy would not be the same")
            .help("write `apiVersion: audit.k8s.io/v1` by hand"));
    }
    Ok(Migrated { from, text: migrated, findings: after.findings })
}

const LAST_MINOR_WITH_BETA: u32 = FIRST_MINOR_WITHOUT_BETA - 1;

fn is_of_removed_version(text: &str) -> bool {
    let version = || {
        let root = Source::read(text).ok()?.object()?;
        identity::identify(&root).ok()?.version_for(LAST_MINOR_WITH_BETA).ok()?
    };
    version().is_some_and(|version| version != ApiVersion::V1)
}

/// What the API server passes over and an editor must not: it could touch the wrong one of two.
fn is_in_the_way(finding: &Finding) -> bool {
    matches!(finding.cause, Cause::DuplicateKey | Cause::FurtherDocument)
}

fn refuse_to_edit(finding: &Finding, text: &str) -> Refusal {
    let refusal = Refusal::new(format!("not safe to edit: {}", finding.words));
    let refusal = finding.help.iter().fold(refusal, |refusal, step| refusal.help(step.as_str()));
    match finding.position {
        Some(position) => refusal.at(position, text),
        None => refusal,
    }
}

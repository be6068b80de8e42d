//! v1alpha1 and v1beta1 → v1.

use serde_json::Value;

use crate::audit::version::NEWEST_KNOWN_MINOR;
use crate::policy::finding::Finding;
use crate::policy::judge::{examine, judge};
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
    let former = examine(text, FIRST_MINOR_WITHOUT_BETA - 1);
    let Some(before) = former.policy.filter(|policy| policy.api_version != ApiVersion::V1) else {
        return Err(judge(text, newest)
            .err()
            .unwrap_or_else(|| Refusal::new("the policy could not be read")));
    };
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

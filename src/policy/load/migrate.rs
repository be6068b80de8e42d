//! v1alpha1 and v1beta1 → v1.

use serde_json::Value;

use crate::audit::version::NEWEST_KNOWN_MINOR;
use crate::diagnostic::{Diagnostic, Severity};
use crate::policy::load::examine::{examine, examine_source};
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::identity;
use crate::policy::load::source::Source;
use crate::policy::model::{ApiVersion, FIRST_MINOR_WITHOUT_BETA, Policy};
use crate::yaml::{Document, Edit, Path};

/// A policy in `audit.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it was written in.
    pub from: ApiVersion,
    /// The file; only the version is changed, and comments are kept.
    pub text: String,
    /// The parts that the API server ignores, both before and after the migration.
    pub findings: Vec<Finding>,
}

/// Writes the policy `text` in `audit.k8s.io/v1`. All versions have the same keys with the same meaning
/// (`apiserver/pkg/apis/audit/v1beta1/types.go` of 1.23), so only the version changes.
///
/// # Errors
///
/// Refuses a policy that no API server would start with, one that cannot be edited safely, and a result that would decide
/// differently.
pub fn migrate(text: &str) -> Result<Migrated, Diagnostic> {
    let newest = u32::from(NEWEST_KNOWN_MINOR);
    let source = Source::read(text).map_err(|finding| finding.quoting(text).refusal(newest))?;
    // A removed version is checked as by the last release that read it.
    let minor = if is_of_removed_version(&source) { LAST_MINOR_WITH_BETA } else { newest };
    let examined = examine_source(&source, text, minor);
    let findings = examined.findings.clone();
    let before = examined.into_policy(minor)?;
    let from = before.api_version;
    if from == ApiVersion::V1 {
        return Ok(Migrated { from, text: text.to_owned(), findings });
    }
    if let Some(finding) = findings.into_iter().find(prevents_editing) {
        let message = format!("kaudit cannot edit this file safely: {}", finding.message());
        return Err(Diagnostic { message, severity: Severity::Error, ..finding.diagnostic });
    }
    let set =
        Edit::Set { path: Path::root().key("apiVersion"), value: Value::String(ApiVersion::V1.to_string()) };
    let migrated = Document::parse(text)?.edit(&[set])?;
    let after = examine(&migrated, newest);
    if after.policy != Some(Policy { api_version: ApiVersion::V1, ..before }) {
        return Err(Diagnostic::error("the migrated policy would not be the same")
            .help("write `apiVersion: audit.k8s.io/v1` by hand"));
    }
    Ok(Migrated { from, text: migrated, findings: after.findings })
}

const LAST_MINOR_WITH_BETA: u32 = FIRST_MINOR_WITHOUT_BETA - 1;

fn is_of_removed_version(source: &Source) -> bool {
    let version =
        || identity::identify(&source.object()?).ok()?.version_for(LAST_MINOR_WITH_BETA).ok().flatten();
    version().is_some_and(|version| version != ApiVersion::V1)
}

/// Whether the API server ignores the problem and an edit is unsafe: it could change the wrong one of two values or
/// documents.
fn prevents_editing(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::DuplicateKey | FindingKind::FurtherDocument)
}

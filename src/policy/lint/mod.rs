//! `policy lint`: what the API server says about a policy, and mistakes that it does not report.

mod allow;
mod catalogue;
mod coverage;
mod credentials;
mod found;
mod groups;
mod parts;
mod resources;
mod sarif;
mod values;
mod volume;

use crate::policy::load::encoding::decode;
use crate::policy::load::examine::examine_source;
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::source::Source;
use crate::policy::model::{ApiVersion, FIRST_MINOR_WITHOUT_BETA, Policy};
use crate::yaml::Path;
pub use catalogue::{Check, all, find};
use found::Found;
pub use found::Lint;
pub use sarif::sarif;

/// The result of all checks of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linted {
    /// In the order of the file. What the file allows is in it, with the reason.
    pub findings: Vec<Lint>,
    /// Whether the API server would start with it; `None` where that cannot be told.
    pub would_start: Option<bool>,
}

impl Linted {
    /// The findings that no comment allows.
    pub fn open(&self) -> impl Iterator<Item = &Lint> {
        self.findings.iter().filter(|finding| finding.allowed.is_none())
    }

    /// The result for a file that could not be read.
    fn unread(finding: Finding) -> Self {
        let would_start = (finding.kind == FindingKind::WouldNotStart).then_some(false);
        Self { findings: vec![finding.into()], would_start }
    }
}

/// Checks the file with these bytes for the API server 1.`minor`.
#[must_use]
pub fn lint_bytes(bytes: &[u8], minor: u32) -> Linted {
    decode(bytes).map_or_else(Linted::unread, |text| lint(text, minor))
}

/// Checks the file `text` for the API server 1.`minor`.
#[must_use]
pub fn lint(text: &str, minor: u32) -> Linted {
    let source = match Source::read(text) {
        Ok(source) => source,
        Err(finding) => return Linted::unread(finding.quoting(text)),
    };
    let examined = examine_source(&source, text, minor);
    let would_start = examined.would_start();
    let mut found =
        Found { source: &source, text, findings: examined.findings.into_iter().map(Lint::from).collect() };
    if let Some(policy) = &examined.policy {
        check_version(policy, &mut found);
    }
    let policy = examined.policy.or_else(|| before_removal(&source, text));
    if let Some(policy) = &policy {
        values::check(policy, &mut found);
        groups::check(policy, minor, &mut found);
        resources::check(policy, minor, &mut found);
        coverage::check(policy, &mut found);
        credentials::check(policy, &mut found);
        volume::check(policy, &mut found);
    }
    let mut findings = found.findings;
    allow::apply(text, &source, policy.is_some(), &mut findings);
    findings.sort_by_key(|finding| (finding.position(), finding.check.id));
    Linted { findings, would_start }
}

/// The policy in a version of `audit.k8s.io` that was removed: all other findings remain after the migration.
fn before_removal(source: &Source, text: &str) -> Option<Policy> {
    let examined = examine_source(source, text, FIRST_MINOR_WITHOUT_BETA - 1);
    examined.policy.filter(|policy| policy.api_version != ApiVersion::V1)
}

fn check_version(policy: &Policy, found: &mut Found<'_>) {
    if policy.api_version != ApiVersion::V1 {
        let message = format!("1.24 and later do not read {}", policy.api_version);
        found.add(catalogue::OLD_VERSION, Path::root().key("apiVersion"), message);
    }
}

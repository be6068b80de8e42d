//! `policy lint`: what the API server says about a policy, and what it will not tell.

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
use crate::policy::load::examine::examine;
use crate::policy::load::finding::{Cause, Finding, Verdict};
use crate::policy::load::source::Source;
use crate::policy::model::{ApiVersion, FIRST_MINOR_WITHOUT_BETA, Policy};
use crate::yaml::Path;
pub use catalogue::{Check, all, find};
use found::Found;
pub use found::Lint;
pub use sarif::sarif;

/// What is to be said about a policy file.
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
}

/// Checks the file with these bytes for the API server 1.`minor`.
#[must_use]
pub fn lint_bytes(bytes: &[u8], minor: u32) -> Linted {
    match decode(bytes) {
        Ok(text) => lint(text, minor),
        Err(finding) => {
            let would_start = (finding.verdict == Verdict::WouldNotStart).then_some(false);
            Linted { findings: vec![of_judgement(&finding)], would_start }
        }
    }
}

/// Checks the file `text` for the API server 1.`minor`.
#[must_use]
pub fn lint(text: &str, minor: u32) -> Linted {
    let judgement = examine(text, minor);
    let mut findings: Vec<Lint> = judgement.findings.iter().map(of_judgement).collect();
    let source = Source::read(text).ok();
    let policy = judgement.policy.clone().or_else(|| before_removal(text));
    if let (Some(policy), Some(source)) = (&policy, &source) {
        let mut found = Found { source, findings: Vec::new() };
        if judgement.policy.is_some() {
            check_version(policy, &mut found);
        }
        values::check(policy, &mut found);
        groups::check(policy, minor, &mut found);
        resources::check(policy, minor, &mut found);
        coverage::check(policy, &mut found);
        credentials::check(policy, &mut found);
        volume::check(policy, &mut found);
        findings.extend(found.findings);
    }
    if let Some(source) = &source {
        allow::apply(text, source, policy.is_some(), &mut findings);
    }
    findings.sort_by_key(|finding| (finding.position, finding.check.id));
    Linted { findings, would_start: judgement.would_start() }
}

/// The policy in a version of `audit.k8s.io` that was removed: once it is migrated, all that is found in it stays.
fn before_removal(text: &str) -> Option<Policy> {
    let judgement = examine(text, FIRST_MINOR_WITHOUT_BETA - 1);
    judgement.policy.filter(|policy| policy.api_version != ApiVersion::V1)
}

fn of_judgement(finding: &Finding) -> Lint {
    let check = match (finding.verdict, finding.cause) {
        (Verdict::WouldNotStart, _) => catalogue::REFUSED,
        (_, Cause::Unusable) => catalogue::UNDECIDED,
        (_, Cause::UnknownKey) => catalogue::UNKNOWN_KEY,
        (_, Cause::TooNewKey) => catalogue::TOO_NEW_KEY,
        (_, Cause::DuplicateKey) => catalogue::DUPLICATE_KEY,
        (_, Cause::FurtherDocument) => catalogue::FURTHER_DOCUMENT,
    };
    let fix = if finding.help.is_empty() { check.fix.to_owned() } else { one_text(&finding.help) };
    Lint {
        check,
        message: finding.words.clone(),
        fix,
        path: finding.path.clone(),
        position: finding.position,
        allowed: None,
    }
}

/// Steps as one text. Behind a question no semicolon stands.
fn one_text(steps: &[String]) -> String {
    steps.iter().fold(String::new(), |text, step| match text.chars().last() {
        None => step.clone(),
        Some('?') => format!("{text} {step}"),
        Some(_) => format!("{text}; {step}"),
    })
}

fn check_version(policy: &Policy, found: &mut Found<'_>) {
    if policy.api_version != ApiVersion::V1 {
        let message = format!("{} is not read by 1.24 and later", policy.api_version);
        found.add(catalogue::OLD_VERSION, Path::root().key("apiVersion"), message);
    }
}

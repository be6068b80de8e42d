//! `policy lint`: what the API server says about a policy, and what it will not tell.

mod allow;
mod catalogue;
mod content;
mod coverage;
mod resources;
mod sarif;
mod values;

use crate::policy::finding::{Cause, Finding, Verdict};
use crate::policy::judge::examine;
use crate::policy::model::{ApiVersion, Policy};
use crate::policy::source::Source;
use crate::refusal::Position;
use crate::yaml::Path;
pub use catalogue::{Check, Severity, all, find};
pub use sarif::sarif;

/// A finding of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Which check.
    pub check: &'static Check,
    /// What was found, one sentence without a final full stop.
    pub message: String,
    /// What to do here; the check's own advice where there is nothing more special.
    pub fix: String,
    /// What it is about; the root for the file as a whole.
    pub path: Path,
    /// Where in the file.
    pub position: Option<Position>,
    /// Why a comment in the file allows it.
    pub allowed: Option<String>,
}

/// What is to be said about a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linted {
    /// In the order of the file. What the file allows is in it, with the reason.
    pub findings: Vec<Lint>,
    /// Whether the API server would start with it, as far as can be told.
    pub would_start: bool,
}

impl Linted {
    /// The findings that no comment allows.
    pub fn open(&self) -> impl Iterator<Item = &Lint> {
        self.findings.iter().filter(|finding| finding.allowed.is_none())
    }
}

/// Checks the file `text` for the API server 1.`minor`.
#[must_use]
pub fn lint(text: &str, minor: u32) -> Linted {
    let judgement = examine(text, minor);
    let mut findings: Vec<Lint> = judgement.findings.iter().map(of_judgement).collect();
    let source = Source::read(text).ok();
    if let (Some(policy), Some(source)) = (&judgement.policy, &source) {
        let mut found = Found { source, findings: Vec::new() };
        check_version(policy, &mut found);
        values::check(policy, minor, &mut found);
        resources::check(policy, minor, &mut found);
        coverage::check(policy, &mut found);
        content::check(policy, &mut found);
        findings.extend(found.findings);
    }
    if let Some(source) = &source {
        allow::apply(text, source, judgement.policy.is_some(), &mut findings);
    }
    findings.sort_by_key(|finding| (finding.position, finding.check.id));
    Linted { findings, would_start: judgement.policy.is_some() }
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
    let fix = if finding.help.is_empty() { check.fix.to_owned() } else { finding.help.join("; ") };
    Lint {
        check,
        message: finding.words.clone(),
        fix,
        path: finding.path.clone(),
        position: finding.position,
        allowed: None,
    }
}

/// What the checks of one file have found so far.
struct Found<'s> {
    source: &'s Source,
    findings: Vec<Lint>,
}

impl Found<'_> {
    /// Adds a finding about the value at `path`, with the check's own advice.
    fn add(&mut self, check: &'static Check, path: Path, message: impl Into<String>) {
        self.add_with(check, path, message, check.fix);
    }

    /// Adds a finding about the value at `path`, with advice for just this case.
    fn add_with(
        &mut self,
        check: &'static Check,
        path: Path,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let position = self.source.position(&path);
        let (message, fix) = (message.into(), fix.into());
        self.findings.push(Lint { check, message, fix, path, position, allowed: None });
    }

    /// Where the rule begins, for people: ` (line 7)`.
    fn line_of_rule(&self, rule: usize) -> String {
        let position = self.source.position(&path_of_rule(rule));
        position.map(|position| format!(" (line {})", position.line)).unwrap_or_default()
    }
}

fn path_of_rule(rule: usize) -> Path {
    Path::root().key("rules").index(rule)
}

fn check_version(policy: &Policy, found: &mut Found<'_>) {
    if policy.api_version != ApiVersion::V1 {
        let message = format!("{} is not read by 1.24 and later", policy.api_version);
        found.add(catalogue::OLD_VERSION, Path::root().key("apiVersion"), message);
    }
}

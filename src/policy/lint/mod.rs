//! `policy lint`: what the API server says about a policy, and what it will not tell.

mod allow;
mod catalogue;
mod coverage;
mod credentials;
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
use crate::refusal::{Position, Refusal};
use crate::yaml::Path;
pub use catalogue::{Check, all, find};
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

impl Lint {
    /// Whether the API server drops a part of the file for it, without a word or with a warning in its log.
    #[must_use]
    pub fn is_about_dropped_text(&self) -> bool {
        let about = [
            catalogue::UNKNOWN_KEY,
            catalogue::DUPLICATE_KEY,
            catalogue::FURTHER_DOCUMENT,
            catalogue::TOO_NEW_KEY,
        ];
        about.contains(&self.check)
    }

    /// A refusal of the policy `text` for it, by the API server 1.`minor` or by somebody who wants no findings.
    #[must_use]
    pub fn refuse(&self, text: &str, minor: u32) -> Refusal {
        let why = match self.check {
            check if check == catalogue::REFUSED => {
                format!("kube-apiserver 1.{minor} would not start with this policy")
            }
            check if check == catalogue::UNDECIDED => "this policy could not be judged".to_owned(),
            _ if self.is_about_dropped_text() => "this policy does not do what it seems to say".to_owned(),
            _ => "--strict, and the policy has a finding".to_owned(),
        };
        let refusal =
            Refusal::new(format!("{why}: {} {}", self.check.id, self.message)).help(self.fix.as_str());
        match self.position {
            Some(position) => refusal.at(position, text),
            None => refusal,
        }
    }
}

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

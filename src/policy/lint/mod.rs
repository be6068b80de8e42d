//! `policy lint`: what the API server says about a policy, and mistakes that it does not report.

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

use crate::diagnostic::{Diagnostic, Position, Severity};
use crate::policy::load::encoding::decode;
use crate::policy::load::examine::examine_source;
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::source::Source;
use crate::policy::model::{ApiVersion, FIRST_MINOR_WITHOUT_BETA, Policy};
use crate::yaml::Path;
pub use catalogue::{Check, all, find};
pub use sarif::sarif;

/// A finding of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Which check.
    pub check: &'static Check,
    /// What the API server does because of it, if it would not start or ignores something.
    pub kind: Option<FindingKind>,
    /// The value that it is about; the root for the file as a whole.
    pub path: Path,
    /// What was found, where, and what to do: the check's own advice unless there is a more specific one.
    pub diagnostic: Diagnostic,
    /// The reason in a comment of the file that allows it.
    pub allowed: Option<String>,
}

impl Lint {
    fn new(
        check: &'static Check,
        path: Path,
        position: Option<Position>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let mut diagnostic = Diagnostic::new(check.severity, message).named(check.id).help(fix);
        diagnostic.location.position = position;
        Self { check, kind: None, path, diagnostic, allowed: None }
    }

    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.diagnostic.location.position
    }

    /// All that is to do, as one text.
    #[must_use]
    pub fn fix(&self) -> String {
        self.diagnostic.help.iter().fold(String::new(), |text, step| match text.chars().last() {
            None => step.clone(),
            Some('?') => format!("{text} {step}"),
            Some(_) => format!("{text}; {step}"),
        })
    }

    /// Whether the API server ignores a part of the file because of it, with at most a warning in its log.
    #[must_use]
    pub fn is_ignored_part(&self) -> bool {
        self.kind.is_some_and(FindingKind::is_ignored_part)
    }

    /// The reason why the policy is not used with the API server 1.`minor`, or with `--strict`.
    #[must_use]
    pub fn refusal(&self, minor: u32) -> Diagnostic {
        let reason = self
            .kind
            .map_or_else(|| "--strict refuses this policy".to_owned(), |kind| kind.consequence(minor));
        let message = format!("{reason}: {}", self.diagnostic.message);
        Diagnostic { message, severity: Severity::Error, ..self.diagnostic.clone() }
    }
}

impl From<Finding> for Lint {
    fn from(Finding { kind, path, mut diagnostic }: Finding) -> Self {
        let check = match kind {
            FindingKind::WouldNotStart => catalogue::REFUSED,
            FindingKind::Undecided => catalogue::UNDECIDED,
            FindingKind::UnknownKey => catalogue::UNKNOWN_KEY,
            FindingKind::TooNewKey => catalogue::TOO_NEW_KEY,
            FindingKind::DuplicateKey => catalogue::DUPLICATE_KEY,
            FindingKind::FurtherDocument => catalogue::FURTHER_DOCUMENT,
        };
        diagnostic.id = Some(check.id);
        if diagnostic.help.is_empty() {
            diagnostic.help.push(check.fix.to_owned());
        }
        Self { check, kind: Some(kind), path, diagnostic, allowed: None }
    }
}

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

/// What the checks of one file have found so far.
struct Found<'s> {
    source: &'s Source,
    text: &'s str,
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
        let mut finding = Lint::new(check, path, position, message, fix);
        if let Some(position) = position {
            finding.diagnostic = finding.diagnostic.at(position, self.text);
        }
        self.findings.push(finding);
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
        let message = format!("1.24 and later do not read {}", policy.api_version);
        found.add(catalogue::OLD_VERSION, Path::root().key("apiVersion"), message);
    }
}

//! A finding of a check, and the findings of one file.

use crate::diagnostic::{Diagnostic, Position, Severity};
use crate::policy::lint::catalogue::{self, Check};
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::source::Source;
use crate::yaml::Path;

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
    pub(in crate::policy::lint) fn new(
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

/// What the checks of one file have found so far.
pub(in crate::policy::lint) struct Found<'s> {
    pub(in crate::policy::lint) source: &'s Source,
    pub(in crate::policy::lint) text: &'s str,
    pub(in crate::policy::lint) findings: Vec<Lint>,
}

impl Found<'_> {
    /// Adds a finding about the value at `path`, with the check's own advice.
    pub(in crate::policy::lint) fn add(
        &mut self,
        check: &'static Check,
        path: Path,
        message: impl Into<String>,
    ) {
        self.add_with(check, path, message, check.fix);
    }

    /// Adds a finding about the value at `path`, with advice for just this case.
    pub(in crate::policy::lint) fn add_with(
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
    pub(in crate::policy::lint) fn line_of_rule(&self, rule: usize) -> String {
        let position = self.source.position(&path_of_rule(rule));
        position.map(|position| format!(" (line {})", position.line)).unwrap_or_default()
    }
}

/// The path of a rule.
pub(in crate::policy::lint) fn path_of_rule(rule: usize) -> Path {
    Path::root().key("rules").index(rule)
}

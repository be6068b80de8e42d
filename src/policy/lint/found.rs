//! A finding of a check, and what the checks of one file have found so far.

use crate::diagnostic::{Diagnostic, Position};
use crate::policy::lint::catalogue::{self, Check};
use crate::policy::load::source::Source;
use crate::yaml::Path;

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
    pub fn refuse(&self, text: &str, minor: u32) -> Diagnostic {
        let why = match self.check {
            check if check == catalogue::REFUSED => {
                format!("kube-apiserver 1.{minor} would not start with this policy")
            }
            check if check == catalogue::UNDECIDED => "this policy could not be judged".to_owned(),
            _ if self.is_about_dropped_text() => "this policy does not do what it seems to say".to_owned(),
            _ => "--strict, and the policy has a finding".to_owned(),
        };
        let refusal =
            Diagnostic::error(format!("{why}: {} {}", self.check.id, self.message)).help(self.fix.as_str());
        match self.position {
            Some(position) => refusal.at(position, text),
            None => refusal,
        }
    }
}

/// What the checks of one file have found so far.
pub(super) struct Found<'s> {
    pub(super) source: &'s Source,
    pub(super) findings: Vec<Lint>,
}

impl Found<'_> {
    /// Adds a finding about the value at `path`, with the check's own advice.
    pub(super) fn add(&mut self, check: &'static Check, path: Path, message: impl Into<String>) {
        self.add_with(check, path, message, check.fix);
    }

    /// Adds a finding about the value at `path`, with advice for just this case.
    pub(super) fn add_with(
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
    pub(super) fn line_of_rule(&self, rule: usize) -> String {
        let position = self.source.position(&path_of_rule(rule));
        position.map(|position| format!(" (line {})", position.line)).unwrap_or_default()
    }
}

pub(super) fn path_of_rule(rule: usize) -> Path {
    Path::root().key("rules").index(rule)
}

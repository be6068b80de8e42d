//! What a check of a webhook says, as data.

use crate::note::Note;
use crate::printable::escape;
use crate::refusal::Refusal;
use crate::severity::Severity;

/// Checks whose errors do not keep the API server from starting: a receiver that is not up yet, or not from here.
/// `--ignore-preflight-errors`, as kubeadm calls it, makes warnings of them.
pub const IGNORABLE: [&str; 7] = [
    "webhook-client-certificate",
    "webhook-resolve",
    "webhook-connect",
    "webhook-tls",
    "webhook-server-certificate",
    "webhook-answer",
    "webhook-credentials",
];

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name for programs.
    pub id: &'static str,
    /// How much it matters; `None`: it was looked at, and is as it should be.
    pub severity: Option<Severity>,
    /// One sentence without a final full stop; nothing secret, and nothing of a stranger's that is not escaped.
    pub words: String,
    /// What to do, where there is something to do.
    pub hint: Option<String>,
}

impl Finding {
    /// Looked at, and fine.
    #[must_use]
    pub fn ok(id: &'static str, words: impl Into<String>) -> Self {
        Self::of(id, None, words)
    }

    /// Worth knowing.
    #[must_use]
    pub fn info(id: &'static str, words: impl Into<String>) -> Self {
        Self::of(id, Some(Severity::Info), words)
    }

    /// It will hurt.
    #[must_use]
    pub fn warning(id: &'static str, words: impl Into<String>) -> Self {
        Self::of(id, Some(Severity::Warning), words)
    }

    /// It does not work.
    #[must_use]
    pub fn error(id: &'static str, words: impl Into<String>) -> Self {
        Self::of(id, Some(Severity::Error), words)
    }

    fn of(id: &'static str, severity: Option<Severity>, words: impl Into<String>) -> Self {
        Self { id, severity, words: escape(&words.into()).into_owned(), hint: None }
    }

    /// Whether it does not work.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Some(Severity::Error)
    }

    /// The word for how much it matters.
    #[must_use]
    pub fn severity_name(&self) -> &'static str {
        self.severity.map_or("ok", Severity::name)
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An error that is no reason to refuse, where `ignored` names its check, or `all`.
    #[must_use]
    pub fn softened(mut self, ignored: &[String]) -> Self {
        let is_named = ignored.iter().any(|name| name == self.id || name == "all");
        if self.is_error() && is_named && IGNORABLE.contains(&self.id) {
            self.severity = Some(Severity::Warning);
        }
        self
    }

    /// As a remark; what is fine is none.
    #[must_use]
    pub fn note(&self) -> Option<Note> {
        let note = match self.severity? {
            Severity::Info => Note::info(self.words.clone()),
            Severity::Warning | Severity::Error => Note::warning(self.words.clone()),
        };
        let note = note.named(self.id);
        Some(match &self.hint {
            Some(hint) => note.hint(hint.clone()),
            None => note,
        })
    }

    /// As a reason to refuse.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let refusal = Refusal::new(self.words.clone());
        let refusal = self.hint.iter().cloned().fold(refusal, Refusal::help);
        if IGNORABLE.contains(&self.id) {
            refusal.help(format!("where it is meant to be so for now: --ignore-preflight-errors {}", self.id))
        } else {
            refusal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_stay_on_their_line() {
        let words = "it answers 301, a redirection to x\u{1b}[2J\u{202e}\nok";
        let said = "it answers 301, a redirection to x\\u001b[2J\\u202e\\nok";
        assert_eq!(Finding::error("webhook-answer", words).words, said);
    }

    #[test]
    fn only_what_the_api_server_starts_with_can_be_ignored() {
        let soft = |id, name: &str| Finding::error(id, "x").softened(&[name.to_owned()]).severity;
        assert_eq!(soft("webhook-connect", "all"), Some(Severity::Warning));
        assert_eq!(soft("webhook-connect", "webhook-connect"), Some(Severity::Warning));
        assert_eq!(soft("webhook-connect", "webhook-tls"), Some(Severity::Error));
        assert_eq!(soft("webhook-file", "all"), Some(Severity::Error));
    }
}

//! What must not be edited although it can be read.

use super::document::Document;
use super::finding::{Finding, FindingKind};
use super::place::refuse_at;
use crate::diagnostic::{Diagnostic, Position};

impl Document {
    /// Reads a document that is going to be edited.
    ///
    /// # Errors
    ///
    /// Refuses, with the place and what to do, everything that [`Document::read`] refuses, and also what it only
    /// reports and an edit might get wrong: duplicate keys, keys that are no strings for Go, further documents,
    /// directives, lines that end with a lone carriage return.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let document = Self::read(text)?;
        require_editable(&document)?;
        Ok(document)
    }
}

/// Refuses what must not be edited although it can be read.
pub(super) fn require_editable(document: &Document) -> Result<(), Diagnostic> {
    let text = document.text();
    if let Some(at) = find_lone_carriage_return(text) {
        return Err(refuse_at(text, at, "a line ends with a carriage return alone")
            .help("convert the line ends: sed -i 's/\\r$//; s/\\r/\\n/g' FILE"));
    }
    match document.findings().iter().find_map(|finding| refuse_finding(text, finding)) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

fn find_lone_carriage_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) != Some(&b'\n'))
}

fn refuse_finding(text: &str, finding: &Finding) -> Option<Diagnostic> {
    let refuse = |reason: String| refuse_at(text, finding.at, reason);
    match &finding.kind {
        FindingKind::DuplicateKey { key, first } => {
            let Position { line, .. } = super::place::position_at(text, *first);
            Some(
                refuse(format!("the key `{key}` is there twice, first in line {line}")).help(
                    "remove one of them: the kubelet takes the last one, other readers the first or none",
                ),
            )
        }
        FindingKind::NonStringKey { written } => Some(
            refuse(format!("the unquoted key `{written}` is not a string for Kubernetes"))
                .help(format!("quote it: \"{written}\"")),
        ),
        FindingKind::FurtherDocument => Some(
            refuse("a second YAML document starts here; the kubelet reads only the first".to_owned())
                .help("keep one document per file: move this one to a file of its own, or remove it"),
        ),
        FindingKind::Directive => Some(
            refuse("there is a YAML directive".to_owned()).help("remove the line; a manifest needs none"),
        ),
        FindingKind::OverriddenKey { .. } | FindingKind::MergeKey | FindingKind::Tag { .. } => None,
    }
}

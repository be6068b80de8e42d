//! Refuses documents that can be read but not edited safely.

use super::anomaly::{Anomaly, AnomalyKind};
use super::document::Document;
use super::position::{position_at, refuse_at};
use crate::diagnostic::Diagnostic;

impl Document {
    /// Reads a document that will be edited.
    ///
    /// # Errors
    ///
    /// Refuses, with position and help, everything that [`Document::read`] refuses, and also anomalies that make an edit
    /// unsafe: duplicate keys, keys that Go does not read as strings, further documents, directives, lines that end with
    /// a carriage return alone.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let document = Self::read(text)?;
        require_editable(&document)?;
        Ok(document)
    }
}

/// Refuses documents that can be read but not edited safely.
pub(super) fn require_editable(document: &Document) -> Result<(), Diagnostic> {
    let text = document.text();
    if let Some(at) = find_lone_carriage_return(text) {
        return Err(refuse_at(text, at, "this line ends with a carriage return without a line feed")
            .help("convert the line endings: sed -i 's/\\r$//; s/\\r/\\n/g' FILE"));
    }
    match document.anomalies().iter().find_map(|anomaly| refuse_anomaly(text, anomaly)) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

fn find_lone_carriage_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) != Some(&b'\n'))
}

fn refuse_anomaly(text: &str, anomaly: &Anomaly) -> Option<Diagnostic> {
    let (reason, help) = match &anomaly.kind {
        AnomalyKind::DuplicateKey { key, first } => (
            format!("duplicate key `{key}`, first defined in line {}", position_at(text, *first).line),
            "remove one of them: the kubelet uses the last one, other parsers use the first one or reject the file"
                .to_owned(),
        ),
        AnomalyKind::NonStringKey { written } => (
            format!("Kubernetes does not read the unquoted key `{written}` as a string"),
            format!("quote it: \"{written}\""),
        ),
        AnomalyKind::FurtherDocument => (
            "a second YAML document starts here, but the kubelet reads only the first one".to_owned(),
            "keep one document per file: move this one to another file, or remove it".to_owned(),
        ),
        AnomalyKind::Directive => (
            "YAML directives are not supported".to_owned(),
            "remove this line: a manifest does not need it".to_owned(),
        ),
        AnomalyKind::OverriddenKey { .. } | AnomalyKind::MergeKey | AnomalyKind::Tag { .. } => return None,
    };
    Some(refuse_at(text, anomaly.at, reason).help(help))
}

//! The section of the JSON object of `webhook check`.

use crate::diagnostic::Diagnostic;
use crate::report::Section;
use serde::Serialize;

/// `webhook check`: what was checked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct WebhookView<'a> {
    /// Whether the receiver was contacted.
    pub(super) receiver_asked: bool,
    /// What was found, checks that passed included.
    pub(super) findings: &'a [Diagnostic],
}

impl Section for WebhookView<'_> {
    const KEY: &'static str = "webhook";
}

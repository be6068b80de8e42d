//! The sections of the JSON objects of `policy …`, but for `policy replay`.

use crate::diagnostic::Severity;
use crate::policy::lint::{Check, Lint};
use crate::policy::{ApiVersion, Level, Measured, Preset, Stage};
use crate::report::Section;
use serde::Serialize;

/// `policy list`: the presets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(in crate::cli) struct PresetsView(pub(super) Vec<PresetSummary>);

impl Section for PresetsView {
    const KEY: &'static str = "presets";
}

/// A preset.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PresetSummary {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) summary: &'static str,
    /// The benchmark controls that it passes.
    pub(super) passes: Vec<&'static str>,
    /// The benchmark controls that it fails.
    pub(super) fails: Vec<&'static str>,
    /// What it logs of public audit logs.
    pub(super) measured: Option<Measured>,
}

/// `policy show`: one preset.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PresetView {
    name: &'static str,
    /// What it is for.
    summary: &'static str,
    /// The policy as YAML.
    text: &'static str,
    /// What it logs of public audit logs.
    measured: Option<Measured>,
}

impl Section for PresetView {
    const KEY: &'static str = "preset";
}

impl From<&Preset> for PresetView {
    fn from(preset: &Preset) -> Self {
        Self { name: preset.name, summary: preset.summary, text: preset.text, measured: preset.measured() }
    }
}

/// `policy migrate`: the policy in `audit.k8s.io/v1`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct MigratedView {
    /// The API version of the file before.
    from: String,
    /// The policy as YAML.
    text: String,
}

impl Section for MigratedView {
    const KEY: &'static str = "policy";
}

impl MigratedView {
    pub(super) fn new(from: ApiVersion, text: String) -> Self {
        Self { from: from.to_string(), text }
    }
}

/// `policy diff`: the classes of requests that the two policies log differently.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(in crate::cli) struct ClassesView<'a>(pub(super) Vec<ClassView<'a>>);

impl Section for ClassesView<'_> {
    const KEY: &'static str = "classes";
}

/// Requests that are logged differently in the same way.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ClassView<'a> {
    /// One of the requests, as arguments of `kaudit policy explain`.
    pub(super) example: String,
    /// What the first policy decides.
    pub(super) before: ClassSide<'a>,
    /// What the second policy decides.
    pub(super) after: ClassSide<'a>,
}

/// What one policy decides about a class of requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ClassSide<'a> {
    /// The policy as it was named.
    pub(super) file: &'a str,
    /// The index of the rule, from 0; null if no rule matches.
    pub(super) rule: Option<usize>,
    /// The line of the rule.
    pub(super) line: Option<usize>,
    /// How much is logged.
    pub(super) level: Level,
    /// The stages at which no event is written.
    pub(super) omit_stages: Vec<Stage>,
    /// Whether `managedFields` are left out of logged bodies.
    pub(super) omit_managed_fields: bool,
}

/// `policy lint`: the findings.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct LintView<'a> {
    /// The minor version of Kubernetes that the files are checked for.
    pub(super) kubernetes_minor: u32,
    /// The files that could be read.
    pub(super) files: Vec<LintedFile<'a>>,
}

impl Section for LintView<'_> {
    const KEY: &'static str = "lint";
}

/// The findings in one file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct LintedFile<'a> {
    /// The file as it was named.
    pub(super) file: &'a str,
    /// Whether the API server starts with it; null if that is not known.
    pub(super) would_start: Option<bool>,
    /// What was found, allowed findings included.
    pub(super) findings: Vec<LintFinding<'a>>,
}

/// A finding.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct LintFinding<'a> {
    /// The id of the check.
    id: &'static str,
    /// How much it matters.
    severity: Severity,
    /// What it is about, for example `rules[2].verbs`; empty for the whole file.
    path: String,
    /// Line, from 1.
    line: Option<usize>,
    /// Column in characters, from 1.
    column: Option<usize>,
    /// What was found.
    message: &'a str,
    /// Why it matters.
    why: &'static str,
    /// What to do.
    fix: String,
    /// Where the behaviour of the API server is documented.
    link: &'static str,
    /// The reason in the comment that allows the finding; null if none does.
    allowed: Option<&'a str>,
}

impl<'a> From<&'a Lint> for LintFinding<'a> {
    fn from(finding: &'a Lint) -> Self {
        Self {
            id: finding.check.id,
            severity: finding.check.severity,
            path: finding.path.to_string(),
            line: finding.position().map(|position| position.line),
            column: finding.position().map(|position| position.column),
            message: &finding.diagnostic.message,
            why: finding.check.why,
            fix: finding.fix(),
            link: finding.check.link,
            allowed: finding.allowed.as_deref(),
        }
    }
}

/// `policy lint --list`: all checks.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(in crate::cli) struct ChecksView(pub(super) Vec<CheckView>);

impl Section for ChecksView {
    const KEY: &'static str = "checks";
}

/// `policy lint --explain`: one check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct CheckView {
    /// Its id.
    id: &'static str,
    /// How much it matters.
    severity: Severity,
    /// What it finds, in one line.
    title: &'static str,
    /// Why it matters.
    why: &'static str,
    /// What to do.
    fix: &'static str,
    /// Where the behaviour of the API server is documented.
    link: &'static str,
}

impl Section for CheckView {
    const KEY: &'static str = "check";
}

impl From<&Check> for CheckView {
    fn from(check: &Check) -> Self {
        let Check { id, severity, title, why, fix, link } = *check;
        Self { id, severity, title, why, fix, link }
    }
}

/// `policy explain`: what a policy decides about one request, and why.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ExplanationView<'a> {
    /// The request in one sentence.
    pub(super) request: String,
    /// How much is logged.
    pub(super) level: Level,
    /// The index of the rule that decides, from 0; null if no rule matches.
    pub(super) rule: Option<usize>,
    /// The policy as it was named.
    pub(super) file: &'a str,
    /// The line of the rule.
    pub(super) line: Option<usize>,
    /// The stages at which an event is written.
    pub(super) stages: Vec<Stage>,
    /// The stages at which no event is written.
    pub(super) omit_stages: Vec<Stage>,
    /// Whether `managedFields` are left out of logged bodies.
    pub(super) omit_managed_fields: bool,
    /// The rules before, which do not match.
    pub(super) passed_over: Vec<PassedOver>,
}

impl Section for ExplanationView<'_> {
    const KEY: &'static str = "explanation";
}

/// A rule that does not match.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PassedOver {
    /// Its index, from 0.
    pub(super) rule: usize,
    /// Its line.
    pub(super) line: Option<usize>,
    /// Why it does not match.
    pub(super) why: String,
}

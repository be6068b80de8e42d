//! Reading and checking a policy file as the API server does, and what it would ignore in it.

use crate::diagnostic::{Diagnostic, Position};
use crate::policy::load::decode::{self, UnknownKey};
use crate::policy::load::finding::{Finding, FindingKind};
use crate::policy::load::go;
use crate::policy::load::identity;
use crate::policy::load::source::Source;
use crate::policy::load::strict;
use crate::policy::load::validate;
use crate::policy::model::{ApiVersion, Policy};
use crate::yaml::Path;

/// The result for a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The policy that the API server would use; `None` if it would not start, or kaudit cannot tell.
    pub policy: Option<Policy>,
    /// All problems. Those that the API server would not start with come first.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Whether the API server would start with the file; `None` where that cannot be told.
    #[must_use]
    pub fn would_start(&self) -> Option<bool> {
        let is_refused = || self.findings.iter().any(|finding| finding.kind == FindingKind::WouldNotStart);
        if self.policy.is_some() { Some(true) } else { is_refused().then_some(false) }
    }

    /// The policy that the API server 1.`minor` would use, whatever it ignores.
    ///
    /// # Errors
    ///
    /// See [`Examination::refusal`].
    pub fn into_policy(self, minor: u32) -> Result<Policy, Diagnostic> {
        let refusal = self.policy.is_none().then(|| self.refusal(minor));
        self.policy.ok_or_else(|| refusal.unwrap_or_else(unreadable))
    }

    /// Why the file is not used with the API server 1.`minor`: the first problem. Every further one is a line of the help.
    #[must_use]
    pub fn refusal(&self, minor: u32) -> Diagnostic {
        let Some((first, further)) = self.findings.split_first() else { return unreadable() };
        further.iter().fold(first.refusal(minor), |refusal, finding| {
            let place = finding.position().map(|position| format!("{position}: ")).unwrap_or_default();
            let help = finding.diagnostic.help.first().map(|help| format!(" ({help})")).unwrap_or_default();
            refusal.help(format!("also {place}{}{help}", finding.message()))
        })
    }
}

fn unreadable() -> Diagnostic {
    Diagnostic::error("the policy could not be read")
}

/// The policy in the file `text`, if the API server 1.`minor` would start with it and ignore no part of it.
///
/// # Errors
///
/// See [`Examination::refusal`].
pub fn check(text: &str, minor: u32) -> Result<Policy, Diagnostic> {
    let examined = examine(text, minor);
    if examined.findings.is_empty() { examined.into_policy(minor) } else { Err(examined.refusal(minor)) }
}

/// Examines the file `text` for the API server 1.`minor` and returns everything that was found.
#[must_use]
pub fn examine(text: &str, minor: u32) -> Examination {
    match Source::read(text) {
        Ok(source) => examine_source(&source, text, minor),
        Err(finding) => Examination { policy: None, findings: vec![finding.quoting(text)] },
    }
}

/// The same for a file that was read already.
pub(in crate::policy) fn examine_source(source: &Source, text: &str, minor: u32) -> Examination {
    let (policy, findings) = match examine_in_order(source, minor) {
        Ok((policy, findings)) => (Some(policy), findings),
        Err(findings) => (None, findings),
    };
    let findings = findings.into_iter().map(|finding| place(source, finding).quoting(text)).collect();
    Examination { policy, findings }
}

/// The position of each rule of the policy `text`, if it can be found: a list from an anchor is elsewhere.
#[must_use]
pub fn rule_positions(text: &str) -> Vec<Option<Position>> {
    let Ok(source) = Source::read(text) else { return Vec::new() };
    let rules = Path::root().key("rules");
    let count = source.object().map_or(0, |root| decode::list(&root, "rules").len());
    (0..count).map(|index| source.position(&rules.index(index))).collect()
}

/// The order is the API server's: identify, decode, validate, count. Each step needs the one before.
fn examine_in_order(source: &Source, minor: u32) -> Result<(Policy, Vec<Finding>), Vec<Finding>> {
    let root = source.object().ok_or_else(|| vec![refuse_shapeless(source)])?;
    let identity = identity::identify(&root).map_err(|finding| vec![finding])?;
    let version = identity.version_for(minor).map_err(|finding| vec![finding])?;
    let knows_managed_fields = minor >= strict::FIRST_MINOR_WITH_MANAGED_FIELDS;
    let compared = decode::compare(&root, source.is_json, knows_managed_fields);
    let mut ignored = source.ignored_parts();
    ignored.extend(compared.unknown.iter().map(unknown_key));
    ignored.extend(strict::too_new(&root, minor).into_iter().map(too_new_key));
    ignored = in_order(source, ignored);
    let mut fatal = Vec::new();
    match version {
        None => fatal.push(identity::refuse_unversioned()),
        Some(_) if !compared.mismatches.is_empty() => fatal = in_order(source, compared.mismatches),
        Some(version) => {
            fatal = validate::validate(&root, minor);
            match decode::build(&root, version, knows_managed_fields).filter(|_| fatal.is_empty()) {
                Some(policy) if policy.rules.is_empty() => fatal.push(refuse_no_rules(source)),
                Some(policy) => return Ok((policy, ignored)),
                None => {}
            }
        }
    }
    fatal.extend(ignored);
    Err(fatal)
}

/// The findings in the order of the text.
fn in_order(source: &Source, findings: Vec<Finding>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = findings.into_iter().map(|finding| place(source, finding)).collect();
    findings.sort_by_key(Finding::position);
    findings
}

/// The finding with the position of what it is about.
fn place(source: &Source, finding: Finding) -> Finding {
    let position = finding.position().or_else(|| match finding.kind {
        FindingKind::UnknownKey | FindingKind::TooNewKey => source.key_position(&finding.path),
        _ => source.position(&finding.path),
    });
    finding.at(position)
}

fn refuse_shapeless(source: &Source) -> Finding {
    Finding::fatal(format!("a policy is a mapping, but the file is {}", decode::type_of(&source.value)))
        .help(format!("begin the file with `apiVersion: {}`", ApiVersion::V1))
}

fn refuse_no_rules(source: &Source) -> Finding {
    let path = Path::root().key("rules");
    Finding::fatal("loaded illegal policy with 0 rules").at(source.key_position(&path)).about(path).help(
        "add a rule, for example `rules: [{level: Metadata}]`; to switch audit logging off: kaudit disable",
    )
}

fn unknown_key(unknown: &UnknownKey) -> Finding {
    let (meant, effect) = strict::explain(&unknown.key, unknown.owner);
    let message = format!("unknown field {}", go::quote(&go::field_path(&unknown.path)));
    let finding = Finding::new(FindingKind::UnknownKey, message).about(unknown.path.clone());
    meant.into_iter().chain([effect]).fold(finding, Finding::help)
}

fn too_new_key(path: Path) -> Finding {
    let message = format!(
        "unknown field {}: versions from 1.{} on know it",
        go::quote(&go::field_path(&path)),
        strict::FIRST_MINOR_WITH_MANAGED_FIELDS
    );
    Finding::new(FindingKind::TooNewKey, message)
        .about(path)
        .help("remove it: this API server ignores it, and logs managed fields with the bodies")
}

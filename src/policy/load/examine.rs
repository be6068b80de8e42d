//! The verdict on a policy file: what the API server of a version would say, and what kaudit says beside it.

use crate::policy::load::decode::{self, Misfit, UnknownKey};
use crate::policy::load::finding::{Cause, Finding, Verdict};
use crate::policy::load::go;
use crate::policy::load::identity::{self, Stranger};
use crate::policy::load::shape::Struct;
use crate::policy::load::source::Source;
use crate::policy::load::strict;
use crate::policy::load::validate::{self, Violation};
use crate::policy::model::{ApiVersion, Policy};
use crate::refusal::{Position, Refusal};
use crate::yaml::Path;

/// Everything there is to say about a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The policy that the API server would work with; `None` if it would not start, or kaudit cannot tell.
    pub policy: Option<Policy>,
    /// The objections. Those of the API server come first, in its order.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// Whether the API server would start with the file; `None` where that cannot be told.
    #[must_use]
    pub fn would_start(&self) -> Option<bool> {
        let is_refused = || self.findings.iter().any(|finding| finding.verdict == Verdict::WouldNotStart);
        if self.policy.is_some() { Some(true) } else { is_refused().then_some(false) }
    }
}

/// Judges the file `text` for the API server 1.`minor`, and takes it only if there is nothing to object to.
///
/// # Errors
///
/// Refuses with the first objection: what the API server would not start with in its own words, else what it
/// would silently drop. Every further one is a line of the help.
pub fn judge(text: &str, minor: u32) -> Result<Policy, Refusal> {
    let judgement = examine(text, minor);
    let Some((first, further)) = judgement.findings.split_first() else {
        return judgement.policy.ok_or_else(|| Refusal::new("the policy could not be read"));
    };
    let refusal = first.refuse(text, minor);
    Err(further.iter().fold(refusal, |refusal, finding| {
        let place = finding.position.map(|position| format!("{position}: ")).unwrap_or_default();
        let help = finding.help.first().map(|help| format!(" ({help})")).unwrap_or_default();
        refusal.help(format!("also {place}{}{help}", finding.words))
    }))
}

/// Judges the file `text` for the API server 1.`minor` and returns everything that was found.
#[must_use]
pub fn examine(text: &str, minor: u32) -> Judgement {
    match examine_in_order(text, minor) {
        Ok((policy, findings)) => Judgement { policy: Some(policy), findings },
        Err(findings) => Judgement { policy: None, findings },
    }
}

/// Where each rule of the policy `text` begins, as far as the text tells: a list from an anchor is elsewhere.
#[must_use]
pub fn rule_positions(text: &str) -> Vec<Option<Position>> {
    let Ok(source) = Source::read(text) else { return Vec::new() };
    let rules = Path::root().key("rules");
    let count = source.object().map_or(0, |root| decode::list(&root, "rules").len());
    (0..count).map(|index| source.position(&rules.index(index))).collect()
}

/// The order is the API server's: read, identify, decode, validate, count. Each step is fatal for the next.
fn examine_in_order(text: &str, minor: u32) -> Result<(Policy, Vec<Finding>), Vec<Finding>> {
    let source = Source::read(text).map_err(|finding| vec![finding])?;
    let root = source.object().ok_or_else(|| vec![refuse_shapeless(&source)])?;
    let identity = identity::identify(&root).map_err(|stranger| vec![refuse_stranger(&source, stranger)])?;
    let version = identity.version_for(minor).map_err(|stranger| vec![refuse_stranger(&source, stranger)])?;

    let knows_managed_fields = minor >= strict::FIRST_MINOR_WITH_MANAGED_FIELDS;
    let compared = decode::compare(&root, source.is_json, knows_managed_fields);
    let mut objections = source.oddities();
    objections.extend(compared.unknown.iter().map(|key| judge_unknown_key(&source, key)));
    objections.extend(strict::too_new(&root, minor).into_iter().map(|path| judge_too_new(&source, path)));
    objections.sort_by_key(|finding| finding.position);

    let mut fatal = Vec::new();
    match version {
        None => fatal.push(refuse_stranger(&source, identity::refuse_nameless())),
        Some(version) if !compared.misfits.is_empty() => {
            fatal = refuse_misfits(&source, compared.misfits, version);
        }
        Some(version) => {
            fatal
                .extend(validate::validate(&root, minor).into_iter().map(|it| refuse_violation(&source, it)));
            match decode::build(&root, version, knows_managed_fields).filter(|_| fatal.is_empty()) {
                Some(policy) if policy.rules.is_empty() => fatal.push(refuse_no_rules(&source)),
                Some(policy) => return Ok((policy, objections)),
                None => {}
            }
        }
    }
    fatal.extend(objections);
    Err(fatal)
}

fn refuse_shapeless(source: &Source) -> Finding {
    Finding {
        verdict: Verdict::WouldNotStart,
        cause: Cause::Unusable,
        words: format!(
            "failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value \
             of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }}",
            go::type_word(&source.value)
        ),
        path: Path::root(),
        position: source.position(&Path::root()),
        help: vec![format!("a policy is a mapping that begins with `apiVersion: {}`", ApiVersion::V1)],
    }
}

fn refuse_stranger(source: &Source, stranger: Stranger) -> Finding {
    Finding {
        verdict: Verdict::WouldNotStart,
        cause: Cause::Unusable,
        position: source.position(&stranger.path),
        path: stranger.path,
        words: stranger.words,
        help: vec![stranger.help],
    }
}

/// The API server names one misfit only: the first at which it gives up, else the first that it meets, in the order
/// of the text for JSON and of the sorted keys for YAML. That one comes first here, the others follow.
fn refuse_misfits(source: &Source, mut misfits: Vec<Misfit>, version: ApiVersion) -> Vec<Finding> {
    if source.is_json {
        misfits.sort_by_key(|misfit| source.position(&misfit.path));
    }
    misfits.sort_by_key(|misfit| !misfit.ends_decoding);
    misfits.into_iter().map(|misfit| refuse_misfit(source, misfit, version)).collect()
}

fn refuse_misfit(source: &Source, misfit: Misfit, version: ApiVersion) -> Finding {
    let mut help = Vec::new();
    if misfit.wants_quotes {
        help.push(
            "put it into double quotes: without them YAML 1.1 reads a number, or for yes, no, on, off, true and false \
             a boolean"
                .to_owned(),
        );
    } else if misfit.words.contains("of type []") {
        help.push("write a list here, for example `[\"a\", \"b\"]`, and check the indentation".to_owned());
    } else {
        help.push("check the indentation: a value of another kind belongs here".to_owned());
    }
    Finding {
        verdict: Verdict::WouldNotStart,
        cause: Cause::Unusable,
        words: format!("failed decoding: {}", misfit.words.replace("v1.", &format!("{}.", version.name()))),
        position: source.position(&misfit.path),
        path: misfit.path,
        help,
    }
}

fn refuse_violation(source: &Source, violation: Violation) -> Finding {
    Finding {
        verdict: Verdict::WouldNotStart,
        cause: Cause::Unusable,
        words: violation.words,
        position: source.position(&violation.path),
        path: violation.path,
        help: vec![violation.help],
    }
}

fn refuse_no_rules(source: &Source) -> Finding {
    let path = Path::root().key("rules");
    Finding {
        verdict: Verdict::WouldNotStart,
        cause: Cause::Unusable,
        words: "loaded illegal policy with 0 rules".to_owned(),
        position: source.key_position(&path),
        path,
        help: vec![
            "give it a rule, for example `rules: [{level: Metadata}]`; to switch audit logging off: kaudit disable"
                .to_owned(),
        ],
    }
}

fn judge_unknown_key(source: &Source, unknown: &UnknownKey) -> Finding {
    let owner: &Struct = unknown.owner;
    let (meant, effect) = strict::explain(&unknown.key, owner);
    let mut help = Vec::new();
    help.extend(meant);
    help.push(effect);
    Finding {
        verdict: Verdict::Strict,
        cause: Cause::UnknownKey,
        words: format!("unknown field {}", go::quote(&go::field_path(&unknown.path))),
        position: source.key_position(&unknown.path),
        path: unknown.path.clone(),
        help,
    }
}

fn judge_too_new(source: &Source, path: Path) -> Finding {
    Finding {
        verdict: Verdict::Strict,
        cause: Cause::TooNewKey,
        words: format!(
            "unknown field {}: it is known from 1.{} on",
            go::quote(&go::field_path(&path)),
            strict::FIRST_MINOR_WITH_MANAGED_FIELDS
        ),
        position: source.key_position(&path),
        path,
        help: vec!["remove it: this API server drops it, and logs managed fields with the bodies".to_owned()],
    }
}

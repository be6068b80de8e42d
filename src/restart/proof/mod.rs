//! Which request proves that events reach the log: the policy has to log it, and it must not be able to do harm.
//!
//! A request is judged before anything of it is carried out or even looked up: authentication, then the policy, then
//! authorization, then the handler (`apiserver/pkg/server/config.go`, `DefaultBuildHandlerChain`). So one that ends in
//! 403 or 404 is logged as well as any other, and nothing that kaudit asks needs to be there or to be allowed.

mod request_specs;
mod revision;

use super::identity::Identity;
use crate::audit::argv::scan;
use crate::audit::pflag::parse_bool;
use crate::node::ClientIdentity;
use crate::policy::{Level, Policy, Request, Stage, User, decide};
pub use revision::Proof;

use request_specs::{Class, RequestSpec};

/// A request whose event proves the chain from the policy to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// A JSON body.
    pub body: Option<String>,
    /// As whom; `None`: anonymously.
    pub identity: Option<ClientIdentity>,
    /// What it asks, as whom, and why the policy logs it: half a sentence.
    pub why: String,
}

/// What the API server makes of a request without credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymous {
    /// It is the user `system:anonymous`.
    Known,
    /// It ends with 401, and is logged as nobody's.
    Rejected,
    /// A file decides (`--authentication-config`, since 1.30), perhaps by path.
    Unknown,
}

impl Anonymous {
    /// What follows from the API server's arguments: anonymous requests are allowed unless `--anonymous-auth` says
    /// otherwise, or the authorizer would allow them everything
    /// (`pkg/kubeapiserver/options/authentication.go`, `ApplyAuthorization`).
    #[must_use]
    pub fn of(arguments: &[&str]) -> Self {
        let flags = scan(arguments);
        let given = |name: &str| flags.iter().any(|found| found.flag == name);
        let value = |name: &str| {
            flags
                .iter()
                .rfind(|found| found.flag == name)
                .map(|found| found.value.as_deref().unwrap_or("true"))
        };
        if given("authentication-config") {
            return Anonymous::Unknown;
        }
        let is_off = value("anonymous-auth").is_some_and(|text| parse_bool(text) == Ok(false));
        let modes = flags.iter().filter(|found| found.flag == "authorization-mode");
        let mut modes = modes.flat_map(|found| found.value.as_deref().unwrap_or_default().split(','));
        let allows_all = if given("authorization-mode") {
            modes.any(|mode| mode == "AlwaysAllow")
        } else {
            !given("authorization-config")
        };
        if is_off || allows_all { Anonymous::Rejected } else { Anonymous::Known }
    }
}

/// The requests that prove, the most harmless first; each differs from the others in kind or in who asks, so that the
/// next is worth trying where one fails for a reason that is not foreseen. Without a policy (it cannot be read) every
/// request may be logged, and one of each kind is returned.
///
/// # Errors
/// The policy logs nothing that kaudit may ask: why, as a sentence without a full stop.
pub fn requests(
    policy: Option<&Policy>,
    anonymous: Anonymous,
    identities: &[Identity],
) -> Result<Vec<ProofRequest>, String> {
    let mut asking = vec![Caller::anonymous(anonymous)];
    asking.extend(identities.iter().map(Caller::with));
    let mut specs = request_specs::general();
    specs.extend(policy.into_iter().flat_map(|policy| policy.rules.iter()).flat_map(request_specs::of_rule));

    let mut found = Vec::new();
    for class in Class::ALL {
        for caller in &asking {
            let mut of_class = specs.iter().filter(|spec| spec.class == class);
            found.extend(of_class.find_map(|spec| caller.ask(spec, policy)));
        }
    }
    match policy {
        Some(policy) if found.is_empty() => Err(explain(policy)),
        Some(_) | None => Ok(found),
    }
}

/// Someone who asks.
struct Caller<'a> {
    identity: Option<&'a Identity>,
    /// What can become of a request of theirs; an event has to come of each.
    fates: Vec<Fate>,
    name: String,
}

/// As whom a request is judged, and at which stages it is.
struct Fate {
    user: Option<User>,
    stages: &'static [Stage],
}

/// An ordinary request (`filters/audit.go`, `WithAudit`).
const SERVED: &[Stage] = &[Stage::RequestReceived, Stage::ResponseComplete];
/// One that fails to authenticate, with this stage only (`filters/authn_audit.go`, `WithFailedAuthenticationAudit`).
const REJECTED: &[Stage] = &[Stage::ResponseStarted];

impl<'a> Caller<'a> {
    fn anonymous(anonymous: Anonymous) -> Self {
        let user =
            User { name: "system:anonymous".to_owned(), groups: vec!["system:unauthenticated".to_owned()] };
        let known = Fate { user: Some(user), stages: SERVED };
        let rejected = Fate { user: None, stages: REJECTED };
        let fates = match anonymous {
            Anonymous::Known => vec![known],
            Anonymous::Rejected => vec![rejected],
            Anonymous::Unknown => vec![known, rejected],
        };
        Self { identity: None, fates, name: "anonymously".to_owned() }
    }

    fn with(identity: &'a Identity) -> Self {
        let fates = vec![Fate { user: Some(identity.user.clone()), stages: SERVED }];
        Self { identity: Some(identity), fates, name: format!("as {}", identity.user.name) }
    }

    /// The request, if this caller may make it and the policy logs it.
    fn ask(&self, spec: &RequestSpec, policy: Option<&Policy>) -> Option<ProofRequest> {
        if spec.only_anonymous && self.identity.is_some() {
            return None;
        }
        let reason = match policy {
            None => "the policy could not be read, so it may be logged".to_owned(),
            Some(policy) => {
                let reasons: Option<Vec<String>> =
                    self.fates.iter().map(|fate| fate.reason(spec, policy)).collect();
                reasons?.into_iter().next()?
            }
        };
        Some(ProofRequest {
            method: spec.method,
            path: spec.path.clone(),
            body: spec.body.map(str::to_owned),
            identity: self.identity.map(|identity| identity.files.clone()),
            why: format!("{}, {}: {reason}", spec.what, self.name),
        })
    }
}

impl Fate {
    /// Why the policy logs the spec; `None` where it does not.
    fn reason(&self, spec: &RequestSpec, policy: &Policy) -> Option<String> {
        let request =
            Request { user: self.user.clone(), verb: spec.verb.to_owned(), target: spec.target.clone() };
        let decision = decide(policy, &request);
        let is_seen = self.stages.iter().any(|stage| !decision.omit_stages.contains(*stage));
        let rule = decision.rule.filter(|_| decision.level > Level::None && is_seen)?;
        Some(format!("rules[{rule}] of the policy logs it at level {}", decision.level))
    }
}

/// Why no spec is logged.
fn explain(policy: &Policy) -> String {
    let logging = policy.rules.iter().enumerate().filter(|(_, rule)| rule.level > Level::None);
    let names: Vec<String> = logging.map(|(index, _)| format!("rules[{index}]")).collect();
    if names.is_empty() {
        return "the policy logs nothing: the level of every rule is None".to_owned();
    }
    let are = if names.len() == 1 { "is" } else { "are" };
    format!(
        "the policy logs nothing that kaudit could ask without touching anything: {} {are} for other users, verbs, \
         resources or stages",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests;

//! Which request shows that events reach the log: the policy must log it, and it must be harmless.
//!
//! The audit policy is evaluated before a request is handled: authentication, then the policy, then authorization, then the
//! handler (`apiserver/pkg/server/config.go`, `DefaultBuildHandlerChain`). So a request that ends with 403 or 404 is logged
//! like any other, and the object in it need not exist or be permitted.

mod kind;
mod request_specs;
mod revision;

use super::identity::Identity;
use crate::audit::argv::scan;
use crate::audit::pflag::parse_bool;
use crate::node::ClientIdentity;
use crate::policy::{Level, Policy, Request, Stage, User, decide};
pub use kind::Proof;

use request_specs::{Class, RequestSpec};

/// A request whose event shows that policy and log work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// A JSON body.
    pub body: Option<String>,
    /// The client certificate; `None`: anonymous.
    pub identity: Option<ClientIdentity>,
    /// What it requests, as which user, and why the policy logs it; a clause.
    pub why: String,
}

/// How the API server treats a request without credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymous {
    /// Its user is `system:anonymous`.
    Known,
    /// It ends with 401, and is logged without a user.
    Rejected,
    /// A file decides (`--authentication-config`, since 1.30), perhaps by path.
    Unknown,
}

impl Anonymous {
    /// From the API server's arguments: anonymous requests are allowed unless `--anonymous-auth` disables them, or the
    /// authorizer would allow them everything
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

/// The requests to try, the most harmless first; each differs from the others in kind or user, so that the next is worth
/// trying where one fails for an unexpected reason. Without a policy (it cannot be read) every request may be logged, and
/// one of each kind is returned.
///
/// # Errors
/// The policy logs no request that kaudit may make: why, without a full stop.
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

/// The user of a request.
struct Caller<'a> {
    identity: Option<&'a Identity>,
    /// The possible results of authentication; each must cause an event.
    outcomes: Vec<Authenticated>,
    name: String,
}

/// The user for which the policy is evaluated, and the stages at which that happens.
struct Authenticated {
    user: Option<User>,
    stages: &'static [Stage],
}

/// An ordinary request (`filters/audit.go`, `WithAudit`).
const SERVED: &[Stage] = &[Stage::RequestReceived, Stage::ResponseComplete];
/// A request that fails to authenticate has only this stage (`filters/authn_audit.go`, `WithFailedAuthenticationAudit`).
const REJECTED: &[Stage] = &[Stage::ResponseStarted];

impl<'a> Caller<'a> {
    fn anonymous(anonymous: Anonymous) -> Self {
        let user =
            User { name: "system:anonymous".to_owned(), groups: vec!["system:unauthenticated".to_owned()] };
        let known = Authenticated { user: Some(user), stages: SERVED };
        let rejected = Authenticated { user: None, stages: REJECTED };
        let outcomes = match anonymous {
            Anonymous::Known => vec![known],
            Anonymous::Rejected => vec![rejected],
            Anonymous::Unknown => vec![known, rejected],
        };
        Self { identity: None, outcomes, name: "anonymously".to_owned() }
    }

    fn with(identity: &'a Identity) -> Self {
        let outcomes = vec![Authenticated { user: Some(identity.user.clone()), stages: SERVED }];
        Self { identity: Some(identity), outcomes, name: format!("as {}", identity.user.name) }
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
                    self.outcomes.iter().map(|outcome| outcome.reason(spec, policy)).collect();
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

impl Authenticated {
    /// Why the policy logs the request; `None` where it does not.
    fn reason(&self, spec: &RequestSpec, policy: &Policy) -> Option<String> {
        let request =
            Request { user: self.user.clone(), verb: spec.verb.to_owned(), target: spec.target.clone() };
        let decision = decide(policy, &request);
        let is_seen = self.stages.iter().any(|stage| !decision.omit_stages.contains(*stage));
        let rule = decision.rule.filter(|_| decision.level > Level::None && is_seen)?;
        Some(format!("rules[{rule}] of the policy logs it at level {}", decision.level))
    }
}

/// Why the policy logs no request.
fn explain(policy: &Policy) -> String {
    let logging = policy.rules.iter().enumerate().filter(|(_, rule)| rule.level > Level::None);
    let names: Vec<String> = logging.map(|(index, _)| format!("rules[{index}]")).collect();
    if names.is_empty() {
        return "the policy logs nothing: the level of every rule is None".to_owned();
    }
    let are = if names.len() == 1 { "is" } else { "are" };
    format!(
        "the policy logs no request that kaudit can make without changing anything: {} {are} for other users, verbs, \
         resources or stages",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests;

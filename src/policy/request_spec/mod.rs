//! A request as kubectl's arguments → the request as the API server sees it.

mod command;
mod describe;
mod path;
mod seen;
mod user;

use crate::diagnostic::Diagnostic;
use crate::policy::builtin::{self, Builtin};
use crate::policy::decide::decision::{Request, Resource, Target};
use crate::policy::model::VERBS;
use crate::policy::nearest::nearest;
use command::Command;
pub use describe::{describe_arguments, describe_request, describe_rule};
pub(super) use path::is_of_resource as is_path_of_resource;
pub(super) use user::groups_of;

/// The arguments that specify a request.
#[derive(Debug, Clone, Default)]
pub struct RequestSpec {
    /// Verb, resource (`pods`, `deploy`, `deployments.apps`, `pods/log`) and name; or verb and path.
    pub arguments: Vec<String>,
    /// A path instead of a resource.
    pub raw: Option<String>,
    /// `-n`; without one `default`, for a resource that has namespaces.
    pub namespace: Option<String>,
    /// `-A`
    pub all_namespaces: bool,
    /// `-w`
    pub is_watch: bool,
    /// `--subresource`
    pub subresource: Option<String>,
    /// `--as`; without one the administrator of a kubeadm cluster.
    pub user: Option<String>,
    /// `--as-group`
    pub groups: Vec<String>,
    /// There is no user: a request that fails before authentication.
    pub no_user: bool,
}

const USAGE: &str = "for example: get pods/log web -n default --as alice, or get --raw /healthz";

impl RequestSpec {
    /// The request to the API server 1.`minor`, and notes on how the arguments were understood.
    ///
    /// # Errors
    /// The arguments do not specify a request: there is no verb or no resource, or no request has the verb.
    pub fn request(&self, minor: u32) -> Result<(Request, Vec<String>), Diagnostic> {
        let mut remarks = Vec::new();
        let user = (!self.no_user).then(|| user::named(self.user.as_deref(), &self.groups));
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let (verb, target) = match (arguments.as_slice(), &self.raw) {
            ([] | [_], Some(raw)) => self.path(arguments.first().copied(), raw, &mut remarks)?,
            ([_, extra, ..], Some(_)) => {
                return Err(Diagnostic::error(format!(
                    "unexpected argument {extra}: --raw replaces the resource"
                )));
            }
            ([verb, raw], None) if raw.starts_with('/') => self.path(Some(verb), raw, &mut remarks)?,
            ([verb, rest @ ..], None) => {
                let (verb, resource) = self.understand(verb, rest, minor, &mut remarks)?;
                (verb, Target::Resource(resource))
            }
            ([], None) => {
                return Err(Diagnostic::error(
                    "verb and resource are missing; give them, or --raw and a path",
                )
                .help(USAGE));
            }
        };
        Ok((Request { user, verb, target }, remarks))
    }

    fn path(
        &self,
        word: Option<&str>,
        raw: &str,
        remarks: &mut Vec<String>,
    ) -> Result<(String, Target), Diagnostic> {
        if !raw.starts_with('/') {
            return Err(Diagnostic::error(format!("--raw {raw}: a path begins with /")));
        }
        if self.namespace.is_some() || self.all_namespaces || self.subresource.is_some() {
            return Err(Diagnostic::error("a path already contains the namespace and the subresource"));
        }
        let word = word.unwrap_or("get").to_lowercase();
        let method = command::method(&word).ok_or_else(|| {
            Diagnostic::error(format!("requests for a path do not have the verb {word}"))
                .help("write an HTTP method: get, post, put, patch, delete, head, options")
        })?;
        let (verb, target) = path::understand(method, raw);
        if let Target::Resource(resource) = &target {
            remarks.push(format!(
                "this path is a resource request for the API server: {verb} {}",
                resource.resource
            ));
        }
        Ok((verb, target))
    }

    fn understand(
        &self,
        typed: &str,
        rest: &[&str],
        minor: u32,
        remarks: &mut Vec<String>,
    ) -> Result<(String, Resource), Diagnostic> {
        let verb = typed.to_lowercase();
        let command = command::find(&verb);
        let verb = match command {
            Some(command) => command.verb.to_owned(),
            None if VERBS.contains(&verb.as_str()) => verb,
            None => return Err(refuse_verb(typed, &verb)),
        };
        let (resource, name) = match (command, rest) {
            (_, []) => {
                return Err(Diagnostic::error(
                    "verb and resource are missing; give them, or --raw and a path",
                )
                .help(USAGE));
            }
            (Some(command @ Command { resource: Some(only), .. }), rest) => {
                (only, object_of(&command, only, rest, remarks)?)
            }
            (_, [resource]) => (*resource, ""),
            (_, [resource, name]) => (*resource, *name),
            (_, [_, _, extra, ..]) => return Err(refuse_extra(extra)),
        };
        let mut found = self.resource(resource, name, minor, remarks)?;
        if let Some(Command { subresource: Some(subresource), .. }) = command {
            subresource.clone_into(&mut found.subresource);
        }
        remarks.extend(command.and_then(|command| command.remark).map(str::to_owned));
        let verb = if self.is_watch { seen::watched(&verb)? } else { verb };
        let verb = seen::as_sent(verb, &mut found, remarks);
        self.check_namespace(&verb, &found)?;
        Ok((verb, found))
    }

    fn resource(
        &self,
        typed: &str,
        name: &str,
        minor: u32,
        remarks: &mut Vec<String>,
    ) -> Result<Resource, Diagnostic> {
        let (resource, mut after_slash) = typed.split_once('/').unwrap_or((typed, ""));
        if typed.contains(',') || typed == "all" || after_slash.contains('/') || resource.is_empty() {
            return Err(Diagnostic::error(format!(
                "{typed} is not a single resource, such as pods or pods/log"
            ))
            .help(USAGE));
        }
        // `deployments.apps/scale`, `deployments.v1.apps`
        let (called, group) = resource.split_once('.').unwrap_or((resource, ""));
        let group =
            group.split_once('.').filter(|(version, _)| is_version(version)).map_or(group, |(_, it)| it);
        let asked_group = resource.contains('.').then_some(group);
        let known = find(called, asked_group, minor, remarks);
        let mut name = name.to_owned();
        let is_object = |known: &Builtin| known.subresource(after_slash).is_none();
        if !after_slash.is_empty() && name.is_empty() && known.is_some_and(is_object) {
            // kubectl's TYPE/NAME.
            std::mem::take(&mut after_slash).clone_into(&mut name);
            let plural = known.map_or(called, |known| known.resource);
            remarks.push(format!("{plural} have no subresource {name}: assuming it is a name"));
        }
        let resource = known.map_or(called, |known| known.resource).to_owned();
        let group = known.map_or(group, |known| known.group).to_owned();
        let is_namespaced = known.is_none_or(|known| known.is_namespaced);
        let namespace = match &self.namespace {
            _ if self.all_namespaces => String::new(),
            // Of a namespace itself the request's namespace is its name.
            _ if group.is_empty() && resource == "namespaces" => name.clone(),
            Some(namespace) if is_namespaced => namespace.clone(),
            Some(namespace) => {
                remarks.push(format!("{resource} are not namespaced: -n {namespace} is ignored"));
                String::new()
            }
            None if is_namespaced => "default".to_owned(),
            None => String::new(),
        };
        let subresource = self.subresource.clone().unwrap_or_else(|| after_slash.to_owned());
        Ok(Resource { group, resource, subresource, namespace, name })
    }

    /// Only requests without a name can be for all namespaces.
    fn check_namespace(&self, verb: &str, found: &Resource) -> Result<(), Diagnostic> {
        let is_over_all =
            ["get", "list", "watch", "deletecollection"].contains(&verb) && found.name.is_empty();
        if self.all_namespaces && !is_over_all {
            return Err(Diagnostic::error("-A works only with list and watch").help(USAGE));
        }
        Ok(())
    }
}

/// The built-in resource with this name, preferring one that 1.`minor` serves; assumptions are added to `remarks`.
/// ambiguous.
fn find(
    called: &str,
    group: Option<&str>,
    minor: u32,
    remarks: &mut Vec<String>,
) -> Option<&'static Builtin> {
    let mut found = builtin::named(called, group);
    found.sort_by_key(|known| !builtin::is_served(&known.minors, minor));
    let Some(known) = found.first().copied() else {
        if group.is_none() {
            remarks.push(format!(
                "{called} is not a built-in resource: assuming the core group; to name its group: \
                 {called}.example.com"
            ));
        }
        return None;
    };
    if known.resource != called {
        remarks.push(format!("assuming that {called} means {}", full_name(known)));
    }
    let others = found.iter().skip(1).filter(|other| builtin::is_served(&other.minors, minor));
    for other in others.filter(|other| other.resource == known.resource && group.is_none()) {
        remarks.push(format!("there are also {}, which a policy distinguishes", full_name(other)));
    }
    Some(known)
}

fn full_name(known: &Builtin) -> String {
    match known.group {
        "" => known.resource.to_owned(),
        group => format!("{}.{group}", known.resource),
    }
}

/// The name of the object of `only` that a command is about: `exec pods` and `exec pods web` as well as `exec web`.
fn object_of<'w>(
    command: &Command,
    only: &str,
    rest: &[&'w str],
    remarks: &mut Vec<String>,
) -> Result<&'w str, Diagnostic> {
    let (typed, more) = match rest {
        [] => ("", rest),
        [called, more @ ..] if is_called(called, only) => match more {
            [] => ("", more),
            [name, more @ ..] => (*name, more),
        },
        [typed, more @ ..] => (*typed, more),
    };
    match more {
        [] => {}
        [extra, ..] if !command.has_more => return Err(refuse_extra(extra)),
        more => remarks.push(format!("a policy does not see the other arguments: {}", more.join(" "))),
    }
    match typed.split_once('/') {
        None => Ok(typed),
        Some((called, name)) if is_called(called, only) => Ok(name),
        Some((called, _)) if command.finds_pod && is_built_in(called) => {
            remarks.push(format!(
                "kubectl gets {typed}, lists its pods and then uses one of them; its name is not known here"
            ));
            Ok("")
        }
        Some(_) => Err(Diagnostic::error(format!("{typed} is not the name of one of {only}"))),
    }
}

fn refuse_extra(extra: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "unexpected argument {extra}: give one verb, one resource and at most one name"
    ))
    .help(USAGE)
}

fn is_built_in(typed: &str) -> bool {
    let (called, group) =
        typed.split_once('.').map_or((typed, None), |(called, group)| (called, Some(group)));
    !builtin::named(called, group).is_empty()
}

fn is_called(typed: &str, resource: &str) -> bool {
    builtin::named(typed, Some("")).first().is_some_and(|known| known.resource == resource)
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn refuse_verb(typed: &str, verb: &str) -> Diagnostic {
    let refusal = Diagnostic::error(format!("requests for a resource do not have the verb {typed}"));
    match nearest(verb, VERBS.into_iter()) {
        Some(meant) => refusal.help(format!("did you mean {meant}?")),
        None => refusal.help(format!("verbs: {}", VERBS.join(", "))),
    }
}

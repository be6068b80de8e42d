//! A request in kubectl's words → the request as the API server sees it.

use crate::policy::builtin::{self, Builtin};
use crate::policy::decide::{Request, Resource, Target, User};
use crate::policy::reach::VERBS;
use crate::policy::validate::nearest;
use crate::refusal::Refusal;

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Verb, resource (`pods`, `deploy`, `deployments.apps`, `pods/log`) and name.
    pub words: Vec<String>,
    /// A path instead of a resource.
    pub raw: Option<String>,
    /// `-n`; without one `default`, for a resource that has namespaces.
    pub namespace: Option<String>,
    /// `-A`
    pub all_namespaces: bool,
    /// `--subresource`
    pub subresource: Option<String>,
    /// `--as`; without one the administrator of a kubeadm cluster.
    pub user: Option<String>,
    /// `--as-group`
    pub groups: Vec<String>,
    /// There is no user: a request that fails before authentication.
    pub no_user: bool,
}

/// The user in `admin.conf` and their groups, as `kubeadm init` makes them since 1.29.
const ADMINISTRATOR: (&str, [&str; 2]) =
    ("kubernetes-admin", ["kubeadm:cluster-admins", "system:authenticated"]);

impl Question {
    /// The request, and remarks about how the words were taken.
    ///
    /// # Errors
    /// The words make no request: no verb, no resource, a verb that no request has.
    pub fn request(&self) -> Result<(Request, Vec<String>), Refusal> {
        let mut remarks = Vec::new();
        let user = (!self.no_user).then(|| self.user());
        let mut words = self.words.iter().map(String::as_str);
        let verb = words.next();
        if let Some(path) = &self.raw {
            if let Some(extra) = words.next() {
                return Err(Refusal::new(format!("{extra}: --raw takes the place of the resource")));
            }
            if !path.starts_with('/') {
                return Err(Refusal::new(format!("--raw {path}: a path begins with /")));
            }
            if path.starts_with("/api/v1/") || path.matches('/').count() > 3 && path.starts_with("/apis/") {
                remarks.push(
                    "the API server takes this path for a resource, not for a path: name the resource"
                        .to_owned(),
                );
            }
            let verb = verb.unwrap_or("get").to_lowercase();
            return Ok((Request { user, verb, target: Target::Path(path.clone()) }, remarks));
        }
        let usage = "for example: get pods/log web -n default --as alice, or get --raw /healthz";
        let (Some(verb), Some(resource)) = (verb, words.next()) else {
            return Err(Refusal::new("name a verb and a resource, or --raw and a path").help(usage));
        };
        let verb = understand_verb(verb)?;
        let name = words.next().unwrap_or_default();
        if let Some(extra) = words.next() {
            return Err(Refusal::new(format!("{extra}: one verb, one resource, one name")).help(usage));
        }
        let target = Target::Resource(self.resource(resource, name, &mut remarks));
        Ok((Request { user, verb, target }, remarks))
    }

    /// As the API server does for an impersonated user: every user is authenticated, a service account is in its
    /// groups. What a certificate says of a node, it does not add; then nothing would match `system:nodes`, so it is
    /// added here.
    fn user(&self) -> User {
        let Some(name) = self.user.clone() else {
            let (name, groups) = ADMINISTRATOR;
            let groups = if self.groups.is_empty() {
                groups.map(str::to_owned).into()
            } else {
                with_authenticated(self.groups.clone())
            };
            return User { name: name.to_owned(), groups };
        };
        let mut groups = self.groups.clone();
        if name == "system:anonymous" {
            groups.push("system:unauthenticated".to_owned());
            return User { name, groups };
        }
        if let Some(account) = name.strip_prefix("system:serviceaccount:") {
            let namespace = account.split(':').next().unwrap_or_default();
            groups
                .extend(["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]);
        }
        if name.starts_with("system:node:") && !groups.iter().any(|group| group == "system:nodes") {
            groups.push("system:nodes".to_owned());
        }
        User { name, groups: with_authenticated(groups) }
    }

    fn resource(&self, typed: &str, name: &str, remarks: &mut Vec<String>) -> Resource {
        let (resource, mut after_slash) = typed.split_once('/').unwrap_or((typed, ""));
        // `deployments.apps/scale`, `deployments.v1.apps`
        let (called, group) = resource.split_once('.').unwrap_or((resource, ""));
        let group =
            group.split_once('.').filter(|(version, _)| is_version(version)).map_or(group, |(_, it)| it);
        let asked_group = resource.contains('.').then_some(group);
        let found = builtin::named(called, asked_group);
        let known = found.first().copied();
        match (known, asked_group) {
            (Some(known), None) if known.resource != called || !known.group.is_empty() => {
                let group = if known.group.is_empty() { "the core group" } else { known.group };
                remarks.push(format!("{typed} is taken as {} of {group}", known.resource));
            }
            (None, None) => remarks.push(format!(
                "{called} is no built-in resource, and is taken as one of the core group; name its group: {called}.example.com"
            )),
            _ => {}
        }
        let mut name = name.to_owned();
        let is_object = |known: &Builtin| known.subresource(after_slash).is_none();
        if !after_slash.is_empty() && name.is_empty() && known.is_some_and(is_object) {
            // kubectl's TYPE/NAME.
            std::mem::take(&mut after_slash).clone_into(&mut name);
            remarks.push(format!("{name} is taken as a name, because it is no subresource of {called}"));
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
                remarks.push(format!("{resource} are in no namespace: -n {namespace} is left out"));
                String::new()
            }
            None if is_namespaced => "default".to_owned(),
            None => String::new(),
        };
        let subresource = self.subresource.clone().unwrap_or_else(|| after_slash.to_owned());
        Resource { group, resource, subresource, namespace, name }
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn with_authenticated(mut groups: Vec<String>) -> Vec<String> {
    let authenticated = "system:authenticated".to_owned();
    if !groups.contains(&authenticated) {
        groups.push(authenticated);
    }
    groups
}

/// What kubectl calls the verbs, and what the API server calls them.
const COMMANDS: [(&str, &str); 4] =
    [("apply", "patch"), ("edit", "patch"), ("replace", "update"), ("describe", "get")];

fn understand_verb(typed: &str) -> Result<String, Refusal> {
    let verb = typed.to_lowercase();
    if VERBS.contains(&verb.as_str()) {
        return Ok(verb);
    }
    if let Some((_, verb)) = COMMANDS.iter().find(|(command, _)| *command == verb) {
        return Ok((*verb).to_owned());
    }
    let refusal = Refusal::new(format!("no request for a resource has the verb {typed}"));
    Err(match nearest(&verb, VERBS.into_iter()) {
        Some(meant) => refusal.help(format!("did you mean {meant}?")),
        None => refusal.help(format!(
            "verbs: {}; exec and port-forward are create, or get over a WebSocket",
            VERBS.join(", ")
        )),
    })
}

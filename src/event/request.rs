//! The attributes that the audit policy was evaluated with, derived from the logged event.
//!
//! The policy decides before the body is read, by user, verb and path
//! (`apiserver/pkg/endpoints/request/requestinfo.go`, `NewRequestInfo`). The event has all of these. For a create, its
//! `objectRef` may contain more, namely the name and namespace from the body (`apiserver/pkg/audit/request.go`,
//! `LogRequestObject`), so name and namespace are taken from the path.

use crate::event::model::{Event, ObjectRef, User};
use crate::event::text::Text;
use crate::policy::{RequestRef, ResourceRef, TargetRef, UserRef};
use std::borrow::Cow;

/// The attributes of an event's request that a policy decides by.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    event: &'a Event<'a>,
    /// The user's groups, as far as they are known.
    groups: Cow<'a, [Text<'a>]>,
    /// The decoded path, without the query.
    path: Cow<'a, str>,
}

impl<'a> Asked<'a> {
    /// Derives them from an event of any stage; all events of a request give the same result.
    #[must_use]
    pub fn of(event: &'a Event<'a>) -> Self {
        let uri: &str = &event.request_uri;
        let path = uri.split_once('?').map_or(uri, |(path, _)| path);
        let User { username, groups } = &event.user;
        let groups = if lacks_groups(event) { usual_groups(username).into() } else { groups.into() };
        Self { event, groups, path: decode(path) }
    }

    /// The request for the policy evaluation. An unauthenticated request has no user at all
    /// (`apiserver/pkg/endpoints/filters/authn_audit.go`).
    #[must_use]
    pub fn request(&self) -> RequestRef<'_, Text<'a>> {
        let name = &*self.event.user.username;
        let is_somebody = !name.is_empty() || !self.groups.is_empty();
        RequestRef {
            user: is_somebody.then_some(UserRef { name, groups: &self.groups }),
            verb: &self.event.verb,
            target: self.target(),
        }
    }

    /// Whether an API server also writes an event when the response starts: for a watch or a proxied connection
    /// (`cmd/kube-apiserver`, `BasicLongRunningRequestCheck`).
    #[must_use]
    pub fn is_long_running(&self) -> bool {
        match &self.event.object_ref {
            Some(object) => {
                matches!(&*self.event.verb, "watch" | "proxy")
                    || matches!(&*object.subresource, "attach" | "exec" | "log" | "portforward" | "proxy")
            }
            None => self.path.starts_with("/debug/pprof/"),
        }
    }

    /// The path, decoded and without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn target(&self) -> TargetRef<'_> {
        let Some(object) = &self.event.object_ref else { return TargetRef::Path(&self.path) };
        let (namespace, name) = self.namespace_and_name(object);
        TargetRef::Resource(ResourceRef {
            group: object.api_group(),
            resource: &object.resource,
            subresource: &object.subresource,
            namespace,
            name,
        })
    }

    fn namespace_and_name<'b>(&'b self, object: &'b ObjectRef<'a>) -> (&'b str, &'b str) {
        if &*self.event.verb == "create"
            && let Some(named) = named_by(&self.path)
        {
            return named;
        }
        (&object.namespace, &object.name)
    }
}

/// Whether the event has a user without groups. The API server gives every user groups, so the event was modified
/// later.
#[must_use]
pub fn lacks_groups(event: &Event<'_>) -> bool {
    event.user.groups.is_empty() && !event.user.username.is_empty()
}

/// The groups that a user of this name is always in, from `apiserver/pkg/authentication/group`,
/// `…/serviceaccount/util.go`, and the requirements of the Node authorizer.
fn usual_groups(username: &str) -> Vec<Text<'static>> {
    let authenticated = "system:authenticated".into();
    if username == "system:anonymous" {
        return vec!["system:unauthenticated".into()];
    }
    if username.starts_with("system:node:") {
        return vec!["system:nodes".into(), authenticated];
    }
    match username.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':')) {
        Some((namespace, _)) => {
            let of_namespace = format!("system:serviceaccounts:{namespace}");
            vec!["system:serviceaccounts".into(), of_namespace.into(), authenticated]
        }
        None => vec![authenticated],
    }
}

/// The namespace and the name in the path of a resource request, as in `NewRequestInfo`; `None` for any other path.
fn named_by(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.trim_matches('/').split('/');
    match parts.next()? {
        "api" => {}
        "apis" => drop(parts.next()?),
        _ => return None,
    }
    let _version = parts.next()?;
    let mut resource = parts.next()?;
    if resource == "proxy" || resource == "watch" {
        resource = parts.next()?;
    }
    let mut namespace = "";
    let mut name = parts.next().unwrap_or_default();
    if resource == "namespaces" {
        namespace = name;
        // `status` and `finalize` are subresources of the namespace itself; anything else is a resource in the
        // namespace.
        if parts.next().is_some_and(|part| !matches!(part, "status" | "finalize")) {
            name = parts.next().unwrap_or_default();
        }
    }
    Some((namespace, name))
}

/// Percent-decoding (RFC 3986, 2.1). Invalid UTF-8 becomes U+FFFD, which no pattern contains.
fn decode(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.split_at_checked(2).filter(|_| *byte == b'%').and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((*byte, after));
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_some_groups() {
        let groups = |name: &str| usual_groups(name).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(groups("alice"), ["system:authenticated"]);
        assert_eq!(groups("system:anonymous"), ["system:unauthenticated"]);
        assert_eq!(groups("system:node:a"), ["system:nodes", "system:authenticated"]);
        let account = ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"];
        assert_eq!(groups("system:serviceaccount:shop:web"), account);
        assert_eq!(groups("system:serviceaccount:shop"), ["system:authenticated"]);
    }

    #[test]
    fn a_path_names_a_namespace_and_an_object() {
        for (path, named) in [
            ("/api/v1/pods", Some(("", ""))),
            ("/api/v1/nodes/a", Some(("", "a"))),
            ("/api/v1/namespaces", Some(("", ""))),
            ("/api/v1/namespaces/shop", Some(("shop", "shop"))),
            ("/api/v1/namespaces/shop/finalize", Some(("shop", "shop"))),
            ("/api/v1/namespaces/shop/pods", Some(("shop", ""))),
            ("/api/v1/namespaces/shop/pods/web/exec", Some(("shop", "web"))),
            ("/apis/apps/v1/namespaces/shop/deployments/web/scale", Some(("shop", "web"))),
            ("/apis/apps/v1/deployments", Some(("", ""))),
            ("/apis/example.com/v1/things/a/", Some(("", "a"))),
            ("/api/v1/proxy/namespaces/shop/pods/web/x/y", Some(("shop", "web"))),
            ("/api/v1/watch/nodes/a", Some(("", "a"))),
            ("/api/v1", None),
            ("/apis/apps/v1", None),
            ("/healthz/etcd/x", None),
            ("", None),
        ] {
            assert_eq!(named_by(path), named, "{path}");
        }
    }

    #[test]
    fn a_path_is_decoded_once() {
        for (path, decoded) in [
            ("/healthz", "/healthz"),
            ("/healthz%2Fetcd", "/healthz/etcd"),
            ("/a%252Fb", "/a%2Fb"),
            ("/a%2", "/a%2"),
            ("/a%+1b%zz%", "/a%+1b%zz%"),
            ("/%C3%A4%FF", "/ä\u{fffd}"),
        ] {
            assert_eq!(decode(path), decoded, "{path}");
        }
    }
}

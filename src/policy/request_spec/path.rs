//! Derives the attributes of an HTTP request as the API server does: a request for a resource or for a path
//! (`NewRequestInfo` in `apiserver/pkg/endpoints/request/requestinfo.go`).

use crate::policy::decide::decision::{Resource, Target};

/// The verb and the target of a request with this method for `raw`, which is a path with or without a query.
pub(super) fn understand(method: &str, raw: &str) -> (String, Target) {
    let (path, query) = raw.split_once('?').unwrap_or((raw, ""));
    let path = unescape(path, false);
    match resource(method, &path, &Query::parse(query)) {
        Some((verb, resource)) => (verb, Target::Resource(resource)),
        None => (method.to_lowercase(), Target::Path(path)),
    }
}

/// Whether the API server takes the path for a resource, whatever the method.
pub(in crate::policy) fn is_of_resource(path: &str) -> bool {
    resource("GET", path, &Query::default()).is_some()
}

fn resource(method: &str, path: &str, query: &Query) -> Option<(String, Resource)> {
    let mut parts: &[&str] = &path.trim_matches('/').split('/').collect::<Vec<_>>();
    let group = match parts {
        ["api", _, _, ..] => "",
        ["apis", group, _, _, ..] => {
            parts = parts.get(1..)?;
            group
        }
        _ => return None,
    };
    parts = parts.get(2..)?;
    let mut verb = match method.to_uppercase().as_str() {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    };
    // Deprecated, and served for watches still: /api/v1/watch/namespaces/default/pods
    if let [special @ ("watch" | "proxy"), rest @ ..] = parts {
        if rest.is_empty() {
            return Some((
                (*special).to_owned(),
                Resource { group: group.to_owned(), ..Resource::default() },
            ));
        }
        (verb, parts) = (special, rest);
    }
    let mut namespace = "";
    if let ["namespaces", name, rest @ ..] = parts {
        namespace = name;
        if !matches!(rest, [] | ["status" | "finalize", ..]) {
            parts = rest;
        }
    }
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let mut name = part(1).to_owned();
    if name.is_empty() && verb == "get" {
        verb = if query.is_watch { "watch" } else { "list" };
        name.clone_from(&query.name);
    }
    if name.is_empty() && verb == "delete" {
        verb = "deletecollection";
    }
    let subresource = if verb == "watch" || verb == "proxy" { "" } else { part(2) };
    let resource = Resource {
        group: group.to_owned(),
        resource: part(0).to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name,
    };
    Some((verb.to_owned(), resource))
}

/// The query parameters that the API server uses here.
#[derive(Default)]
struct Query {
    /// Only its absence, `0` and `false` mean no.
    is_watch: bool,
    /// The name that `fieldSelector=metadata.name=…` demands.
    name: String,
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescape(value, true);
            match key {
                "watch" => parsed.is_watch = !["0", "false"].contains(&value.to_lowercase().as_str()),
                "fieldSelector" => {
                    let name = value.split(',').find_map(|term| term.strip_prefix("metadata.name="));
                    name.unwrap_or_default().trim_start_matches('=').clone_into(&mut parsed.name);
                }
                _ => {}
            }
        }
        parsed
    }
}

/// `%2F` → `/`, and in a query `+` → a space.
fn unescape(text: &str, is_query: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escaped = rest.strip_prefix('%').and_then(|rest| rest.get(..2));
        if let Some(byte) = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            let first = if is_query && first == '+' { ' ' } else { first };
            bytes.extend(first.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::decide::decision::Request;
    use crate::policy::request_spec::describe::describe_request;

    fn shown(method: &str, raw: &str) -> String {
        let (verb, target) = understand(method, raw);
        describe_request(&Request { user: None, verb, target }).replace(" by nobody", "")
    }

    #[test]
    fn a_path_is_what_the_api_server_takes_it_for() {
        for (method, raw, request) in [
            ("GET", "/", "get /"),
            ("GET", "/api/v1", "get /api/v1"),
            ("GET", "/apis/apps/v1/", "get /apis/apps/v1/"),
            ("POST", "/healthz?verbose", "post /healthz"),
            ("GET", "/openapi/v3/apis/apps/v1", "get /openapi/v3/apis/apps/v1"),
            ("GET", "/api/v1/pods", "list pods --all-namespaces"),
            ("GET", "/api/v1/pods?watch=1", "watch pods --all-namespaces"),
            ("GET", "/api/v1/pods?watch=false", "list pods --all-namespaces"),
            ("GET", "/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dweb", "list pods web -n a"),
            ("HEAD", "/api/v1/namespaces/a/pods/web", "get pods web -n a"),
            ("GET", "/api/v1/namespaces/a/pods/web/log?tailLines=1", "get pods/log web -n a"),
            ("POST", "/api/v1/namespaces/a/pods/web/exec", "create pods/exec web -n a"),
            ("GET", "/api/v1/namespaces/a/services/web:80/proxy/x/y", "get services/proxy web:80 -n a"),
            ("GET", "/api/v1/namespaces", "list namespaces"),
            ("DELETE", "/api/v1/namespaces/a", "delete namespaces a -n a"),
            ("PUT", "/api/v1/namespaces/a/finalize", "update namespaces/finalize a -n a"),
            ("DELETE", "/apis/apps/v1/namespaces/a/deployments", "deletecollection deployments.apps -n a"),
            (
                "PATCH",
                "/apis/apps/v1/namespaces/a/deployments/web/scale",
                "patch deployments.apps/scale web -n a",
            ),
            ("GET", "/api/v1/watch/namespaces/a/pods/web", "watch pods web -n a"),
            ("OPTIONS", "/api/v1/nodes", "\"\" nodes"),
        ] {
            assert_eq!(shown(method, raw), request, "{method} {raw}");
        }
    }
}

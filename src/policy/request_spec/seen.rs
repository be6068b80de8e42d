//! Removes the attributes that the API server does not see. It uses the path, which contains no name if an object is
//! created or the request is for a collection.

use crate::diagnostic::Diagnostic;
use crate::policy::decide::decision::Resource;

/// The verb with `-w`.
///
/// # Errors
/// It is about something else than reading.
pub(super) fn watched(verb: &str) -> Result<String, Diagnostic> {
    match verb {
        "get" | "list" | "watch" => Ok("watch".to_owned()),
        verb => Err(Diagnostic::error(format!("-w works only with get and list, not with {verb}"))),
    }
}

/// The verb that the API server sees (`NewRequestInfo`). What it does not see is removed from `found`.
///
/// A name that is not given of an object that exists, such as in `get pods/log`, is left open.
pub(super) fn as_sent(verb: String, found: &mut Resource, remarks: &mut Vec<String>) -> String {
    let is_object = found.subresource.is_empty();
    let verb = match (verb.as_str(), found.name.is_empty()) {
        ("get", true) if is_object => {
            remarks.push("without a name, the API server sees a list, not a get".to_owned());
            "list".to_owned()
        }
        ("delete", true) if is_object => {
            remarks.push("without a name, the API server sees a deletecollection, not a delete".to_owned());
            "deletecollection".to_owned()
        }
        ("deletecollection", false) => {
            remarks.push("with a name, the API server sees a delete, not a deletecollection".to_owned());
            "delete".to_owned()
        }
        ("create", false) if is_object => {
            remarks.push(format!(
                "the API server does not see the name {} in a request that creates it: the name is in the body",
                found.name
            ));
            found.name.clear();
            verb
        }
        _ => verb,
    };
    let is_of_collection =
        is_object && ["create", "list", "watch", "deletecollection"].contains(&verb.as_str());
    if is_of_collection && found.group.is_empty() && found.resource == "namespaces" {
        found.namespace.clear();
    }
    verb
}

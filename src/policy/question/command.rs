//! What kubectl calls a request, and what the API server calls it.

/// A command of kubectl, as far as it is one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Command {
    /// As it is typed.
    pub(super) word: &'static str,
    /// The verb of the request.
    pub(super) verb: &'static str,
    /// The resource, where the command is about one only; its name follows then.
    pub(super) resource: Option<&'static str>,
    /// The subresource, where it is about one only.
    pub(super) subresource: Option<&'static str>,
    /// What should be known beside.
    pub(super) remark: Option<&'static str>,
}

const fn of_any(word: &'static str, verb: &'static str) -> Command {
    Command { word, verb, resource: None, subresource: None, remark: None }
}

const fn of_pods(word: &'static str, verb: &'static str, subresource: &'static str) -> Command {
    let remark = if matches!(verb.as_bytes(), b"create") { Some(WEBSOCKET) } else { None };
    Command { word, verb, resource: Some("pods"), subresource: Some(subresource), remark }
}

const WEBSOCKET: &str = "over a WebSocket, as kubectl asks from 1.31 on, the verb is get: ask for both";

const COMMANDS: [Command; 16] = [
    of_any("describe", "get"),
    of_any("apply", "patch"),
    of_any("edit", "patch"),
    of_any("label", "patch"),
    of_any("annotate", "patch"),
    of_any("replace", "update"),
    of_pods("exec", "create", "exec"),
    of_pods("attach", "create", "attach"),
    of_pods("port-forward", "create", "portforward"),
    of_pods("portforward", "create", "portforward"),
    of_pods("logs", "get", "log"),
    of_pods("log", "get", "log"),
    of_pods("evict", "create", "eviction"),
    Command { word: "scale", verb: "patch", resource: None, subresource: Some("scale"), remark: None },
    Command { word: "cordon", verb: "patch", resource: Some("nodes"), subresource: None, remark: None },
    Command { word: "uncordon", verb: "patch", resource: Some("nodes"), subresource: None, remark: None },
];

/// The command with this name.
pub(super) fn find(word: &str) -> Option<Command> {
    COMMANDS.into_iter().find(|command| command.word == word)
}

/// The HTTP method that a word stands for where a path is asked for: its own name, kubectl's (`kubectl create --raw`) or a
/// verb of resources.
pub(super) fn method(word: &str) -> Option<&'static str> {
    Some(match word {
        "get" | "list" | "watch" => "GET",
        "post" | "create" => "POST",
        "put" | "update" | "replace" => "PUT",
        "patch" => "PATCH",
        "delete" | "deletecollection" => "DELETE",
        "head" => "HEAD",
        "options" => "OPTIONS",
        "connect" => "CONNECT",
        "trace" => "TRACE",
        _ => return None,
    })
}

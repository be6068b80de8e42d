//! The commands of kubectl, and the requests that they send.

/// A command of kubectl, as far as it is one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Command {
    /// As it is typed.
    pub(super) word: &'static str,
    /// The verb of the request.
    pub(super) verb: &'static str,
    /// The resource, if the command is about one resource only; then only the name follows.
    pub(super) resource: Option<&'static str>,
    /// The subresource, if the command is about one only.
    pub(super) subresource: Option<&'static str>,
    /// Whether kubectl finds a pod for an object of another resource (`deploy/web`).
    pub(super) finds_pod: bool,
    /// Whether more arguments follow that the API server does not see as attributes: a command line, ports.
    pub(super) has_more: bool,
    /// A note about the request.
    pub(super) remark: Option<&'static str>,
}

impl Command {
    const fn of(word: &'static str, verb: &'static str) -> Self {
        let (resource, subresource, remark) = (None, None, None);
        Self { word, verb, resource, subresource, finds_pod: false, has_more: false, remark }
    }

    const fn about(self, resource: &'static str) -> Self {
        Self { resource: Some(resource), ..self }
    }

    const fn of_pod(word: &'static str, verb: &'static str, subresource: &'static str) -> Self {
        Self { subresource: Some(subresource), finds_pod: true, ..Self::of(word, verb) }.about("pods")
    }

    const fn with_more(self) -> Self {
        Self { has_more: true, ..self }
    }

    const fn noting(self, remark: &'static str) -> Self {
        Self { remark: Some(remark), ..self }
    }
}

const WEBSOCKET: &str = "over a WebSocket, which kubectl uses from 1.31 on, the verb is get: check both";
const GETS_FIRST: &str = "kubectl first gets the object: check get too";
const APPLIES: &str = "kubectl apply gets the object, then patches it, or creates it if it does not exist: check get and create too";

const COMMANDS: [Command; 16] = [
    Command::of("describe", "get"),
    Command::of("apply", "patch").noting(APPLIES),
    Command::of("edit", "patch").noting(GETS_FIRST),
    Command::of("label", "patch").noting(GETS_FIRST),
    Command::of("annotate", "patch").noting(GETS_FIRST),
    Command::of("replace", "update"),
    Command::of_pod("exec", "create", "exec").with_more().noting(WEBSOCKET),
    Command::of_pod("attach", "create", "attach").noting(WEBSOCKET),
    Command::of_pod("port-forward", "create", "portforward").with_more().noting(WEBSOCKET),
    Command::of_pod("portforward", "create", "portforward").with_more().noting(WEBSOCKET),
    Command::of_pod("logs", "get", "log"),
    Command::of_pod("log", "get", "log"),
    Command { finds_pod: false, ..Command::of_pod("evict", "create", "eviction") },
    Command { subresource: Some("scale"), ..Command::of("scale", "patch") },
    Command::of("cordon", "patch").about("nodes"),
    Command::of("uncordon", "patch").about("nodes"),
];

/// The command with this name.
pub(super) fn find(word: &str) -> Option<Command> {
    COMMANDS.into_iter().find(|command| command.word == word)
}

/// The HTTP method of a request for a path: by its own name, by kubectl's command (`kubectl create --raw`) or by a verb of
/// resources.
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

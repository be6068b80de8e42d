//! The webhook kubeconfig: a first judgement of one that was made elsewhere.

use crate::refusal::Refusal;
use crate::yaml::{self, Document, Path};
use serde_json::Value;

/// Refuses a kubeconfig that the API server's webhook backend would not start with, and returns the files that it
/// names.
///
/// `k8s.io/apiserver/pkg/util/webhook/webhook.go`, `LoadKubeconfig`: the current context must lead to a cluster
/// with a server.
///
/// # Errors
/// The first thing that is wrong, with its position.
pub fn judge(bytes: &[u8]) -> Result<Vec<Reference>, Refusal> {
    let document = Document::parse(yaml::decode(bytes)?)?;
    let value = document.value();
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let at = |refusal: Refusal, path: &Path| document.point(refusal, path);
    if text(value, "kind") != "Config" {
        return Err(Refusal::new("the webhook configuration must be a kubeconfig: kind: Config"));
    }
    let current = text(value, "current-context");
    if current.is_empty() {
        return Err(at(
            Refusal::new("the kubeconfig has no current-context: the API server reads only that one")
                .help("add `current-context: NAME` with the name of the context to use"),
            &Path::root().key("contexts"),
        ));
    }
    let named = |list: &str, name: &str| -> Option<(usize, Value)> {
        let items = value.get(list)?.as_array()?;
        let (index, item) = items.iter().enumerate().find(|(_, item)| text(item, "name") == name)?;
        Some((index, item.get(list.trim_end_matches('s'))?.clone()))
    };
    let Some((_, context)) = named("contexts", &current) else {
        return Err(at(
            Refusal::new(format!("current-context {current} is not among the contexts")),
            &Path::root().key("current-context"),
        ));
    };
    let cluster_name = text(&context, "cluster");
    let Some((cluster_index, cluster)) = named("clusters", &cluster_name) else {
        return Err(at(
            Refusal::new(format!(
                "the context {current} names the cluster {cluster_name}, which is not there"
            )),
            &Path::root().key("contexts"),
        ));
    };
    let cluster_path = Path::root().key("clusters").index(cluster_index).key("cluster");
    let server = text(&cluster, "server");
    if !(server.starts_with("https://") || server.starts_with("http://")) {
        return Err(at(
            Refusal::new(format!("the cluster {cluster_name} has no server URL: {server:?}"))
                .help("server: https://HOST:PORT/PATH is where the events are posted to"),
            &cluster_path.key("server"),
        ));
    }
    let mut references = references_of(&document, &cluster, &cluster_path);
    let user_name = text(&context, "user");
    if let Some((index, user)) = named("users", &user_name) {
        references.extend(references_of(
            &document,
            &user,
            &Path::root().key("users").index(index).key("user"),
        ));
    } else if !user_name.is_empty() {
        return Err(at(
            Refusal::new(format!("the context {current} names the user {user_name}, which is not there")),
            &Path::root().key("contexts"),
        ));
    }
    Ok(references)
}

/// Keys that name files, and the key that holds the content instead.
const FILE_KEYS: [(&str, &str); 4] = [
    ("certificate-authority", "certificate-authority-data"),
    ("client-certificate", "client-certificate-data"),
    ("client-key", "client-key-data"),
    ("tokenFile", "token"),
];

/// A file that the kubeconfig names: the API server looks for it in its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The path as it is written.
    pub path: String,
    /// What to say where the API server cannot see it, with its position.
    pub refusal: Refusal,
}

fn references_of(document: &Document, entry: &Value, path: &Path) -> Vec<Reference> {
    let mut found = Vec::new();
    for (key, inline) in FILE_KEYS {
        let Some(file) = entry.get(key).and_then(Value::as_str).filter(|file| !file.is_empty()) else {
            continue;
        };
        let refusal =
            Refusal::new(format!("{key}: {file} names a file that the API server's container does not see"))
                .help(format!("put the content into the kubeconfig: {inline}"))
                .help("or name it by an absolute path below one of the container's mounts");
        found.push(Reference { path: file.to_owned(), refusal: document.point(refusal, &path.key(key)) });
    }
    found
}

//! The entries of a kubeconfig that its current context refers to.

use super::reference::{Kind, Reference, Source};
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Document, Path};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// The names of the current context, its cluster and its user.
pub(super) struct Entries {
    pub(super) context: String,
    pub(super) cluster_name: String,
    user_name: String,
}

impl Entries {
    pub(super) fn find(document: &Document) -> Result<Self, Diagnostic> {
        let root = Path::root();
        if text(document, &root, "kind") != "Config" {
            return Err(Diagnostic::error("the webhook configuration must be a kubeconfig: kind: Config"));
        }
        let context = text(document, &root, "current-context");
        if context.is_empty() {
            let refusal =
                Diagnostic::error("the kubeconfig has no current-context, which the API server requires")
                    .help("add `current-context: NAME` with the name of the context to use");
            return Err(document.point(refusal, &root.key("contexts")));
        }
        let Some(entry) = named(document, "contexts", &context) else {
            let refusal = Diagnostic::error(format!("current-context {context} does not exist in contexts"));
            return Err(document.point(refusal, &root.key("current-context")));
        };
        let (cluster_name, user_name) = (text(document, &entry, "cluster"), text(document, &entry, "user"));
        Ok(Self { context, cluster_name, user_name })
    }

    pub(super) fn cluster(&self, document: &Document) -> Result<Path, Diagnostic> {
        let Self { context, cluster_name, .. } = self;
        named(document, "clusters", cluster_name).ok_or_else(|| {
            let refusal = Diagnostic::error(format!(
                "the context {context} refers to the cluster {cluster_name}, which does not exist"
            ));
            document.point(refusal, &Path::root().key("contexts"))
        })
    }

    pub(super) fn user(&self, document: &Document) -> Result<Option<Path>, Diagnostic> {
        let Self { context, user_name, .. } = self;
        if user_name.is_empty() {
            return Ok(None);
        }
        named(document, "users", user_name).map(Some).ok_or_else(|| {
            let refusal = Diagnostic::error(format!(
                "the context {context} refers to the user {user_name}, which does not exist"
            ));
            document.point(refusal, &Path::root().key("contexts"))
        })
    }
}

/// The entry of that name in `contexts`, `clusters` or `users`: `{name: NAME, context: {…}}`.
fn named(document: &Document, list: &str, name: &str) -> Option<Path> {
    let path = Path::root().key(list);
    let items = document.value().get(list)?.as_array()?;
    let index = items.iter().position(|item| item.get("name").and_then(Value::as_str) == Some(name))?;
    let key = list.trim_end_matches('s');
    items.get(index)?.get(key)?;
    Some(path.index(index).key(key))
}

/// The value at a path.
pub(super) fn at<'d>(document: &'d Document, path: &Path) -> &'d Value {
    path.steps().iter().fold(document.value(), |value, step| match step {
        yaml::Step::Key(key) => value.get(key).unwrap_or(&Value::Null),
        yaml::Step::Index(index) => value.get(index).unwrap_or(&Value::Null),
    })
}

pub(super) fn text(document: &Document, path: &Path, key: &str) -> String {
    at(document, path).get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn flag(document: &Document, path: &Path, key: &str) -> bool {
    at(document, path).get(key).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Reads entries that are either a file or its content.
pub(super) struct Sources<'a> {
    pub(super) document: &'a Document,
}

impl Sources<'_> {
    /// A file or its content. Both are refused where client-go refuses them; of a token the file counts, because client-go
    /// reloads it.
    pub(super) fn source(&self, entry: &Path, kind: Kind) -> Result<Option<Source>, Diagnostic> {
        let file = some(text(self.document, entry, kind.key()));
        let inline = some(text(self.document, entry, kind.inline_key()));
        let point =
            |refusal: Diagnostic, key: &str| self.document.point(refusal, &entry.key(key)).without_excerpt();
        if let (Some(_), Some(_)) = (&file, &inline)
            && kind != Kind::Token
        {
            let (key, data) = (kind.key(), kind.inline_key());
            let refusal = Diagnostic::error(format!(
                "{key} and {data} are both set; client-go accepts only one of them"
            ));
            return Err(point(refusal.help(format!("remove {key}, or {data}")), key));
        }
        if let Some(path) = file {
            return Ok(Some(Source::File(Reference { kind, path })));
        }
        let Some(inline) = inline else { return Ok(None) };
        if kind == Kind::Token {
            return Ok(Some(Source::Inline(inline.into_bytes())));
        }
        let compact: String = inline.split_ascii_whitespace().collect();
        let bytes = BASE64_STANDARD.decode(compact).map_err(|_| {
            point(Diagnostic::error(format!("{} is not base64", kind.inline_key())), kind.inline_key())
        })?;
        Ok(Some(Source::Inline(bytes)))
    }
}

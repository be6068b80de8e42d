//! Masks secrets in printed texts. Whole values are replaced, by their position in the document and not by patterns, so that
//! quoting cannot reveal one.

use crate::plan::Content;
use crate::secret::{is_secret_name, mask_passwords_in_urls};
use crate::yaml::{Document, Node};
use std::ops::Range;

/// The replacement for a secret value; quoted, because a bare asterisk is an alias in YAML.
const MASKED_VALUE: &str = "'***'";
/// The replacement for a text in which the positions of secrets are unknown.
const UNREADABLE: &str = "(not shown: invalid YAML that may contain secrets)\n";

/// Keys of a kubeconfig's `user` and `exec.env` whose values are secret (`k8s.io/client-go/tools/clientcmd/api`).
const SECRET_KEYS: [&str; 7] =
    ["token", "password", "client-key-data", "access-token", "id-token", "refresh-token", "client-secret"];

/// The arguments of a credential plugin in a kubeconfig, which may contain credentials.
const ARGUMENTS: &str = "args";

/// The text with its secret values masked.
pub(super) fn mask(text: &str, content: Content) -> String {
    if content == Content::Policy || text.is_empty() {
        return text.to_owned();
    }
    if content == Content::Secret {
        return format!("(not shown: {} bytes)\n", text.len());
    }
    // Only the `value` of an environment entry can be secret in a manifest; without one it need not be parsed.
    if content == Content::Manifest && !text.contains("value") && !text.contains('\\') {
        return mask_passwords_in_urls(text);
    }
    let Ok(document) = Document::read(text) else {
        // An invalid manifest is never edited, so no secret that kaudit writes is in it.
        return if content == Content::Manifest {
            mask_passwords_in_urls(text)
        } else {
            UNREADABLE.to_owned()
        };
    };
    let mut secrets = Vec::new();
    collect(document.root(), content, &mut secrets);
    secrets.sort_by_key(|range| range.start);
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in secrets {
        if let Some(between) = text.get(end..range.start) {
            shown.push_str(between);
            shown.push_str(MASKED_VALUE);
            end = range.end;
        }
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    mask_passwords_in_urls(&shown)
}

/// Collects the positions of all values below `node`.
fn collect_scalars(node: &Node, secrets: &mut Vec<Range<usize>>) {
    if node.scalar().is_some_and(|value| !value.is_empty()) {
        secrets.push(node.content());
    }
    let items = node.items().unwrap_or_default().iter().map(|item| &item.node);
    let values = node.entries().unwrap_or_default().iter().map(|entry| &entry.value);
    for node in items.chain(values) {
        collect_scalars(node, secrets);
    }
}

/// Collects the positions of secret values below `node`.
fn collect(node: &Node, content: Content, secrets: &mut Vec<Range<usize>>) {
    for item in node.items().unwrap_or_default() {
        collect(&item.node, content, secrets);
    }
    let entries = node.entries().unwrap_or_default();
    let name_is_secret = entries
        .iter()
        .find(|entry| entry.key.scalar() == Some("name"))
        .and_then(|entry| entry.value.scalar())
        .is_some_and(is_secret_name);
    for entry in entries {
        let key = entry.key.scalar().unwrap_or_default();
        let is_secret = match content {
            Content::Kubeconfig => SECRET_KEYS.contains(&key) || (key == "value" && name_is_secret),
            Content::Manifest => key == "value" && name_is_secret,
            Content::Policy | Content::Secret => false,
        };
        if content == Content::Kubeconfig && key == ARGUMENTS {
            collect_scalars(&entry.value, secrets);
        } else if is_secret && entry.value.scalar().is_some_and(|value| !value.is_empty()) {
            secrets.push(entry.value.content());
        } else {
            collect(&entry.value, content, secrets);
        }
    }
}

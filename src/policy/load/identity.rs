//! Which kind of object a file says it is, and whether the API server knows it as a policy.

use serde_json::{Map, Value};

use crate::policy::load::decode::mismatch;
use crate::policy::load::finding::Finding;
use crate::policy::load::go;
use crate::policy::load::shape::Shape;
use crate::policy::model::{API_GROUP, ApiVersion, FIRST_MINOR_WITHOUT_BETA};
use crate::yaml::Path;

/// The values of `apiVersion` and `kind`.
#[derive(Debug)]
pub(in crate::policy) struct Identity {
    group: String,
    version: String,
    kind: String,
}

/// Reads `apiVersion` and `kind` as the API server does before it decodes anything else: upper and lower case are equal,
/// and the last of several spellings wins.
///
/// # Errors
///
/// A value is not a string, or not an API version.
pub(in crate::policy) fn identify(root: &Map<String, Value>) -> Result<Identity, Finding> {
    let [api_version, kind] = ["apiVersion", "kind"].map(|name| read(root, name));
    let (api_version, kind) = (api_version?, kind?);
    let (group, version) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [""] | ["", ""] => (String::new(), String::new()),
        [version] => (String::new(), (*version).to_owned()),
        [group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => {
            let message = format!("the apiVersion {} has more than one slash", go::quote(&api_version));
            return Err(wrong_version(message).help(help_version()));
        }
    };
    Ok(Identity { group, version, kind })
}

fn read(root: &Map<String, Value>, name: &str) -> Result<String, Finding> {
    let mut spellings: Vec<_> = root.iter().filter(|(key, _)| go::folds_to(key, name)).collect();
    spellings.sort_by_key(|(key, _)| *key);
    let mut text = String::new();
    for (key, value) in spellings {
        match value {
            Value::Null => {}
            Value::String(value) => text.clone_from(value),
            _ => {
                return Err(mismatch(value, Shape::Text, Path::root().key(key.as_str())).help(help_version()));
            }
        }
    }
    Ok(text)
}

impl Identity {
    /// The version of the policy, if the API server 1.`minor` can decode it.
    ///
    /// `Ok(None)` is a file without version and kind. The API server decodes it, and refuses it afterwards.
    ///
    /// # Errors
    ///
    /// The API server does not know the version or the kind.
    pub(in crate::policy) fn version_for(&self, minor: u32) -> Result<Option<ApiVersion>, Finding> {
        let Self { group, version, kind } = self;
        let kind = if kind.is_empty() { "Policy" } else { kind };
        let says_nothing = version.is_empty() && (group.is_empty() || group == API_GROUP);
        let is_internal = says_nothing || (group == API_GROUP && version == "__internal");
        let known = ApiVersion::ALL
            .into_iter()
            .find(|known| known.name() == version && group == API_GROUP && known.is_read_by(minor));
        if kind == "Policy" && (is_internal || known.is_some()) {
            return Ok(known);
        }
        if known.is_some() || is_internal {
            return Err(Finding::fatal(format!("the kind is {}, not \"Policy\"", go::quote(kind)))
                .about(Path::root().key("kind"))
                .help("write `kind: Policy`"));
        }
        if version.is_empty() {
            return Err(refuse_unversioned());
        }
        let whole = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let message = format!("kube-apiserver 1.{minor} does not read the apiVersion {}", go::quote(&whole));
        Err(wrong_version(message).help(help_refused_version(&whole, minor)))
    }
}

fn wrong_version(message: impl Into<String>) -> Finding {
    Finding::fatal(message).about(Path::root().key("apiVersion"))
}

/// The problem of a file without a version.
pub(in crate::policy) fn refuse_unversioned() -> Finding {
    wrong_version("the file has no valid apiVersion").help(help_version())
}

fn help_version() -> String {
    format!("begin the file with `apiVersion: {}` and `kind: Policy`", ApiVersion::V1)
}

fn help_refused_version(written: &str, minor: u32) -> String {
    let readable: Vec<_> = ApiVersion::ALL
        .into_iter()
        .filter(|version| version.is_read_by(minor))
        .map(|version| format!("`apiVersion: {version}`"))
        .collect();
    let is_former = ApiVersion::ALL.iter().any(|version| version.to_string() == written);
    match readable.last() {
        Some(newest) if is_former && minor >= FIRST_MINOR_WITHOUT_BETA => {
            format!(
                "the version was removed in 1.{FIRST_MINOR_WITHOUT_BETA}: write {newest}, or run `kaudit policy migrate`; \
                 every field has the same name and meaning"
            )
        }
        Some(newest) => format!("1.{minor} reads {newest}"),
        None => format!("1.{minor} has no audit policies"),
    }
}

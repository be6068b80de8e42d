//! Which kind of object a file says it is, and whether the API server knows it as a policy.

use serde_json::{Map, Value};

use crate::policy::load::go;
use crate::policy::model::{API_GROUP, ApiVersion, FIRST_MINOR_WITHOUT_BETA};
use crate::yaml::Path;

/// Why a file is no policy for the API server.
#[derive(Debug)]
pub(in crate::policy) struct Stranger {
    /// The key that says it.
    pub(in crate::policy) path: Path,
    /// What the API server prints.
    pub(in crate::policy) words: String,
    /// What to write instead.
    pub(in crate::policy) help: String,
}

impl Stranger {
    /// One that does not say, in `apiVersion`, which version of a policy it is.
    fn of_version(words: String) -> Self {
        Self { path: Path::root().key("apiVersion"), words, help: help_version() }
    }
}

/// What the two keys say.
#[derive(Debug)]
pub(in crate::policy) struct Identity {
    group: String,
    version: String,
    kind: String,
}

/// Reads `apiVersion` and `kind` as the API server does before it decodes anything else: with upper and lower case
/// taken as equal, and the last of several spellings winning.
///
/// # Errors
///
/// Returns what the API server says about a value that is no string, or no API version.
pub(in crate::policy) fn identify(root: &Map<String, Value>) -> Result<Identity, Stranger> {
    let [api_version, kind] = ["apiVersion", "kind"].map(|name| read(root, name));
    let (api_version, kind) = (api_version?, kind?);
    let (group, version) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [""] | ["", ""] => (String::new(), String::new()),
        [version] => (String::new(), (*version).to_owned()),
        [group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => {
            let words = format!("failed decoding: unexpected GroupVersion string: {api_version}");
            return Err(Stranger::of_version(words));
        }
    };
    Ok(Identity { group, version, kind })
}

fn read(root: &Map<String, Value>, name: &str) -> Result<String, Stranger> {
    let mut spellings: Vec<_> = root.iter().filter(|(key, _)| go::folds_to(key, name)).collect();
    spellings.sort_by_key(|(key, _)| *key);
    let mut text = String::new();
    for (key, value) in spellings {
        match value {
            Value::Null => {}
            Value::String(value) => text.clone_from(value),
            _ => {
                return Err(Stranger {
                    path: Path::root().key(key.as_str()),
                    words: format!(
                        "failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal {} \
                         into Go struct field .{name} of type string",
                        go::type_word(value)
                    ),
                    help: help_version(),
                });
            }
        }
    }
    Ok(text)
}

impl Identity {
    /// The version of the policy, if the API server 1.`minor` can decode it.
    ///
    /// `Ok(None)` is a file that says nothing of itself. It is decoded, and refused only then.
    ///
    /// # Errors
    ///
    /// Returns what the API server says about a version or a kind that it does not know.
    pub(in crate::policy) fn version_for(&self, minor: u32) -> Result<Option<ApiVersion>, Stranger> {
        let Self { group, version, kind } = self;
        let kind = if kind.is_empty() { "Policy" } else { kind };
        let says_nothing = version.is_empty() && (group.is_empty() || group == API_GROUP);
        let is_internal = says_nothing || (group == API_GROUP && version == "__internal");
        let known = ApiVersion::ALL
            .into_iter()
            .find(|known| known.name() == version && group == API_GROUP && known.is_read_by(minor));
        if kind == "Policy" {
            if is_internal {
                return Ok(None);
            }
            if known.is_some() {
                return Ok(known);
            }
        }
        Err(self.refuse(kind, known, is_internal, minor))
    }

    fn refuse(&self, kind: &str, known: Option<ApiVersion>, is_internal: bool, minor: u32) -> Stranger {
        let Self { group, version, .. } = self;
        let line = if minor >= FIRST_MINOR_WITHOUT_BETA { 30 } else { 32 };
        let scheme = format!("scheme \"k8s.io/apiserver/pkg/audit/scheme.go:{line}\"");
        let kind_path = Path::root().key("kind");
        let is_sibling = ["Event", "EventList", "PolicyList"].contains(&kind);
        let package = match known {
            Some(known) if is_sibling => Some(known.name()),
            None if is_internal && is_sibling => Some("audit"),
            _ if UNVERSIONED_KINDS.contains(&kind) && (is_internal || !version.is_empty()) => Some("v1"),
            _ => None,
        };
        if let Some(package) = package {
            return Stranger {
                path: kind_path,
                words: format!(
                    "failed decoding: converting ({package}.{kind}) to (audit.Policy): unknown conversion"
                ),
                help: format!("a policy has `apiVersion: {}` and `kind: Policy`", ApiVersion::V1),
            };
        }
        if known.is_some() || is_internal {
            let place = if is_internal {
                format!("the internal version of group \"{API_GROUP}\"")
            } else {
                format!("version {}", go::quote(&format!("{group}/{version}")))
            };
            return Stranger {
                path: kind_path,
                words: format!(
                    "failed decoding: no kind {} is registered for {place} in {scheme}",
                    go::quote(kind)
                ),
                help: "write `kind: Policy`".to_owned(),
            };
        }
        if version.is_empty() {
            return Stranger::of_version("failed decoding: Object 'apiVersion' is missing".to_owned());
        }
        if version == "__internal" {
            return Stranger::of_version(format!(
                "failed decoding: no kind {} is registered for the internal version of group {} in {scheme}",
                go::quote(kind),
                go::quote(group)
            ));
        }
        let whole = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let words = format!(
            "failed decoding: no kind {} is registered for version {} in {scheme}",
            go::quote(kind),
            go::quote(&whole)
        );
        Stranger { help: help_refused_version(&whole, minor), ..Stranger::of_version(words) }
    }
}

/// Kinds that every scheme knows in every version, and no policy can be made of.
const UNVERSIONED_KINDS: [&str; 5] = ["Status", "APIVersions", "APIGroup", "APIGroupList", "APIResourceList"];

/// What the API server says about a file that names neither version nor kind, after it has decoded it.
pub(in crate::policy) fn refuse_nameless() -> Stranger {
    Stranger::of_version(format!("unknown group version field {API_GROUP}/__internal, Kind=Policy in policy"))
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
                "removed in 1.{FIRST_MINOR_WITHOUT_BETA}: write {newest}, or let `kaudit policy migrate` do it; every field has \
                 the same name and meaning"
            )
        }
        Some(newest) => format!("1.{minor} reads {newest}"),
        None => format!("1.{minor} has no audit policies"),
    }
}

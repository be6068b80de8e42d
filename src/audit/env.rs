//! Environment entries of the API server's container: `--container-env` and Alibaba's Logtail.

use crate::audit::value::is_expanded;
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::go::quote;

/// From this minor release on the kubelet accepts any printable ASCII name without `=`
/// (`RelaxedEnvironmentVariableValidation`: alpha in 1.30, on by default since 1.32).
pub const RELAXED_NAMES_SINCE: u16 = 32;

/// The prefix of the names of Logtail's entries, before the cluster's id.
const LOGTAIL: &str = "aliyun_logs_audit-";
/// The suffixes of three of them.
const TAGS: &str = "_tags";
const PRODUCT: &str = "_product";
const JSON_FILE: &str = "_jsonfile";

/// One entry of a container's `env` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvEntry {
    /// The variable.
    pub name: String,
    /// Its value, always a string: it is quoted in YAML where necessary.
    pub value: String,
}

/// Parses `NAME=VALUE` as `--container-env` accepts it; the value may contain further `=` and may be empty.
///
/// # Errors
///
/// The kubelet would reject the pod because of the name, or would expand the value.
pub fn parse(text: &str, version: &KubernetesVersion) -> Result<EnvEntry, Diagnostic> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(Diagnostic::error(format!("`{text}` does not have the form NAME=VALUE"))
            .help("for example: --container-env HTTPS_PROXY=http://proxy:3128"));
    };
    check_name(name, version)?;
    check_value(name, value)?;
    Ok(EnvEntry { name: name.to_owned(), value: value.to_owned() })
}

/// The four entries that make Alibaba Cloud's log agent collect the audit log of a cluster.
///
/// `cluster_id` is the cluster's id in the console, `log_path` the path of the log file.
///
/// # Errors
///
/// The id cannot be part of a variable's name, or the kubelet would expand the path.
pub fn logtail(cluster_id: &str, log_path: &str) -> Result<[EnvEntry; 4], Diagnostic> {
    check_cluster_id(cluster_id)?;
    let variable = format!("{LOGTAIL}{cluster_id}");
    if !log_path.starts_with('/') {
        return Err(Diagnostic::error(
            "Logtail requires a log file, but audit events are not written to a file",
        )
        .help("--log-path /var/log/kubernetes/audit/audit.log"));
    }
    check_value(&variable, log_path)?;
    let entry =
        |suffix: &str, value: &str| EnvEntry { name: format!("{variable}{suffix}"), value: value.to_owned() };
    Ok([
        entry("", log_path),
        entry(TAGS, "audit=apiserver"),
        entry(PRODUCT, "k8s-audit"),
        entry(JSON_FILE, "true"),
    ])
}

/// The clusters for which all four entries of [`logtail`] are among these names.
#[must_use]
pub fn logtail_clusters<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let has = |name: &str, suffix: &str| names.iter().any(|other| other.strip_prefix(name) == Some(suffix));
    // An id may end in one of the suffixes: only for the first of the four entries the other three exist.
    let firsts = names.iter().filter(|name| has(name, TAGS) && has(name, PRODUCT) && has(name, JSON_FILE));
    firsts.filter_map(|name| name.strip_prefix(LOGTAIL)).collect()
}

/// The rules of `IsEnvVarName` and `IsRelaxedEnvVarName` in `k8s.io/apimachinery/pkg/util/validation`.
fn check_name(name: &str, version: &KubernetesVersion) -> Result<(), Diagnostic> {
    let relaxed = version.minor >= RELAXED_NAMES_SINCE;
    let printable = |c: char| c == ' ' || c.is_ascii_graphic();
    let classic = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let (valid, rule) = if relaxed {
        (name.chars().all(printable), "printable ASCII characters without `=`")
    } else {
        let first = !name.starts_with(|c: char| c.is_ascii_digit());
        let no_path = name != "." && !name.starts_with("..");
        (
            first && no_path && name.chars().all(classic),
            "letters, digits, `-`, `_` and `.`, not beginning with a digit or `..`",
        )
    };
    if valid && !name.is_empty() {
        return Ok(());
    }
    Err(Diagnostic::error(format!("invalid environment variable name {}", quote(name)))
        .help(format!("in Kubernetes {version} a name consists of {rule}")))
}

fn check_value(name: &str, value: &str) -> Result<(), Diagnostic> {
    if value.contains('\0') {
        return Err(Diagnostic::error(format!("the value of {name} contains a NUL character")));
    }
    if is_expanded(value) {
        return Err(Diagnostic::error(format!(
            "the value of {name} contains `$(`, which the kubelet expands"
        ))
        .help("write `$$(` for a literal `$(`"));
    }
    Ok(())
}

/// The id becomes part of the variable's name, so only characters that every kubelet accepts there are allowed.
fn check_cluster_id(id: &str) -> Result<(), Diagnostic> {
    if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "invalid cluster id `{id}`: it becomes part of an environment variable's name"
    ))
    .help("a cluster id consists of letters, digits, `-`, `_` and `.`, for example c12ba20"))
}

#[cfg(test)]
mod tests {
    use super::{logtail, logtail_clusters, parse};
    use crate::audit::version::KubernetesVersion;

    fn version(text: &str) -> KubernetesVersion {
        KubernetesVersion::parse(text).unwrap()
    }

    #[test]
    fn logtail_entries() {
        let entries = logtail("c12ba20", "/var/log/kubernetes/audit/audit.log").unwrap();
        assert_eq!(
            entries.map(|entry| format!("{}={}", entry.name, entry.value)),
            [
                "aliyun_logs_audit-c12ba20=/var/log/kubernetes/audit/audit.log",
                "aliyun_logs_audit-c12ba20_tags=audit=apiserver",
                "aliyun_logs_audit-c12ba20_product=k8s-audit",
                "aliyun_logs_audit-c12ba20_jsonfile=true",
            ]
        );
    }

    #[test]
    fn logtail_clusters_are_found_by_all_four_entries() {
        let entries: Vec<_> =
            ["c1", "c1_tags", "x"].into_iter().flat_map(|id| logtail(id, "/a").unwrap()).collect();
        let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        // One entry is of both, and there once.
        names.sort_unstable();
        names.dedup();
        assert_eq!(logtail_clusters(&names), ["c1", "c1_tags", "x"]);
        names.pop();
        names.push("TZ");
        assert_eq!(logtail_clusters(&names), ["c1", "c1_tags"]);
    }

    #[test]
    fn logtail_needs_an_id_and_a_file() {
        for id in ["", "a b", "a=b", "$(A)", "ä", "a\n"] {
            assert!(logtail(id, "/a").is_err(), "{id}");
        }
        assert!(logtail("k8s-Cluster_1.a", "/a").is_ok());
        assert!(logtail("c12", "-").is_err());
        assert!(logtail("c12", "/a/$(B)").is_err());
    }

    #[test]
    fn logtail_names_are_valid_in_every_release() {
        for entry in logtail("c12-a", "/a").unwrap() {
            assert!(parse(&format!("{}={}", entry.name, entry.value), &version("1.16")).is_ok());
        }
    }

    #[test]
    fn names_follow_the_release() {
        for (name, classic, relaxed) in [
            ("A", true, true),
            ("a.b-c_1", true, true),
            (".a", true, true),
            ("1A", false, true),
            (".", false, true),
            ("..a", false, true),
            ("a b", false, true),
            ("a:b", false, true),
            ("", false, false),
            ("ä", false, false),
            ("a\n", false, false),
        ] {
            assert_eq!(parse(&format!("{name}=x"), &version("1.31")).is_ok(), classic, "{name:?}");
            assert_eq!(parse(&format!("{name}=x"), &version("1.32")).is_ok(), relaxed, "{name:?}");
        }
    }

    #[test]
    fn values_may_contain_equals_signs() {
        let value = |text: &str| parse(text, &version("1.30")).map(|entry| entry.value);
        assert_eq!(value("A=b=c").unwrap(), "b=c");
        assert_eq!(value("A=").unwrap(), "");
        assert_eq!(value("A=$$(B)").unwrap(), "$$(B)");
        assert!(value("A=$(B)").is_err());
        assert!(value("A").is_err());
    }
}

//! The checks of four scanners on the API server's command line, each with the scanner's own way of reading it.
//!
//! - CIS 1.2.16 to 1.2.19 and 3.2.1 as kube-bench checks them (its configuration cis-1.10): in the text of the process
//!   list, where the *first* occurrence counts and a value in a separate argument is not found;
//! - the STIG for Kubernetes: the values that the API server uses;
//! - kubescape C-0067, C-0160 and C-0131: in single arguments of a pod that it recognises as the API server;
//! - trivy KCV-0019 to KCV-0022: presence.
//!
//! No command prints these checks yet: they are for `kaudit check`. The tests use them to verify that the result of
//! `enable` with its defaults passes all four scanners.
//!
//! Checks of the policy's content and of files need more than a command line and are not here.

use crate::audit::argv;
use crate::audit::flag::{LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH, POLICY_FILE};
use crate::audit::pflag::parse_int;
use crate::diagnostic::{Diagnostic, Severity};

/// The API server's container as the scanners see it.
#[derive(Debug, Clone, Copy)]
pub struct ScannedPod<'a> {
    /// The container's `command`.
    pub command: &'a [&'a str],
    /// The container's `args`.
    pub args: &'a [&'a str],
    /// How many containers the pod has, init containers not counted.
    pub containers: usize,
}

/// How a scanner checks a flag.
#[derive(Debug, Clone, Copy)]
enum Test {
    /// kube-bench: the flag's name is in the process list.
    ListedName,
    /// kube-bench: the first value in the process list is at least this.
    ListedAtLeast(i64),
    /// The API server has a value for the flag that is not empty.
    Effective,
    /// The API server's value is at least this.
    EffectiveAtLeast(i64),
    /// kubescape: an argument contains `--flag=`.
    ArgumentContainsEquals,
    /// kubescape: no argument gives a lower value, and the name is present.
    NoArgumentBelow(i64),
    /// trivy: an argument begins with the flag's name.
    ArgumentBegins,
    /// The scanner requires a manual review.
    Manual,
}

/// A check: the scanner's own id, the flag, and how the scanner checks it.
struct Check(&'static str, &'static str, Test);

const CHECKS: [Check; 19] = [
    Check("CIS 1.2.16", LOG_PATH, Test::ListedName),
    Check("CIS 1.2.17", LOG_MAXAGE, Test::ListedAtLeast(30)),
    Check("CIS 1.2.18", LOG_MAXBACKUP, Test::ListedAtLeast(10)),
    Check("CIS 1.2.19", LOG_MAXSIZE, Test::ListedAtLeast(100)),
    Check("CIS 3.2.1", POLICY_FILE, Test::ListedName),
    Check("STIG V-242402", LOG_PATH, Test::Effective),
    Check("STIG V-242461", POLICY_FILE, Test::Effective),
    Check("STIG V-242462", LOG_MAXSIZE, Test::EffectiveAtLeast(100)),
    Check("STIG V-242463", LOG_MAXBACKUP, Test::EffectiveAtLeast(10)),
    Check("STIG V-242464", LOG_MAXAGE, Test::EffectiveAtLeast(30)),
    Check("kubescape C-0067", POLICY_FILE, Test::ArgumentContainsEquals),
    Check("kubescape C-0160", POLICY_FILE, Test::ArgumentContainsEquals),
    Check("kubescape C-0131", LOG_MAXAGE, Test::NoArgumentBelow(30)),
    Check("kubescape C-0132", LOG_MAXBACKUP, Test::Manual),
    Check("kubescape C-0133", LOG_MAXSIZE, Test::Manual),
    Check("trivy KCV-0019", LOG_PATH, Test::ArgumentBegins),
    Check("trivy KCV-0020", LOG_MAXAGE, Test::ArgumentBegins),
    Check("trivy KCV-0021", LOG_MAXBACKUP, Test::ArgumentBegins),
    Check("trivy KCV-0022", LOG_MAXSIZE, Test::ArgumentBegins),
];

/// The option of `kaudit enable` that satisfies every check of a flag.
fn remedy(flag: &str) -> &'static str {
    match flag {
        LOG_MAXAGE => "kaudit enable --log-maxage 30",
        LOG_MAXBACKUP => "kaudit enable --log-maxbackup 10",
        LOG_MAXSIZE => "kaudit enable --log-maxsize 100",
        LOG_PATH => "kaudit enable --log-path /var/log/kubernetes/audit/audit.log",
        _ => "kaudit enable --policy default",
    }
}

/// Runs all checks, in a fixed order. A check that fails is a warning; one that requires a manual review is `Info`.
#[must_use]
pub fn examine(pod: ScannedPod<'_>) -> Vec<Diagnostic> {
    let arguments: Vec<&str> = pod.command.iter().chain(pod.args).copied().collect();
    let results = CHECKS.iter().map(|Check(id, flag, test)| {
        let (severity, evidence) = run(*test, &format!("--{flag}"), &arguments, pod);
        let requirement = match test {
            Test::ListedAtLeast(least) | Test::EffectiveAtLeast(least) | Test::NoArgumentBelow(least) => {
                format!("--{flag} must be at least {least}")
            }
            Test::Manual => format!("--{flag} must be appropriate: manual review required"),
            _ => format!("--{flag} must be set"),
        };
        let result = Diagnostic::new(severity, requirement).named(id).evidence(evidence);
        if severity == Severity::Warning { result.help(remedy(flag)) } else { result }
    });
    results.collect()
}

/// The result of a check, and its evidence.
fn run(test: Test, flag: &str, arguments: &[&str], pod: ScannedPod<'_>) -> (Severity, String) {
    let listed = listed_value(&arguments.join(" "), flag);
    let effective = argv::lookup(arguments, flag).and_then(|found| found.value);
    let containing =
        || arguments.iter().find(|argument| argument.contains(flag)).map(|found| (*found).to_owned());
    let (passes, seen) = match test {
        Test::ListedName => (listed.is_some(), listed),
        Test::ListedAtLeast(least) => (is_at_least(listed.as_deref(), least), listed),
        Test::Effective => (effective.as_deref().is_some_and(|value| !value.is_empty()), effective),
        Test::EffectiveAtLeast(least) => (is_at_least(effective.as_deref(), least), effective),
        Test::ArgumentBegins => (arguments.iter().any(|argument| argument.starts_with(flag)), containing()),
        Test::ArgumentContainsEquals | Test::NoArgumentBelow(_) if !is_recognised(pod) => {
            let requirement =
                "kubescape checks only a single container whose command begins with kube-apiserver";
            return (Severity::Warning, requirement.to_owned());
        }
        Test::ArgumentContainsEquals => {
            (arguments.iter().any(|argument| argument.contains(&format!("{flag}="))), containing())
        }
        Test::NoArgumentBelow(least) => {
            let is_too_low = |argument: &&&str| {
                let value =
                    argument.split_once(&format!("{flag}=")).and_then(|(_, value)| value.parse().ok());
                value.is_some_and(|value: f64| value < f64::from(i32::try_from(least).unwrap_or(i32::MAX)))
            };
            let low = arguments.iter().find(is_too_low).map(|argument| (*argument).to_owned());
            (low.is_none() && containing().is_some(), low.or_else(containing))
        }
        Test::Manual => (true, containing()),
    };
    let severity = match (test, passes) {
        (Test::Manual, _) => Severity::Info,
        (_, true) => Severity::Ok,
        (_, false) => Severity::Warning,
    };
    let evidence = match seen {
        None => format!("{flag} is not set"),
        Some(seen) if seen.contains(flag) => seen,
        Some(value) => format!("{flag}={value}"),
    };
    (severity, evidence)
}

/// Whether kubescape recognises the pod as an API server. It also requires the namespace `kube-system`, which the static
/// pod always has.
fn is_recognised(pod: ScannedPod<'_>) -> bool {
    pod.containers == 1 && pod.command.first().is_some_and(|program| program.ends_with("kube-apiserver"))
}

/// The value as kube-bench's `(--flag)(=|: *)*([^\s]*)` finds it in the process list: the first one, or
/// `true` where the name has no value.
fn listed_value(process: &str, flag: &str) -> Option<String> {
    let (_, after) = process.split_once(flag)?;
    let mut value = after;
    while let Some(rest) =
        value.strip_prefix('=').or_else(|| value.strip_prefix(':').map(|v| v.trim_start_matches(' ')))
    {
        value = rest;
    }
    match value.split_whitespace().next() {
        Some(word) if !value.starts_with(char::is_whitespace) => Some(word.to_owned()),
        _ => Some("true".to_owned()),
    }
}

fn is_at_least(value: Option<&str>, least: i64) -> bool {
    value.and_then(|value| parse_int(value).ok()).is_some_and(|number| number >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(command: &[&str], containers: usize) -> Vec<&'static str> {
        let results = examine(ScannedPod { command, args: &[], containers });
        let failed = results.into_iter().filter(|result| result.severity == Severity::Warning);
        failed.filter_map(|result| result.id).collect()
    }

    const GOOD: [&str; 6] = [
        "kube-apiserver",
        "--audit-log-maxage=30",
        "--audit-log-maxbackup=10",
        "--audit-log-maxsize=100",
        "--audit-log-path=/var/log/kubernetes/audit/audit.log",
        "--audit-policy-file=/etc/kubernetes/audit/policy.yaml",
    ];

    #[test]
    fn each_scanner_reads_the_command_line_in_its_own_way() {
        let with = |at: std::ops::Range<usize>, arguments: &[&'static str]| {
            let mut command = GOOD.to_vec();
            command.splice(at, arguments.iter().copied());
            failed(&command, 1)
        };
        assert_eq!(failed(&GOOD, 1), [""; 0]);
        assert_eq!(failed(&["kube-apiserver"], 1).len(), 17);
        // A value in a separate argument.
        assert_eq!(with(1..2, &["--audit-log-maxage", "30"]), ["CIS 1.2.17"]);
        assert_eq!(
            with(5..6, &["--audit-policy-file", "/etc/kubernetes/audit/policy.yaml"]),
            ["kubescape C-0067", "kubescape C-0160"]
        );
        // A low value before and after the effective one.
        assert_eq!(with(1..1, &["--audit-log-maxage=7"]), ["CIS 1.2.17", "kubescape C-0131"]);
        assert_eq!(with(6..6, &["--audit-log-maxage=0"]), ["STIG V-242464", "kubescape C-0131"]);
        // The API server accepts underscores.
        assert_eq!(with(4..5, &["--audit_log_path=/a.log"]), ["CIS 1.2.16", "trivy KCV-0019"]);
        // A sidecar hides the API server.
        assert_eq!(failed(&GOOD, 2), ["kubescape C-0067", "kubescape C-0160", "kubescape C-0131"]);
    }

    #[test]
    fn results_have_evidence_and_failed_ones_help() {
        let results = examine(ScannedPod {
            command: &["kube-apiserver"],
            args: &["--audit-log-maxage=7"],
            containers: 1,
        });
        let age = results.iter().find(|result| result.id == Some("CIS 1.2.17")).unwrap();
        assert_eq!(age.message, "--audit-log-maxage must be at least 30");
        assert_eq!(age.evidence, ["--audit-log-maxage=7"]);
        assert_eq!(age.help, ["kaudit enable --log-maxage 30"]);
        let review = results.iter().find(|result| result.id == Some("kubescape C-0133")).unwrap();
        assert_eq!((review.severity, review.help.len()), (Severity::Info, 0));
        assert_eq!(review.evidence, ["--audit-log-maxsize is not set"]);
    }
}

//! What four scanners look for in the API server's command line, read the way each of them reads it.
//!
//! - CIS 1.2.16 to 1.2.19 and 3.2.1 as kube-bench checks them (its configuration cis-1.10): in the text of the process
//!   list, where the *first* occurrence counts and a value in an item of its own is not seen;
//! - the STIG for Kubernetes, by what the API server makes of the flags;
//! - kubescape C-0067, C-0160 and C-0131: in single items of a pod that it recognises as the API server;
//! - trivy KCV-0019 to KCV-0022: presence.
//!
//! No command prints it yet: it is for `kaudit check`, which is still to come. Until then the tests hold kaudit's defaults
//! against it, so that what `enable` makes passes all four.
//!
//! Findings about the policy's content and about files need more than a command line and are not made here.

use crate::audit::argv;
use crate::audit::flag::{LOG_MAXAGE, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH, POLICY_FILE};
use crate::audit::pflag::parse_int;

/// The API server's container as the scanners see it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The container's `command`.
    pub command: &'a [&'a str],
    /// The container's `args`.
    pub args: &'a [&'a str],
    /// How many containers the pod has, init containers not counted.
    pub containers: usize,
}

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Satisfied.
    Pass,
    /// Not satisfied.
    Fail,
    /// The scanner itself leaves it to a person.
    Manual,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The scanner's own id, as `CIS 1.2.17`.
    pub id: &'static str,
    /// What the check wants, one line.
    pub title: &'static str,
    /// Whether it is so.
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: String,
    /// The option that satisfies it, where it is not satisfied.
    pub hint: Option<&'static str>,
}

/// How a scanner decides.
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
    /// kubescape: one item contains `--flag=`.
    ItemContainsEquals,
    /// kubescape: no item gives a lower value, and the name is there.
    NoItemBelow(i64),
    /// trivy: one item begins with the flag's name.
    ItemBegins,
    /// Always for a person to decide.
    Person,
}

/// One check: id, title, flag, how it is decided, what satisfies it.
struct Check(&'static str, &'static str, &'static str, Test, &'static str);

const POLICY: &str = "--policy default";
const PATH: &str = "--log-path /var/log/kubernetes/audit/audit.log";
const AGE: &str = "--log-maxage 30";
const BACKUP: &str = "--log-maxbackup 10";
const SIZE: &str = "--log-maxsize 100";

const CHECKS: [Check; 19] = [
    Check("CIS 1.2.16", "the audit log path is set", LOG_PATH, Test::ListedName, PATH),
    Check("CIS 1.2.17", "audit logs are kept for at least 30 days", LOG_MAXAGE, Test::ListedAtLeast(30), AGE),
    Check("CIS 1.2.18", "at least 10 audit logs are kept", LOG_MAXBACKUP, Test::ListedAtLeast(10), BACKUP),
    Check("CIS 1.2.19", "audit logs rotate at 100 MB or more", LOG_MAXSIZE, Test::ListedAtLeast(100), SIZE),
    Check("CIS 3.2.1", "an audit policy is set", POLICY_FILE, Test::ListedName, POLICY),
    Check("STIG V-242402", "the audit log path is set", LOG_PATH, Test::Effective, PATH),
    Check("STIG V-242461", "an audit policy is set", POLICY_FILE, Test::Effective, POLICY),
    Check(
        "STIG V-242462",
        "audit logs rotate at 100 MB or more",
        LOG_MAXSIZE,
        Test::EffectiveAtLeast(100),
        SIZE,
    ),
    Check(
        "STIG V-242463",
        "at least 10 audit logs are kept",
        LOG_MAXBACKUP,
        Test::EffectiveAtLeast(10),
        BACKUP,
    ),
    Check("STIG V-242464", "audit logs are kept for 30 days", LOG_MAXAGE, Test::EffectiveAtLeast(30), AGE),
    Check("kubescape C-0067", "audit logging is on", POLICY_FILE, Test::ItemContainsEquals, POLICY),
    Check(
        "kubescape C-0160",
        "a minimal audit policy is there",
        POLICY_FILE,
        Test::ItemContainsEquals,
        POLICY,
    ),
    Check("kubescape C-0131", "audit logs are kept for 30 days", LOG_MAXAGE, Test::NoItemBelow(30), AGE),
    Check("kubescape C-0132", "the number of audit logs is appropriate", LOG_MAXBACKUP, Test::Person, BACKUP),
    Check("kubescape C-0133", "the size of audit logs is appropriate", LOG_MAXSIZE, Test::Person, SIZE),
    Check("trivy KCV-0019", "the audit log path is set", LOG_PATH, Test::ItemBegins, PATH),
    Check("trivy KCV-0020", "the age of audit logs is set", LOG_MAXAGE, Test::ItemBegins, AGE),
    Check("trivy KCV-0021", "the number of audit logs is set", LOG_MAXBACKUP, Test::ItemBegins, BACKUP),
    Check("trivy KCV-0022", "the size of audit logs is set", LOG_MAXSIZE, Test::ItemBegins, SIZE),
];

/// Runs all checks, in the order of the scanners' own ids.
#[must_use]
pub fn examine(subject: Subject<'_>) -> Vec<Finding> {
    let items: Vec<&str> = subject.command.iter().chain(subject.args).copied().collect();
    CHECKS
        .iter()
        .map(|Check(id, title, flag, test, hint)| {
            let seen = decide(*test, &format!("--{flag}"), &items, subject);
            let verdict = match seen.passes {
                Some(true) => Verdict::Pass,
                Some(false) => Verdict::Fail,
                None => Verdict::Manual,
            };
            Finding {
                id,
                title,
                verdict,
                evidence: seen.evidence,
                hint: (verdict == Verdict::Fail).then_some(*hint),
            }
        })
        .collect()
}

/// What a test saw; `passes` is empty where a person decides.
struct Seen {
    passes: Option<bool>,
    evidence: String,
}

fn decide(test: Test, flag: &str, items: &[&str], subject: Subject<'_>) -> Seen {
    let listed = listed_value(&items.join(" "), flag);
    let effective = argv::lookup(items, flag).and_then(|found| found.value);
    let item = || items.iter().find(|item| item.contains(flag)).map(|item| (*item).to_owned());
    let (passes, seen) = match test {
        Test::ListedName => (listed.is_some(), listed),
        Test::ListedAtLeast(least) => (is_at_least(listed.as_deref(), least), listed),
        Test::Effective => (effective.as_deref().is_some_and(|value| !value.is_empty()), effective),
        Test::EffectiveAtLeast(least) => (is_at_least(effective.as_deref(), least), effective),
        Test::ItemBegins => (items.iter().any(|item| item.starts_with(flag)), item()),
        Test::ItemContainsEquals | Test::NoItemBelow(_) if !is_recognised(subject) => {
            let evidence =
                "kubescape wants one container whose command begins with kube-apiserver".to_owned();
            return Seen { passes: Some(false), evidence };
        }
        Test::ItemContainsEquals => (items.iter().any(|item| item.contains(&format!("{flag}="))), item()),
        Test::NoItemBelow(least) => {
            let too_low = |item: &&&str| {
                let value =
                    item.split_once(&format!("{flag}=")).and_then(|(_, value)| value.parse::<f64>().ok());
                value.is_some_and(|value| value < f64::from(i32::try_from(least).unwrap_or(i32::MAX)))
            };
            let low = items.iter().find(too_low).map(|item| (*item).to_owned());
            (low.is_none() && item().is_some(), low.or_else(item))
        }
        Test::Person => {
            return Seen { passes: None, evidence: item().unwrap_or_else(|| format!("{flag} is not set")) };
        }
    };
    let evidence = match seen {
        None => format!("{flag} is not set"),
        Some(seen) if seen.contains(flag) => seen,
        Some(value) => format!("{flag}={value}"),
    };
    Seen { passes: Some(passes), evidence }
}

/// kubescape's idea of an API server; its namespace `kube-system` is a given for static pods here.
fn is_recognised(subject: Subject<'_>) -> bool {
    subject.containers == 1
        && subject.command.first().is_some_and(|program| program.ends_with("kube-apiserver"))
}

/// The value as kube-bench's `(--flag)(=|: *)*([^\s]*)` finds it in the process list: the first one, `true` where
/// nothing is joined to the name.
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
    use super::{Finding, Subject, Verdict, examine};

    fn failed(command: &[&str]) -> Vec<&'static str> {
        let subject = Subject { command, args: &[], containers: 1 };
        let fails = |finding: &Finding| finding.verdict == Verdict::Fail;
        examine(subject).into_iter().filter(fails).map(|finding| finding.id).collect()
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
    fn all_at_once() {
        assert_eq!(failed(&GOOD), [""; 0]);
    }

    #[test]
    fn nothing_set_fails_everything_that_is_decided() {
        assert_eq!(failed(&["kube-apiserver"]).len(), 17);
    }

    #[test]
    fn a_value_in_an_item_of_its_own_is_not_seen() {
        let mut command = GOOD.to_vec();
        command.splice(1..2, ["--audit-log-maxage", "30"]);
        assert_eq!(failed(&command), ["CIS 1.2.17"]);
        let mut command = GOOD.to_vec();
        command.splice(5..6, ["--audit-policy-file", "/etc/kubernetes/audit/policy.yaml"]);
        assert_eq!(failed(&command), ["kubescape C-0067", "kubescape C-0160"]);
    }

    #[test]
    fn a_low_value_before_the_one_that_counts_is_seen_by_some() {
        let mut command = GOOD.to_vec();
        command.insert(1, "--audit-log-maxage=7");
        assert_eq!(failed(&command), ["CIS 1.2.17", "kubescape C-0131"]);
        let mut command = GOOD.to_vec();
        command.push("--audit-log-maxage=0");
        assert_eq!(failed(&command), ["STIG V-242464", "kubescape C-0131"]);
    }

    #[test]
    fn underscores_work_and_are_not_seen() {
        let mut command = GOOD.to_vec();
        command[4] = "--audit_log_path=/a.log";
        assert_eq!(failed(&command), ["CIS 1.2.16", "trivy KCV-0019"]);
    }

    #[test]
    fn a_sidecar_hides_the_api_server_from_kubescape() {
        let findings = examine(Subject { command: &GOOD, args: &[], containers: 2 });
        let failed = findings.iter().filter(|finding| finding.verdict == Verdict::Fail);
        assert!(failed.clone().all(|finding| finding.id.starts_with("kubescape")));
        assert_eq!(failed.count(), 3);
    }

    #[test]
    fn findings_say_what_was_seen_and_what_helps() {
        let findings =
            examine(Subject { command: &["kube-apiserver"], args: &["--audit-log-maxage=7"], containers: 1 });
        let age = findings.iter().find(|finding| finding.id == "CIS 1.2.17").unwrap();
        assert_eq!(age.evidence, "--audit-log-maxage=7");
        assert_eq!(age.hint, Some("--log-maxage 30"));
        let person = findings.iter().find(|finding| finding.id == "kubescape C-0133").unwrap();
        assert_eq!((person.verdict, person.hint), (Verdict::Manual, None));
    }
}

//! Merging requested flags into existing ones: the rules one by one, and the properties of the result.

use super::sets;
use kaudit::audit::argv::scan;
use kaudit::audit::benchmark::{ScannedPod, examine};
use kaudit::audit::flag;
use kaudit::audit::merged::{Change, DropReason, Merged, Origin, Untidy};
use kaudit::audit::settings::{Input, RequestedFlag, merge};
use kaudit::audit::validate::validate_list;
use kaudit::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use kaudit::diagnostic::{Diagnostic, Severity};

const POLICY: (&str, &str) = ("audit-policy-file", "/etc/kubernetes/audit/policy.yaml");

/// Whether the list need not be edited at all.
fn is_unchanged(merged: &Merged) -> bool {
    merged.dropped.is_empty() && merged.entries.iter().all(|entry| entry.change == Change::Same)
}

fn run(
    there: &[&str],
    asked: &[(&str, &str)],
    reset: bool,
    version: &str,
) -> Result<Merged, Vec<Diagnostic>> {
    let asked: Vec<RequestedFlag> = asked
        .iter()
        .map(|(flag, value)| RequestedFlag { flag: (*flag).to_owned(), value: (*value).to_owned() })
        .collect();
    let version = KubernetesVersion::parse(version).unwrap();
    merge(Input { existing: &scan(there), requested: &asked, reset, without: None, version: &version })
}

fn merged(there: &[&str], asked: &[(&str, &str)]) -> Merged {
    run(there, asked, false, "1.30.3").unwrap()
}

fn reasons(there: &[&str], asked: &[(&str, &str)], version: &str) -> Vec<String> {
    run(there, asked, false, version).unwrap_err().into_iter().map(|refusal| refusal.message).collect()
}

/// The result as the list that the editor would write.
fn written(merged: &Merged) -> Vec<String> {
    merged.entries.iter().map(|entry| format!("--{}={}", entry.flag, entry.value)).collect()
}

fn note_ids(merged: &Merged) -> Vec<&'static str> {
    merged.notes.iter().filter_map(|note| note.id).collect()
}

fn change<'a>(merged: &'a Merged, name: &str) -> (Origin, &'a Change) {
    let entry = merged.entries.iter().find(|entry| entry.flag == name).unwrap();
    (entry.origin, &entry.change)
}

#[test]
fn a_node_without_audit_gets_the_defaults_which_satisfy_all_scanners() {
    for minor in 16..=NEWEST_KNOWN_MINOR {
        let result = run(&["--secure-port=6443"], &[POLICY], false, &format!("1.{minor}")).unwrap();
        assert_eq!(
            written(&result),
            [
                "--audit-log-maxage=30",
                "--audit-log-maxbackup=10",
                "--audit-log-maxsize=100",
                "--audit-log-path=/var/log/kubernetes/audit/audit.log",
                "--audit-policy-file=/etc/kubernetes/audit/policy.yaml",
            ]
        );
        assert_eq!(change(&result, "audit-log-path"), (Origin::Default, &Change::New));
        assert_eq!(change(&result, "audit-policy-file"), (Origin::Requested, &Change::New));
        assert_eq!(note_ids(&result), [""; 0]);

        let items = written(&result);
        let mut command = vec!["kube-apiserver"];
        command.extend(items.iter().map(String::as_str));
        let results = examine(ScannedPod { command: &command, args: &[], containers: 1 });
        assert!(results.iter().all(|result| result.severity <= Severity::Info), "{results:?}");
    }
}

#[test]
fn existing_flags_that_are_not_requested_are_kept() {
    let there = ["--audit-log-path=/var/log/a.log", "--audit-log-maxage=10", "--audit-log-format=legacy"];
    let result = merged(&there, &[POLICY, ("audit-log-maxbackup", "20")]);
    assert_eq!(change(&result, "audit-log-path"), (Origin::Kept, &Change::Same));
    assert_eq!(change(&result, "audit-log-maxage"), (Origin::Kept, &Change::Same));
    assert_eq!(change(&result, "audit-log-maxbackup"), (Origin::Requested, &Change::New));
    assert_eq!(change(&result, "audit-log-maxsize"), (Origin::Default, &Change::New));
    let note = result.notes.iter().find(|note| note.id == Some("maxage-low")).unwrap();
    assert!(note.message.contains("kept") && note.message.contains("CIS 1.2.17"), "{}", note.message);
    assert_eq!(note.help.first().map(String::as_str), Some("--log-maxage 30"));
    assert_eq!(note_ids(&result), ["maxage-low", "legacy-format"]);
}

#[test]
fn requested_values_replace_existing_ones() {
    let result =
        merged(&["--audit-log-maxage=10", "--audit-log-path=/a.log"], &[POLICY, ("audit_log_maxage", "60")]);
    assert_eq!(
        change(&result, "audit-log-maxage"),
        (Origin::Requested, &Change::Changed { from: "10".to_owned() })
    );
}

#[test]
fn untidy_forms_are_normalised() {
    let there = [
        "--audit_log_path",
        "/a.log",
        "--audit-log-maxage=7",
        "--audit-log-maxage=60",
        "--audit-log-compress",
    ];
    let result = merged(&there, &[POLICY]);
    assert_eq!(
        change(&result, "audit-log-path").1,
        &Change::Normalised { why: vec![Untidy::TwoItems, Untidy::Underscores] }
    );
    assert_eq!(change(&result, "audit-log-maxage").1, &Change::Normalised { why: vec![Untidy::Duplicate] });
    assert_eq!(result.value("audit-log-maxage"), Some("60"));
    assert_eq!(change(&result, "audit-log-compress").1, &Change::Same);
    assert_eq!(result.value("audit-log-compress"), Some("true"));
}

#[test]
fn a_webhook_alone_gets_no_log_file() {
    let webhook = ("audit-webhook-config-file", "/etc/kubernetes/audit/webhook.kubeconfig");
    assert_eq!(merged(&[], &[POLICY, webhook]).entries.len(), 2);
    let there = ["--audit-webhook-config-file=/w"];
    assert_eq!(merged(&there, &[POLICY]).entries.len(), 2);
    let empty_path = ["--audit-webhook-config-file=/w", "--audit-log-path="];
    assert_eq!(merged(&empty_path, &[POLICY]).value("audit-log-path"), Some(""));
}

#[test]
fn standard_output_has_no_retention() {
    let result = merged(&[], &[POLICY, ("audit-log-path", "-")]);
    assert_eq!(result.entries.len(), 2);
    assert_eq!(note_ids(&result), ["log-to-stdout"]);
}

#[test]
fn an_existing_empty_path_is_replaced_by_the_default() {
    let result = merged(&["--audit-log-path="], &[POLICY]);
    assert_eq!(
        change(&result, "audit-log-path"),
        (Origin::Default, &Change::Changed { from: String::new() })
    );
}

#[test]
fn reset_removes_flags_that_are_not_requested() {
    let there = [
        "--audit-log-maxage=7",
        "--audit-log-format=legacy",
        "--audit-log-max-size=1",
        "--audit-log-path=/a.log",
    ];
    let result = run(&there, &[POLICY, ("audit-log-path", "/a.log")], true, "1.30").unwrap();
    let dropped: Vec<&str> = result.dropped.iter().map(|dropped| dropped.flag.as_str()).collect();
    assert_eq!(dropped, ["audit-log-format", "audit-log-max-size"]);
    assert!(result.dropped.iter().all(|dropped| dropped.reason == DropReason::Reset));
    assert_eq!(
        change(&result, "audit-log-maxage"),
        (Origin::Default, &Change::Changed { from: "7".to_owned() })
    );
    assert_eq!(change(&result, "audit-log-path"), (Origin::Requested, &Change::Same));
    assert!(!is_unchanged(&result));
}

#[test]
fn the_deprecated_name_of_the_backoff_does_not_override_the_requested_value() {
    let there = ["--audit-webhook-config-file=/w", "--audit-webhook-batch-initial-backoff=1s"];
    for name in ["audit-webhook-initial-backoff", "audit-webhook-batch-initial-backoff"] {
        let result = merged(&there, &[POLICY, (name, "5s")]);
        assert_eq!(result.value("audit-webhook-initial-backoff"), Some("5s"));
        assert_eq!(result.dropped.len(), 1);
        assert_eq!(result.dropped[0].reason, DropReason::Superseded { by: "audit-webhook-initial-backoff" });
    }
    assert_eq!(note_ids(&merged(&there, &[POLICY])), ["deprecated"]);
}

#[test]
fn flags_that_the_version_does_not_have_are_refused_whether_requested_or_existing() {
    assert_eq!(reasons(&[], &[POLICY, ("audit-log-compress", "true")], "1.19.3").len(), 1);
    assert!(reasons(&["--audit-log-compress"], &[POLICY], "1.19.3")[0].contains("added in 1.20"));
    assert!(reasons(&["--audit-dynamic-configuration"], &[POLICY], "1.19.3")[0].contains("removed in 1.19"));
    let old = run(&["--audit-dynamic-configuration"], &[POLICY], false, "1.18").unwrap();
    assert_eq!(note_ids(&old), ["dynamic-configuration"]);
}

#[test]
fn misspelled_flags_are_refused_with_a_suggestion() {
    for (there, asked) in
        [(&["--audit-log-max-size=5"][..], None), (&[][..], Some(("audit-log-max-size", "5")))]
    {
        let asked: Vec<_> = [Some(POLICY), asked].into_iter().flatten().collect();
        let refusals = run(there, &asked, false, "1.30").unwrap_err();
        assert!(refusals[0].help.contains(&"did you mean --audit-log-maxsize?".to_owned()), "{refusals:?}");
    }
}

#[test]
fn a_newer_release_may_have_flags_that_kaudit_does_not_know() {
    let there = ["--audit-log-rotation=hourly", "--audit-log-path=/a.log"];
    assert!(run(&there, &[POLICY], false, "1.36.2").is_err());
    let result = run(&there, &[POLICY], false, "1.40.0").unwrap();
    assert_eq!(change(&result, "audit-log-rotation"), (Origin::Kept, &Change::Same));
    assert_eq!(note_ids(&result), ["version-not-known", "unknown-flag-kept"]);
}

#[test]
fn releases_without_a_usable_policy_are_refused() {
    assert!(reasons(&[], &[POLICY], "1.7.16")[0].contains("1.8"));
}

#[test]
fn all_reasons_come_at_once() {
    let there = ["--audit-log-maxbackup=ten", "--audit-log-maxsize"];
    let asked =
        [POLICY, ("audit-log-maxage", "30d"), ("audit-log-path", "audit.log"), ("audit-log-pth", "/a")];
    assert_eq!(reasons(&there, &asked, "1.30").len(), 5);
    let twice = [POLICY, ("audit-log-maxage", "30"), ("audit_log_maxage", "60")];
    assert!(reasons(&[], &twice, "1.30")[0].contains("given twice, as `30` and as `60`"));
}

#[test]
fn what_the_api_server_would_refuse_is_refused_with_its_message() {
    let refusals = run(&[], &[POLICY, ("audit-log-maxage", "-1")], false, "1.30").unwrap_err();
    assert_eq!(
        refusals[0].evidence,
        ["the API server would report: --audit-log-maxage -1 can't be a negative number"]
    );
    let sizes = [POLICY, ("audit-log-truncate-max-batch-size", "1000")];
    assert!(
        reasons(&[], &sizes, "1.30")[0]
            .contains("must be at least --audit-log-truncate-max-event-size (102400)")
    );
    let version = [POLICY, ("audit-log-version", "audit.k8s.io/v1beta1")];
    assert_eq!(reasons(&[], &version, "1.24").len(), 1);
    assert_eq!(note_ids(&run(&[], &version, false, "1.23").unwrap()), ["old-event-version"]);
}

#[test]
fn zero_is_explained_by_release() {
    let zero = [POLICY, ("audit-log-maxsize", "0"), ("audit-log-maxage", "0"), ("audit-log-maxbackup", "0")];
    for (version, meaning) in [("1.35", "means 100 MB"), ("1.36", "turns off rotation")] {
        let result = run(&[], &zero, false, version).unwrap();
        assert_eq!(note_ids(&result), ["maxage-zero", "maxbackup-zero", "maxsize-zero"]);
        assert!(result.notes[2].message.contains(meaning), "{}", result.notes[2].message);
    }
}

#[test]
fn options_without_effect_are_reported() {
    let ids = |asked: &[(&str, &str)]| {
        let all: Vec<_> = [POLICY].iter().chain(asked).copied().collect();
        note_ids(&merged(&[], &all))
    };
    assert_eq!(ids(&[("audit-log-batch-max-size", "10")]), ["batch-off"]);
    assert_eq!(ids(&[("audit-log-batch-max-size", "10"), ("audit-log-mode", "batch")]), [""; 0]);
    assert_eq!(ids(&[("audit-webhook-mode", "batch")]), ["backend-off"]);
    assert_eq!(ids(&[("audit-log-truncate-max-event-size", "1000")]), ["truncate-off"]);
    assert_eq!(ids(&[("audit-log-mode", "blocking-strict")]), ["blocking-strict"]);
    assert_eq!(
        ids(&[("audit-webhook-config-file", "/w"), ("audit-webhook-mode", "blocking")]),
        ["webhook-blocking"]
    );
    assert_eq!(note_ids(&merged(&[], &[])), ["no-policy"]);
}

#[test]
fn a_value_that_the_kubelet_expands_is_kept_and_not_checked() {
    let result = merged(&["--audit-log-maxage=$(DAYS)", "--audit-log-path=/a.log"], &[POLICY]);
    assert_eq!(change(&result, "audit-log-maxage"), (Origin::Kept, &Change::Same));
    assert_eq!(note_ids(&result), ["expanded-value"]);
}

/// For random lists and requests: an accepted result is valid, has the requested values, and does not change in a second
/// run.
#[test]
fn a_second_run_changes_nothing() {
    let mut random = sets::Random::new(7);
    let mut accepted = 0;
    for round in 0..4_000 {
        let (there, wish) = (random.flag_set(), random.flag_set());
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let wish: Vec<&str> = wish.iter().map(String::as_str).collect();
        let wishes = scan(&wish);
        let asked: Vec<(&str, &str)> = wishes
            .iter()
            .filter_map(|wish| Some((wish.flag.as_str(), wish.value.as_deref()?)))
            .filter(|(name, value)| flag::find(name).is_some() && !value.is_empty())
            .collect();
        let Ok(first) = run(&there, &asked, round % 4 == 0, "1.36.2") else { continue };
        accepted += 1;
        let items = written(&first);
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        assert_eq!(validate_list(&scan(&items), NEWEST_KNOWN_MINOR), [], "{there:?} {asked:?}");
        for (name, value) in &asked {
            let name = flag::find(name).unwrap();
            assert_eq!(
                first.value(name.deprecated.unwrap_or(name.name)),
                Some(*value),
                "{there:?} {asked:?}"
            );
        }
        let second = run(&items, &asked, round % 4 == 0, "1.36.2").unwrap();
        assert!(is_unchanged(&second), "{there:?} {asked:?} {second:?}");
    }
    assert!(accepted > 500, "{accepted} of 4000 were accepted");
}

#[test]
fn a_refused_value_is_escaped_in_messages() {
    for flag in ["audit-log-mode", "audit-log-format", "audit-log-version", "audit-log-maxage"] {
        let asked = [POLICY, ("audit-log-path", "/var/log/kubernetes/audit/audit.log"), (flag, "a\u{202e}b")];
        for refusals in [
            run(&[], &asked, false, "1.36").unwrap_err(),
            run(&[&format!("--{flag}=a\u{202e}b")], &asked[..2], false, "1.36").unwrap_err(),
        ] {
            let refusal = refusals.first().unwrap();
            assert!(refusal.message.contains("not \"a\\u202eb\""), "{}", refusal.message);
            assert!(!format!("{} {:?}", refusal.message, refusal.help).contains('\u{202e}'), "{refusal:?}");
        }
    }
}

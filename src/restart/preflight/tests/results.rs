//! Results of trials. The messages are those of real releases.

use super::*;

fn ended(how: How, errors: &str) -> Ended {
    Ended { how, output: String::new(), errors: errors.to_owned(), took: Duration::from_millis(270) }
}

/// The result of a trial that wrote `errors` and ended with 1.
fn result(errors: &str) -> TrialResult {
    CASE.trial().unwrap().result(&ended(How::Exited(1), errors))
}

/// As the releases since 1.21 end.
fn command_failed(error: &str) -> String {
    format!("E1121 12:28:16.938303       1 run.go:72] \"command failed\" err=\"{error}\"\n")
}

#[test]
fn who_comes_to_the_admission_configuration_takes_the_audit_configuration() {
    let missing = format!("open {SCRATCH}/{SENTINEL}: no such file or directory");
    let policy = format!("{SCRATCH}/policy.yaml");
    for (errors, warnings) in [
        (
            command_failed(&format!(
                "failed to read plugin config: unable to read admission control configuration from \\\"{SCRATCH}/{SENTINEL}\\\" [{missing}]"
            )),
            vec![],
        ),
        // Before 1.21.
        (format!("Error: failed to initialize admission: {missing}\n"), vec![]),
        // By the etcd client that comes earlier since 1.28.
        (command_failed(&missing), vec![]),
        (
            format!(
                "W1121 12:00:41.072363   16055 reader.go:81] Audit policy contains errors, falling back to lenient decoding: strict decoding error: unknown field \"x\"\nW1121 12:00:41.1 1 registry.go:3] alpha feature\nW1121 12:00:41.2 1 reader.go:9] audit policy {policy} is odd\n{}",
                command_failed(&missing)
            ),
            vec![
                "Audit policy contains errors, falling back to lenient decoding: strict decoding error: unknown field \"x\"",
                "audit policy /etc/kubernetes/audit/policy.yaml is odd",
            ],
        ),
    ] {
        let warnings = warnings.into_iter().map(str::to_owned).collect();
        assert_eq!(result(&errors), TrialResult::Passes { warnings }, "{errors}");
    }
}

#[test]
fn what_it_says_against_the_audit_configuration_is_told_with_the_planned_paths() {
    let policy = format!("{SCRATCH}/policy.yaml");
    let log = format!("{SCRATCH}/audit.log");
    for (error, expected) in [
        (
            format!("loading audit policy file: failed to read file path \\\"{policy}\\\": open {policy}: no such file or directory"),
            "loading audit policy file: failed to read file path \"/etc/kubernetes/audit/policy.yaml\": open /etc/kubernetes/audit/policy.yaml: no such file or directory",
        ),
        (
            "loading audit policy file: rules[0].level: Unsupported value: \\\"metadata\\\": supported values: \\\"Metadata\\\"".to_owned(),
            "loading audit policy file: rules[0].level: Unsupported value: \"metadata\": supported values: \"Metadata\"",
        ),
        (
            "loading audit policy file: loaded illegal policy with 0 rules".to_owned(),
            "loading audit policy file: loaded illegal policy with 0 rules",
        ),
        (
            "loading audit policy file: failed decoding: no kind \\\"Policy\\\" is registered for version \\\"audit.k8s.io/v1beta1\\\"".to_owned(),
            "loading audit policy file: failed decoding: no kind \"Policy\" is registered for version \"audit.k8s.io/v1beta1\"",
        ),
        (
            format!("ensureLogFile: open {log}: read-only file system"),
            "ensureLogFile: open /var/log/kubernetes/audit/audit.log: read-only file system",
        ),
        (
            "initializing audit webhook: no configuration has been provided".to_owned(),
            "initializing audit webhook: no configuration has been provided",
        ),
        (
            "[invalid audit log format xml, allowed formats are \\\"legacy,json\\\"]".to_owned(),
            "[invalid audit log format xml, allowed formats are \"legacy,json\"]",
        ),
    ] {
        let message = expected.to_owned();
        assert_eq!(result(&command_failed(&error)), TrialResult::Rejected { message });
    }
    // Flags, before there is a log.
    for line in [
        "unknown flag: --audit-log-nonsense",
        "invalid argument \"x\" for \"--audit-log-maxage\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
    ] {
        let errors = format!("Error: {line}\nUsage:\n  kube-apiserver [flags]\n");
        assert_eq!(result(&errors), TrialResult::Rejected { message: line.to_owned() });
    }
}

#[test]
fn what_real_starts_said_against_their_audit_configuration_is_an_objection() {
    let recorded = include_str!("../../../../tests/diagnosis/container.tsv");
    let (mut objections, mut others) = (0, 0);
    for line in recorded.lines() {
        let [_, cause, evidence] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let is_end = evidence.contains("\"command failed\"") || evidence.starts_with("Error: ");
        if !is_end {
            continue;
        }
        match (cause, result(evidence)) {
            (
                "log-is-directory" | "log-missing" | "log-read-only" | "log-immutable",
                TrialResult::Rejected { message },
            ) => {
                assert!(message.starts_with("ensureLogFile: "), "{line}");
                objections += 1;
            }
            ("policy-is-directory" | "policy-missing", TrialResult::Rejected { message }) => {
                assert!(message.starts_with("loading audit policy file: "), "{line}");
                objections += 1;
            }
            ("certificate-key" | "port-in-use" | "etcd-unreachable", TrialResult::CannotRun { why }) => {
                assert!(why.starts_with("it exited before it read the audit configuration: "), "{why}");
                others += 1;
            }
            (_, TrialResult::Passes { .. }) => panic!("{line}"),
            (_, TrialResult::Rejected { message }) => assert!(message.contains("audit"), "{line}"),
            (_, TrialResult::CannotRun { .. }) => others += 1,
        }
    }
    assert!(objections >= 6 && others >= 2, "{objections} {others}");
}

#[test]
fn what_only_the_trial_lacks_is_no_objection() {
    for (errors, why) in [
        (
            command_failed("open /etc/kubernetes/pki/sa.pub: no such file or directory"),
            "it exited before it read the audit configuration: open /etc/kubernetes/pki/sa.pub: no such file or directory",
        ),
        (
            "Error: unknown flag: --etcd-cafile\n".to_owned(),
            "it exited before it read the audit configuration: unknown flag: --etcd-cafile",
        ),
        (String::new(), "it exited before it read the audit configuration: it printed no error"),
    ] {
        assert_eq!(result(&errors), TrialResult::CannotRun { why: why.to_owned() });
    }
}

#[test]
fn without_an_end_of_its_own_there_is_no_verdict() {
    let trial = CASE.trial().unwrap();
    // Words that would be a result, had it come to its end.
    let errors = format!("{SENTINEL}\nloading audit policy file: x\n");
    for (how, why) in [
        (How::TimeUp, "it did not exit within 20 s"),
        (How::Killed(9), "it was killed by signal 9"),
        (How::NotStarted("no namespace".to_owned()), "no namespace"),
    ] {
        assert_eq!(trial.result(&ended(how, &errors)), TrialResult::CannotRun { why: why.to_owned() });
    }
}

#[test]
fn of_a_path_given_twice_the_one_that_counts_is_told() {
    let flags = ["kube-apiserver", "--audit-log-path=/a.log", "--audit_log_path=/b.log"];
    let case = Case { arguments: &flags, ..CASE };
    let errors = command_failed(&format!("ensureLogFile: open {SCRATCH}/audit.log: is a directory"));
    let message = "ensureLogFile: open /b.log: is a directory".to_owned();
    let found = case.trial().unwrap().result(&ended(How::Exited(1), &errors));
    assert_eq!(found, TrialResult::Rejected { message });
}

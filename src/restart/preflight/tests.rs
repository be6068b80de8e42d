//! What a trial is made of.

mod results;

use super::*;

/// How kubeadm starts kube-apiserver, as far as a trial cares.
const RUNNING: [&str; 9] = [
    "kube-apiserver",
    "--advertise-address=10.0.0.2",
    "--audit-log-path=/old.log",
    "--etcd-servers=https://127.0.0.1:2379",
    "--secure-port=6443",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
    "--service-cluster-ip-range=10.96.0.0/12",
];
const PLANNED: [&str; 5] = [
    "kube-apiserver",
    "--audit-policy-file=/etc/kubernetes/audit/policy.yaml",
    "--audit-log-path=/var/log/kubernetes/audit/audit.log",
    "--audit-log-maxage=30",
    "--secure-port=6443",
];
const PATH: &str = "/usr/local/bin/kube-apiserver";

/// What a trial of `words` is, beside a process with the words `running`.
struct Case<'a> {
    running: &'a [&'a str],
    executable: &'a str,
    minor: u16,
    words: &'a [&'a str],
    policy: Option<&'a [u8]>,
    webhook: Option<&'a [u8]>,
}

const CASE: Case<'static> = Case {
    running: &RUNNING,
    executable: PATH,
    minor: 36,
    words: &PLANNED,
    policy: Some(b"rules"),
    webhook: None,
};

impl Case<'_> {
    fn trial(&self) -> Result<Trial, String> {
        let arguments = self.running.iter().map(|word| (*word).to_owned()).collect();
        let process = Process { pid: 127, start: 1, arguments, pod_uid: None };
        trial(&Inputs {
            process: &process,
            executable: self.executable,
            minor: self.minor,
            words: self.words,
            policy: self.policy,
            webhook: self.webhook,
            beside: &[("webhook-token".to_owned(), b"token".to_vec())],
        })
    }

    /// Its words, and the names of its files.
    fn words_and_files(&self) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
        let program = self.trial().unwrap().program;
        match program.room {
            Room::Beside { pid: 127, files } => (program.arguments, files),
            other => panic!("{other:?}"),
        }
    }

    fn words(&self) -> Vec<String> {
        self.words_and_files().0
    }
}

#[test]
fn a_trial_has_the_planned_audit_flags_and_what_they_need() {
    let sentinel = format!("{SCRATCH}/{SENTINEL}");
    let (words, files) = CASE.words_and_files();
    let expected = [
        "--advertise-address=10.0.0.2",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
        "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
        "--service-cluster-ip-range=10.96.0.0/12",
        &format!("--admission-control-config-file={sentinel}"),
        &format!("--cert-dir={SCRATCH}"),
        "--etcd-servers=http://127.0.0.1:1",
        &format!("--etcd-cafile={sentinel}"),
        &format!("--audit-policy-file={SCRATCH}/policy.yaml"),
        &format!("--audit-log-path={SCRATCH}/audit.log"),
        "--audit-log-maxage=30",
    ];
    assert_eq!(words, expected);
    assert_eq!(files, [("policy.yaml".to_owned(), b"rules".to_vec())]);

    let Trial { program, left_out, .. } = CASE.trial().unwrap();
    assert_eq!(left_out, Vec::<&str>::new());
    assert_eq!((program.executable.as_str(), program.name.as_str()), (PATH, "kaudit-trial"));
    assert_eq!(program.environment, [("GOMAXPROCS".to_owned(), "1".to_owned())]);
    assert_eq!(program.bounds, BOUNDS);
}

#[test]
fn hyperkube_is_told_which_program_it_is() {
    for (running, executable, first) in [
        (&["hyperkube", "kube-apiserver", "--secure-port=1"][..], "/hyperkube", Some("kube-apiserver")),
        (&["/hyperkube", "apiserver", "--secure-port=1"], "/hyperkube", Some("apiserver")),
        (&["kube-apiserver", "--secure-port=1"], "/usr/bin/kube-apiserver.real", None),
        // A word that selects nothing is not passed on.
        (&["kube-apiserver", "whatever", "--secure-port=1"], PATH, None),
        (&["kube-apiserver", "--x", "kube-apiserver"], PATH, None),
    ] {
        let words = Case { running, executable, ..CASE }.words();
        let found = words.first().map(String::as_str).filter(|word| !word.starts_with('-'));
        assert_eq!(found, first, "{running:?}");
    }
    for executable in ["/usr/bin/bash", "/kube-controller-manager", ""] {
        let why = Case { executable, ..CASE }.trial().unwrap_err();
        assert_eq!(why, format!("the API server runs as {executable}, not as kube-apiserver"));
    }
}

#[test]
fn flags_are_taken_over_as_they_are_written() {
    let running = [
        "kube-apiserver",
        "--service_account_issuer",
        "https://a",
        "--service-account-issuer=https://b",
        "--advertise-address",
        "10.0.0.2",
        "--token-auth-file=/secret",
    ];
    let words = Case { running: &running, ..CASE }.words();
    let taken = &words[..5];
    assert_eq!(
        taken,
        [
            "--service_account_issuer",
            "https://a",
            "--service-account-issuer=https://b",
            "--advertise-address",
            "10.0.0.2"
        ]
    );
    assert!(!words.iter().any(|word| word.contains("/secret")), "{words:?}");
}

#[test]
fn an_address_is_given_where_none_is() {
    for (range, address) in [
        (None, "192.0.2.1"),
        (Some("--service-cluster-ip-range=10.96.0.0/12"), "192.0.2.1"),
        (Some("--service-cluster-ip-range=10.96.0.0/12,fd00::/112"), "192.0.2.1"),
        (Some("--service-cluster-ip-range=fd00::/112,10.96.0.0/12"), "2001:db8::1"),
    ] {
        let running: Vec<&str> = ["kube-apiserver"].into_iter().chain(range).collect();
        let words = Case { running: &running, ..CASE }.words();
        assert!(words.contains(&format!("--advertise-address={address}")), "{range:?}: {words:?}");
    }
    let given = CASE.words().into_iter().filter(|word| word.starts_with("--advertise-address")).count();
    assert_eq!(given, 1);
}

#[test]
fn the_early_etcd_client_is_stopped_where_there_is_one() {
    for (minor, is_stopped) in [(15, false), (27, false), (28, true), (36, true)] {
        let words = Case { minor, ..CASE }.words();
        assert_eq!(words.iter().any(|word| word.starts_with("--etcd-cafile=")), is_stopped, "{minor}");
    }
}

#[test]
fn files_stand_in_for_the_planned_ones_where_their_content_is_known() {
    let words = [
        "kube-apiserver",
        "--audit-policy-file",
        "/p.yaml",
        "--audit-webhook-config-file=/w.kubeconfig",
        "--audit-log-path=-",
        "--audit-webhook-mode=batch",
    ];
    let both = Case { words: &words, webhook: Some(b"clusters"), ..CASE };
    let (arguments, files) = both.words_and_files();
    assert_eq!(
        files,
        [
            ("policy.yaml".to_owned(), b"rules".to_vec()),
            ("webhook.kubeconfig".to_owned(), b"clusters".to_vec()),
            ("webhook-token".to_owned(), b"token".to_vec())
        ]
    );
    let expected = [
        format!("--audit-policy-file={SCRATCH}/policy.yaml"),
        format!("--audit-webhook-config-file={SCRATCH}/webhook.kubeconfig"),
        // Standard output needs no file.
        "--audit-log-path=-".to_owned(),
        "--audit-webhook-mode=batch".to_owned(),
    ];
    assert!(arguments.ends_with(&expected), "{arguments:?}");

    let neither = Case { words: &words, policy: None, ..CASE };
    let (arguments, files) = neither.words_and_files();
    assert_eq!(files, []);
    assert_eq!(neither.trial().unwrap().left_out, ["audit-policy-file", "audit-webhook-config-file"]);
    assert!(arguments.ends_with(&["--audit-log-path=-".to_owned(), "--audit-webhook-mode=batch".to_owned()]));
}

#[test]
fn an_empty_path_is_judged_as_it_is() {
    let words = ["kube-apiserver", "--audit-policy-file=", "--audit-log-path="];
    let (arguments, files) = Case { words: &words, ..CASE }.words_and_files();
    assert!(arguments.ends_with(&["--audit-policy-file=".to_owned(), "--audit-log-path=".to_owned()]));
    assert_eq!(files, []);
}

#[test]
fn of_a_flag_given_twice_the_last_one_counts() {
    let words = ["kube-apiserver", "--audit-log-path=/a.log", "--audit_log_path=/b.log"];
    let case = Case { words: &words, ..CASE };
    let expected =
        [format!("--audit-log-path={SCRATCH}/audit.log"), format!("--audit_log_path={SCRATCH}/audit.log")];
    assert!(case.words().ends_with(&expected));
}

#[test]
fn the_binary_is_asked_for_its_version_alone() {
    for (running, executable, expected) in [
        (&RUNNING[..], PATH, &["--version"][..]),
        (&["/hyperkube", "kube-apiserver", "--a=b"], "/hyperkube", &["kube-apiserver", "--version"]),
    ] {
        let arguments = running.iter().map(|word| (*word).to_owned()).collect();
        let process = Process { pid: 127, start: 1, arguments, pod_uid: None };
        let program = version_program(&process, executable).unwrap();
        assert_eq!(program.arguments, expected);
        assert_eq!(program.room, Room::Beside { pid: 127, files: Vec::new() });
        assert!(version_program(&process, "/usr/bin/tini").unwrap_err().contains("tini"));
    }
}

//! The program of a trial.

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

/// A trial of the planned `arguments`, beside a process with the arguments `running`.
struct Case<'a> {
    running: &'a [&'a str],
    executable: &'a str,
    minor: u16,
    arguments: &'a [&'a str],
    policy: Option<&'a [u8]>,
    webhook: Option<&'a [u8]>,
}

const CASE: Case<'static> = Case {
    running: &RUNNING,
    executable: PATH,
    minor: 36,
    arguments: &PLANNED,
    policy: Some(b"rules"),
    webhook: None,
};

impl Case<'_> {
    fn trial(&self) -> Result<Trial, String> {
        let arguments = self.running.iter().map(|flag| (*flag).to_owned()).collect();
        let process = Process { pid: 127, start: 1, arguments, pod_uid: None };
        trial(&Inputs {
            process: &process,
            executable: self.executable,
            minor: self.minor,
            arguments: self.arguments,
            policy: self.policy,
            webhook: self.webhook,
            beside: &[("webhook-token".to_owned(), b"token".to_vec())],
        })
    }

    /// The arguments and the files of the trial.
    fn arguments_and_files(&self) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
        let program = self.trial().unwrap().program;
        match program.confinement {
            Confinement::Container { pid: 127, files } => (program.arguments, files),
            other => panic!("{other:?}"),
        }
    }

    fn arguments(&self) -> Vec<String> {
        self.arguments_and_files().0
    }
}

#[test]
fn a_trial_has_the_planned_audit_flags_and_what_they_need() {
    let sentinel = format!("{SCRATCH}/{SENTINEL}");
    let (flags, files) = CASE.arguments_and_files();
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
    assert_eq!(flags, expected);
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
        let flags = Case { running, executable, ..CASE }.arguments();
        let found = flags.first().map(String::as_str).filter(|flag| !flag.starts_with('-'));
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
    let flags = Case { running: &running, ..CASE }.arguments();
    let taken = &flags[..5];
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
    assert!(!flags.iter().any(|flag| flag.contains("/secret")), "{flags:?}");
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
        let flags = Case { running: &running, ..CASE }.arguments();
        assert!(flags.contains(&format!("--advertise-address={address}")), "{range:?}: {flags:?}");
    }
    let given = CASE.arguments().into_iter().filter(|flag| flag.starts_with("--advertise-address")).count();
    assert_eq!(given, 1);
}

#[test]
fn the_early_etcd_client_is_stopped_where_there_is_one() {
    for (minor, is_stopped) in [(15, false), (27, false), (28, true), (36, true)] {
        let flags = Case { minor, ..CASE }.arguments();
        assert_eq!(flags.iter().any(|flag| flag.starts_with("--etcd-cafile=")), is_stopped, "{minor}");
    }
}

#[test]
fn files_stand_in_for_the_planned_ones_where_their_content_is_known() {
    let flags = [
        "kube-apiserver",
        "--audit-policy-file",
        "/p.yaml",
        "--audit-webhook-config-file=/w.kubeconfig",
        "--audit-log-path=-",
        "--audit-webhook-mode=batch",
    ];
    let both = Case { arguments: &flags, webhook: Some(b"clusters"), ..CASE };
    let (arguments, files) = both.arguments_and_files();
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

    let neither = Case { arguments: &flags, policy: None, ..CASE };
    let (arguments, files) = neither.arguments_and_files();
    assert_eq!(files, []);
    assert_eq!(neither.trial().unwrap().left_out, ["audit-policy-file", "audit-webhook-config-file"]);
    assert!(arguments.ends_with(&["--audit-log-path=-".to_owned(), "--audit-webhook-mode=batch".to_owned()]));
}

#[test]
fn an_empty_path_is_judged_as_it_is() {
    let flags = ["kube-apiserver", "--audit-policy-file=", "--audit-log-path="];
    let (arguments, files) = Case { arguments: &flags, ..CASE }.arguments_and_files();
    assert!(arguments.ends_with(&["--audit-policy-file=".to_owned(), "--audit-log-path=".to_owned()]));
    assert_eq!(files, []);
}

#[test]
fn of_a_flag_given_twice_the_last_one_counts() {
    let flags = ["kube-apiserver", "--audit-log-path=/a.log", "--audit_log_path=/b.log"];
    let case = Case { arguments: &flags, ..CASE };
    let expected =
        [format!("--audit-log-path={SCRATCH}/audit.log"), format!("--audit_log_path={SCRATCH}/audit.log")];
    assert!(case.arguments().ends_with(&expected));
}

#[test]
fn the_binary_is_asked_for_its_version_alone() {
    for (running, executable, expected) in [
        (&RUNNING[..], PATH, &["--version"][..]),
        (&["/hyperkube", "kube-apiserver", "--a=b"], "/hyperkube", &["kube-apiserver", "--version"]),
    ] {
        let arguments = running.iter().map(|flag| (*flag).to_owned()).collect();
        let process = Process { pid: 127, start: 1, arguments, pod_uid: None };
        let program = version_program(&process, executable).unwrap();
        assert_eq!(program.arguments, expected);
        assert_eq!(program.confinement, Confinement::Container { pid: 127, files: Vec::new() });
        assert!(version_program(&process, "/usr/bin/tini").unwrap_err().contains("tini"));
    }
}

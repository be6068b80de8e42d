//! The same webhooks, checked by kube-apiserver's own backend: what `tests/go/webhook` says of each is recorded here, and
//! with `KAUDIT_GO_WEBHOOK=path/to/webhook` it is asked again.

use super::receiver::{Receiver, testdata};
use super::{OK, check};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What the backend of kube-apiserver 1.36 makes of a kubeconfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    /// The API server does not start; words of the error.
    Start(&'static str),
    /// An event is dropped; words of the error.
    Dropped(&'static str),
    /// An event is delivered.
    Delivered,
}

struct Case {
    /// The receiver's certificate; plain HTTP without one.
    certificate: &'static str,
    /// What it answers.
    answer: &'static str,
    /// Path and more of the URL.
    path: &'static str,
    /// Further fields of the cluster, and those of the user.
    cluster: &'static str,
    user: &'static str,
    go: Go,
}

const CASE: Case = Case {
    certificate: "server",
    answer: OK,
    path: "/",
    cluster: CA,
    user: "tokenFile: token",
    go: Go::Delivered,
};
const CA: &str = "certificate-authority: authority.crt";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const MULTI: &str = "HTTP/1.1 207 Multi-Status\r\nContent-Length: 0\r\n\r\n";
const PARTIAL: &str = "HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n";

const CASES: [Case; 25] = [
    CASE,
    Case { path: "/x/?a=b", ..CASE },
    Case { answer: PARTIAL, ..CASE },
    Case { answer: MULTI, go: Go::Dropped("status code 207"), ..CASE },
    Case { answer: NOT_FOUND, go: Go::Dropped("could not find the requested resource"), ..CASE },
    Case { certificate: "expired", go: Go::Dropped("certificate has expired or is not yet valid"), ..CASE },
    Case { certificate: "not-yet", go: Go::Dropped("certificate has expired or is not yet valid"), ..CASE },
    Case { certificate: "cn-only", go: Go::Dropped("relies on legacy Common Name field"), ..CASE },
    Case { certificate: "other-name", go: Go::Dropped("it doesn't contain any IP SANs"), ..CASE },
    Case {
        certificate: "other-name",
        cluster: "certificate-authority: authority.crt, tls-server-name: sink.example.com",
        ..CASE
    },
    Case { certificate: "self-signed", go: Go::Dropped("signed by unknown authority"), ..CASE },
    Case { certificate: "self-signed", cluster: "certificate-authority: self-signed.crt", ..CASE },
    Case { certificate: "expired", cluster: "insecure-skip-tls-verify: true", ..CASE },
    Case {
        cluster: "certificate-authority: other-authority.crt",
        go: Go::Dropped("signed by unknown authority"),
        ..CASE
    },
    Case { certificate: "", cluster: "disable-compression: true", ..CASE },
    Case {
        certificate: "",
        cluster: "disable-compression: true",
        user: "tokenFile: token, username: a, password: b",
        ..CASE
    },
    Case {
        cluster: "certificate-authority: authority.crt, insecure-skip-tls-verify: true",
        go: Go::Start("with the insecure flag is not allowed"),
        ..CASE
    },
    Case {
        cluster: "certificate-authority: token",
        go: Go::Start("unable to load root certificates"),
        ..CASE
    },
    Case {
        cluster: "certificate-authority: gone",
        go: Go::Start("unable to read certificate-authority"),
        ..CASE
    },
    Case {
        user: "token: a, username: b, password: c",
        go: Go::Start("more than one authentication method"),
        ..CASE
    },
    Case { user: "tokenFile: token, username: b, password: c", go: Go::Start("but not both"), ..CASE },
    Case { user: "tokenFile: gone", go: Go::Start("no such file"), ..CASE },
    Case {
        user: "client-certificate: client.crt",
        go: Go::Start("client-key-data or client-key must be specified"),
        ..CASE
    },
    Case { user: "client-certificate: client.crt, client-key: client.key", ..CASE },
    Case { user: "token: \"a\\nb\"", go: Go::Dropped("invalid header field value"), ..CASE },
];

/// A directory with the files that the kubeconfigs name.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["authority.crt", "self-signed.crt", "other-authority.crt", "client.crt", "client.key"] {
        std::fs::copy(testdata(name), directory.path().join(name)).unwrap();
    }
    std::fs::write(directory.path().join("token"), "token\n").unwrap();
    directory
}

impl Case {
    fn receiver(&self) -> Receiver {
        match self.certificate {
            "" => Receiver::plain(self.answer),
            certificate => Receiver::tls(certificate, false, self.answer),
        }
    }

    fn kubeconfig(&self, receiver: &Receiver) -> String {
        let Self { path, cluster, user, .. } = self;
        let scheme = if self.certificate.is_empty() { "http" } else { "https" };
        let address = receiver.address;
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nclusters:\n- name: k\n  cluster: {{server: '{scheme}://{address}{path}', {cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n"
        )
    }
}

/// The answer of the Go program.
fn ask_go(program: &std::ffi::OsStr, kubeconfig: &str) -> String {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{kubeconfig}").unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn what_the_api_server_would_not_deliver_is_an_error_and_nothing_else_is() {
    let program = std::env::var_os("KAUDIT_GO_WEBHOOK");
    if program.is_none() {
        println!("KAUDIT_GO_WEBHOOK is not set: only the recorded answers are compared");
    }
    for case in CASES {
        let directory = directory();
        let path = directory.path().join("kubeconfig");
        let shown = path.display().to_string();
        let described = format!("{} {} {} {}", case.certificate, case.path, case.cluster, case.user);

        let receiver = case.receiver();
        std::fs::write(&path, case.kubeconfig(&receiver)).unwrap();
        let checked = check(&[&shown]);
        assert_eq!(checked.code == 3, case.go != Go::Delivered, "{described}: {}", checked.text);

        let Some(program) = &program else { continue };
        let receiver = case.receiver();
        std::fs::write(&path, case.kubeconfig(&receiver)).unwrap();
        let answer = ask_go(program, &shown);
        let (word, words) = match case.go {
            Go::Start(words) => ("START", words),
            Go::Dropped(words) => ("DROPPED", words),
            Go::Delivered => ("DELIVERED", ""),
        };
        assert!(answer.starts_with(word) && answer.contains(words), "{described}: {answer}");
    }
}

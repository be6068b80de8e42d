//! `webhook check` against receivers on the loopback interface, each with a different error, and the files that `enable`
//! writes for the options of a receiver.

mod files;
mod go;
mod receiver;

use receiver::{Receiver, Request, testdata};
use serde_json::Value;
use std::process::Command;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const SECRET: &str = "s3cr3t-token-of-the-api-server";

/// How a check ended.
struct Checked {
    code: i32,
    /// Id and severity of everything that is not fine, in the order of the findings.
    trouble: Vec<(String, String)>,
    /// All that was printed.
    text: String,
}

impl Checked {
    fn is(&self, code: i32, trouble: &[(&str, &str)]) {
        let found: Vec<(&str, &str)> =
            self.trouble.iter().map(|(id, severity)| (id.as_str(), severity.as_str())).collect();
        assert_eq!((self.code, found.as_slice()), (code, trouble), "{}", self.text);
    }
}

/// `webhook check` with these arguments.
fn check(arguments: &[&str]) -> Checked {
    // A tree without a manifest: what a kubelet of this machine runs is of no concern.
    let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(["webhook", "check", "-o", "json", "--root", env!("CARGO_MANIFEST_DIR")])
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let object: Value = serde_json::from_str(&printed).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = object["webhook"]["findings"].as_array().cloned().unwrap_or_default();
    let trouble = findings
        .iter()
        .map(|finding| (text(finding, "id"), text(finding, "severity")))
        .filter(|(_, severity)| severity == "warning" || severity == "error")
        .collect();
    assert_eq!(object["code"], output.status.code().unwrap());
    let text = printed + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    Checked { code: output.status.code().unwrap(), trouble, text }
}

/// A check of `https://127.0.0.1:PORT/events`, with the authority that signed the good certificates.
fn check_receiver(receiver: &Receiver, more: &[&str]) -> Checked {
    let url = format!("https://{}/events/", receiver.address);
    let authority = testdata("authority.crt").display().to_string();
    check(&[&["--webhook-url", &url, "--webhook-ca-file", &authority], more].concat())
}

fn file(name: &str) -> String {
    testdata(name).display().to_string()
}

/// A file with a token in a directory of its own.
fn token() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let shown = path.display().to_string();
    (directory, shown)
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_receiver_gets_an_empty_list_as_the_api_server_posts_it() {
    let (_directory, token) = token();
    let receiver = Receiver::tls("server", false, OK);
    let address = receiver.address.to_string();
    check_receiver(&receiver, &["--webhook-token-file", &token]).is(0, &[]);
    let request = receiver.got().unwrap();
    assert_eq!(request.head[0], "POST /events?timeout=30s HTTP/1.1");
    assert_eq!(header(&request, "Host"), Some(address.as_str()));
    assert_eq!(header(&request, "Authorization"), Some(format!("Bearer {SECRET}").as_str()));
    let list: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(list["kind"], "EventList");
    assert_eq!(list["apiVersion"], "audit.k8s.io/v1");
    assert_eq!(list["items"], serde_json::json!([]));
}

#[test]
fn certificates_are_judged_before_anything_is_sent() {
    let (_directory, token) = token();
    let refused = [("webhook-server-certificate", "error")];
    for (certificate, words) in [
        ("expired", "expired at 2021-01-01T00:00:00Z"),
        ("not-yet", "is not valid before 2120-01-01T00:00:00Z"),
        ("cn-only", "has no subjectAltName"),
        ("other-name", "is valid for sink.example.com, not for 127.0.0.1"),
        ("self-signed", "is signed by a CA that the API server does not trust"),
    ] {
        let receiver = Receiver::tls(certificate, false, OK);
        let checked = check_receiver(&receiver, &["--webhook-token-file", &token]);
        checked.is(3, &refused);
        assert!(checked.text.contains(words), "{certificate}: {}", checked.text);
        assert!(receiver.got().is_none(), "{certificate}: a request was sent");
    }
}

#[test]
fn a_name_of_its_own_is_taken_for_the_certificates() {
    let receiver = Receiver::tls("other-name", false, OK);
    check_receiver(&receiver, &["--webhook-tls-server-name", "sink.example.com"]).is(0, &[]);
    assert!(receiver.got().is_some());
}

#[test]
fn a_certificate_that_is_named_itself_is_believed_as_go_does() {
    let receiver = Receiver::tls("self-signed", false, OK);
    let url = format!("https://{}/", receiver.address);
    check(&["--webhook-url", &url, "--webhook-ca-file", &file("self-signed.crt")]).is(0, &[]);
    assert!(receiver.got().is_some());
}

#[test]
fn answers_are_judged_as_client_go_takes_them() {
    let (_directory, token) = token();
    for (answer, code, id, severity, words) in [
        (
            "401 Unauthorized\r\nContent-Length: 0",
            3,
            "webhook-credentials",
            "error",
            "it does not accept the token",
        ),
        (
            "403 Forbidden\r\nContent-Length: 0",
            3,
            "webhook-credentials",
            "error",
            "it does not accept the token",
        ),
        (
            "302 Found\r\nLocation: https://a:b@h/x\r\nContent-Length: 0",
            3,
            "webhook-answer",
            "error",
            "https://a:***@h/x",
        ),
        (
            "308 Permanent Redirect\r\nLocation: /x\r\nContent-Length: 0",
            1,
            "webhook-answer",
            "warning",
            "every batch is sent twice",
        ),
        (
            "404 Not Found\r\nContent-Length: 4\r\n\r\nnope",
            3,
            "webhook-answer",
            "error",
            "POST /events?timeout=30s: nope",
        ),
        (
            "500 Oh\r\nContent-Length: 40\r\n\r\ngot s3cr3t-token-of-the-api-server, sorry",
            3,
            "webhook-answer",
            "error",
            "answers 500 to an empty EventList",
        ),
    ] {
        let answer: &'static str = Box::leak(format!("HTTP/1.1 {answer}\r\n\r\n").into_boxed_str());
        let receiver = Receiver::tls("server", false, answer);
        let checked = check_receiver(&receiver, &["--webhook-token-file", &token]);
        checked.is(code, &[(id, severity)]);
        assert!(checked.text.contains(words), "{}", checked.text);
        assert!(receiver.got().is_some());
    }
    for answer in
        ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n"]
    {
        let receiver = Receiver::tls("server", false, answer);
        check_receiver(&receiver, &[]).is(0, &[]);
    }
    let receiver = Receiver::tls("server", false, "SMTP\r\n\r\n");
    check_receiver(&receiver, &[]).is(3, &[("webhook-answer", "error")]);
    let receiver = Receiver::tls("server", false, "HTTP/1.1 401 No\r\n\r\n");
    let checked = check_receiver(&receiver, &[]);
    assert!(checked.text.contains("no credentials are configured"), "{}", checked.text);
}

#[test]
fn a_client_certificate_is_shown_and_judged() {
    let client = |name: &str| {
        [
            "--webhook-client-certificate".to_owned(),
            file(&format!("{name}.crt")),
            "--webhook-client-key".to_owned(),
            file(&format!("{name}.key")),
        ]
    };
    let words = client("client");
    let receiver = Receiver::tls("server", true, OK);
    check_receiver(&receiver, &words.each_ref().map(String::as_str)).is(0, &[]);
    assert!(receiver.got().is_some());

    let receiver = Receiver::tls("server", true, OK);
    let checked = check_receiver(&receiver, &[]);
    checked.is(3, &[("webhook-credentials", "error")]);
    assert!(checked.text.contains("requires a client certificate"), "{}", checked.text);

    // These never come to a connection.
    let nobody = ["--webhook-url", "https://127.0.0.1:1/"];
    for (words, told) in [
        (client("client-expired"), "expired at 2021-01-01T00:00:00Z"),
        (
            [
                client("client")[0].clone(),
                file("client.crt"),
                client("client")[2].clone(),
                file("server.key"),
            ],
            "does not match",
        ),
        (
            [client("client")[0].clone(), file("make.sh"), client("client")[2].clone(), file("client.key")],
            "contains no certificate",
        ),
    ] {
        let checked = check(&[&nobody[..], &words.each_ref().map(String::as_str)].concat());
        checked.is(3, &[("webhook-client-certificate", "error")]);
        assert!(checked.text.contains(told), "{}", checked.text);
    }
}

#[test]
fn what_does_not_speak_tls_is_told_apart_from_what_does_not_answer() {
    let receiver = Receiver::plain(OK);
    check_receiver(&receiver, &[]).is(3, &[("webhook-tls", "error")]);
    let receiver = Receiver::listen(|socket| {
        drop(socket);
        None
    });
    check_receiver(&receiver, &[]).is(3, &[("webhook-tls", "error")]);
    let closed = Receiver::listen(|_| None).address;
    let gone = {
        // A port that was given and is nobody's any more.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    assert_ne!(closed, gone);
    let url = format!("https://{gone}/");
    let checked = check(&["--webhook-url", &url, "--webhook-ca-file", &file("authority.crt")]);
    checked.is(3, &[("webhook-connect", "error")]);
    assert!(checked.text.contains("connection refused"), "{}", checked.text);
    let ignored = [
        "--webhook-url",
        &url,
        "--webhook-ca-file",
        &file("authority.crt"),
        "--ignore-preflight-errors",
        "webhook-connect",
    ];
    check(&ignored).is(1, &[("webhook-connect", "warning")]);
}

#[test]
fn names_that_do_not_resolve_are_refused() {
    let authority = file("authority.crt");
    let checked = check(&["--webhook-url", "https://sink.invalid/", "--webhook-ca-file", &authority]);
    checked.is(3, &[("webhook-resolve", "error")]);
    let service = ["--webhook-url", "https://sink.audit.svc:443/", "--webhook-ca-file", &authority];
    let checked = check(&service);
    checked.is(3, &[("webhook-resolve", "error")]);
    assert!(checked.text.contains("only the cluster's DNS server resolves"), "{}", checked.text);
    assert!(checked.text.contains("kubectl -n audit get service sink"), "{}", checked.text);
}

#[test]
fn plain_http_gets_no_credentials() {
    let (_directory, token) = token();
    let receiver = Receiver::plain(OK);
    let url = format!("http://{}/", receiver.address);
    check(&["--webhook-url", &url, "--webhook-token-file", &token])
        .is(1, &[("webhook-plain-http", "warning"), ("webhook-credentials-unsent", "warning")]);
    let request = receiver.got().unwrap();
    assert_eq!(header(&request, "Authorization"), None);
}

#[test]
fn kubeconfigs_of_others_are_checked_with_the_files_they_name() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    let receiver = Receiver::tls("server", false, OK);
    let config = |cluster: &str, user: &str| {
        format!(
            "kind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nclusters:\n- name: k\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n"
        )
    };
    std::fs::copy(testdata("authority.crt"), directory.path().join("ca.crt")).unwrap();
    write("token", SECRET);
    write("empty", "\n");
    let server = format!("server: 'https://{}/?cluster=a', certificate-authority: ca.crt", receiver.address);
    write("good", &config(&server, "tokenFile: token"));
    let check_file = |name: &str| check(&[&directory.path().join(name).display().to_string()]);
    check_file("good").is(1, &[("webhook-url-query", "warning")]);
    assert_eq!(receiver.got().unwrap().head[0], "POST /?timeout=30s HTTP/1.1");

    let server = "server: 'https://127.0.0.1:1/', certificate-authority: ca.crt";
    for (cluster, user, id, words) in [
        (server, "tokenFile: gone", "webhook-file", "tokenFile refers to gone, which does not exist"),
        (server, "tokenFile: empty", "webhook-token", "the token is empty"),
        ("server: 'ftp://h'", "token: a", "webhook-kubeconfig", "has the scheme ftp"),
        (server, "client-certificate: ca.crt", "webhook-kubeconfig", "the client certificate has no key"),
        (
            server,
            "token: a, username: b, password: c",
            "webhook-kubeconfig",
            "token and username are both set",
        ),
        (
            "server: 'https://h', certificate-authority: token",
            "token: a",
            "webhook-authority",
            "no certificate",
        ),
        (
            "server: 'https://h', certificate-authority-data: '!'",
            "token: a",
            "webhook-kubeconfig",
            "is not base64",
        ),
        (
            "server: 'https://h', certificate-authority: ca.crt, insecure-skip-tls-verify: true",
            "token: a",
            "webhook-kubeconfig",
            "only one of them",
        ),
    ] {
        write("bad", &config(cluster, user));
        let checked = check_file("bad");
        if id == "webhook-kubeconfig" {
            // What cannot be read as a kubeconfig leads to no files.
            assert_eq!(checked.code, 3, "{}", checked.text);
        } else {
            checked.is(3, &[(id, "error")]);
        }
        assert!(checked.text.contains(words), "{words}: {}", checked.text);
    }
}

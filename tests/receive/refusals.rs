//! Rejected requests: the right status, counted, and without effect on other clients.

use super::client::Client;
use super::events::{event, list, numbered, written};
use super::server::{Server, directory, refused};
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;

/// The value of a counter.
fn count(metrics: &str, reason: &str) -> u64 {
    let line = format!("kaudit_receive_rejected_total{{reason=\"{reason}\"}} ");
    metrics.lines().find_map(|text| text.strip_prefix(&line)).unwrap().parse().unwrap()
}

#[test]
fn each_refusal_has_its_status_and_its_counter() {
    let directory = directory();
    let options = "--token-file token --max-body 4096 --format json --output-file events.log";
    let server = Server::start(directory.path(), options);
    let right = "Authorization: Bearer geheim\r\n";
    let good = numbered(0..1);
    let huge = vec![b' '; 1 << 20];
    let mut no_event = json!({ "kind": "EventList", "apiVersion": "audit.k8s.io/v1" });
    no_event["items"] = json!([event(1), 7]);
    let no_event = no_event.to_string();
    let list_of = |kind: &str, version: &str| {
        json!({ "kind": kind, "apiVersion": version, "items": [event(1)] }).to_string().into_bytes()
    };
    let post = |headers: &str, body: &[u8]| Client::plain(server.address).post(headers, body);
    let without = |name: &str| {
        let mut event = event(1);
        event.as_object_mut().unwrap().remove(name);
        list(&[event])
    };
    let with = |kind: &str, version: &str| {
        let mut event = event(1);
        event["kind"] = json!(kind);
        event["apiVersion"] = json!(version);
        list(&[event])
    };
    let posts: [(&str, &[u8], u16, &str); 25] = [
        ("", &good, 401, "wrong_token"),
        ("Authorization: Bearer geheim2\r\n", &good, 401, "wrong_token"),
        ("Authorization: Basic geheim\r\n", &good, 401, "wrong_token"),
        ("", &huge, 401, "wrong_token"),
        (right, &huge, 413, "too_large"),
        ("Authorization: Bearer geheim\r\nContent-Encoding: gzip\r\n", &good, 415, "encoded"),
        (right, b"", 400, "not_json"),
        (right, b"{", 400, "not_json"),
        (right, b"\xff\xfe", 400, "not_json"),
        (right, &good[..good.len() - 1], 400, "not_json"),
        (right, b"[]", 422, "not_event_list"),
        (right, b"[\"EventList\",\"audit.k8s.io/v1\",[]]", 422, "not_event_list"),
        (right, &list_of("Event", "audit.k8s.io/v1"), 422, "not_event_list"),
        (right, &list_of("EventList", "audit.k8s.io/v2"), 422, "not_event_list"),
        (right, no_event.as_bytes(), 422, "not_event"),
        (right, &list(&[json!(["Metadata"])]), 422, "not_event"),
        (right, &list(&[json!({ "kind": "Pod" })]), 422, "not_event"),
        (right, &list(&[json!({})]), 422, "not_event"),
        (right, &list(&[event(1), json!({ "foo": 1 })]), 422, "not_event"),
        (right, &list(&[json!({ "kind": "Event", "apiVersion": "v1" })]), 422, "not_event"),
        (right, &with("Event", "events.k8s.io/v1"), 422, "not_event"),
        (right, &with("Pod", "audit.k8s.io/v1"), 422, "not_event"),
        (right, &without("auditID"), 422, "not_event"),
        (right, &without("level"), 422, "not_event"),
        (right, &without("stage"), 422, "not_event"),
    ];
    for (headers, body, status, reason) in posts {
        let before = count(&Client::plain(server.address).request(METRICS).body, reason);
        let answer = post(headers, body);
        assert_eq!(answer.status, status, "{reason}: {answer:?}");
        assert!(status != 422 || answer.body.contains("EventList") || answer.body.contains("an auditID"));
        assert_eq!(count(&Client::plain(server.address).request(METRICS).body, reason), before + 1);
    }
    let asks = |text: &str| Client::plain(server.address).request(text).status;
    assert_eq!(asks("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), 401);
    assert_eq!(asks("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert_eq!(asks("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"), 405);
    assert_eq!(asks("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"), 405);
    assert_eq!(asks("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_eq!(asks("NONSENSE\r\n\r\n"), 400);
    // Chunked bodies do not announce their length.
    let chunked = "Transfer-Encoding: chunked\r\n";
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{right}{chunked}\r\n");
    let mut client = Client::plain(server.address);
    client.send(format!("{head}2000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x2000)).as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().status, 413);
    let mut client = Client::plain(server.address);
    let text = String::from_utf8(good.clone()).unwrap();
    client.send(format!("{head}{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(written(directory.path(), "events").into_iter().collect::<Vec<_>>(), [(0, 1)]);
}

const METRICS: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer geheim\r\n\r\n";

#[test]
fn a_client_that_waits_for_leave_is_told_before_its_body() {
    let directory = directory();
    let server = Server::start(directory.path(), "--token-file token --max-body 4096");
    let ask = |length: usize, token: &str| {
        let mut client = Client::plain(server.address);
        client.request(&format!(
            "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        ))
    };
    assert_eq!(ask(100, "wrong").status, 401);
    assert_eq!(ask(5000, "geheim").status, 413);
    server.stop();
}

#[test]
fn clients_need_a_certificate_of_the_right_authority() {
    let directory = directory();
    let path = directory.path();
    let options = "--tls-cert server.crt --tls-key server.key --client-ca client-ca.crt --format json --output-file events.log";
    let server = Server::start(path, options);
    let body = numbered(0..3);
    let mut known = Client::tls(server.address, path, Some("client"));
    assert_eq!(known.post("", &body).status, 200);
    let mut unknown = Client::tls(server.address, path, None);
    assert_eq!(unknown.post("", &body).status, 401);
    assert!(unknown.is_closed());
    assert_eq!(Client::tls(server.address, path, None).get("/healthz").status, 200);
    assert_eq!(Client::tls(server.address, path, None).get("/metrics").status, 401);
    // The handshake fails, and so does a client that does not speak TLS.
    let mut untrusted = Client::tls(server.address, path, Some("untrusted"));
    assert!(untrusted.send(&body).is_err() || untrusted.answer().is_err());
    let mut plain = Client::plain(server.address);
    plain.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(plain.answer().is_err());
    let metrics = known.get("/metrics").body;
    assert!(metrics.contains("\nkaudit_receive_handshake_failures_total 2\n"), "{metrics}");
    assert_eq!(count(&metrics, "no_certificate"), 2);
    server.stop();
    assert_eq!(written(path, "events").len(), 3);
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let directory = directory();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    std::fs::write(directory.path().join("empty"), "").unwrap();
    std::fs::create_dir(directory.path().join("directory")).unwrap();
    let free = "--listen 127.0.0.1:0";
    for (options, reason) in [
        (format!("--listen {address}"), "listening on"),
        (format!("{free} --token-file empty"), "empty contains no token"),
        (format!("{free} --token-file missing"), "opening missing"),
        (format!("{free} --tls-cert server.crt --tls-key client.key"), "cannot be used together"),
        (format!("{free} --tls-cert empty --tls-key server.key"), "empty contains no certificate"),
        (format!("{free} --tls-cert server.crt --tls-key server.crt"), "reading a key from server.crt"),
        (
            format!("{free} --tls-cert server.crt --tls-key server.key --client-ca empty"),
            "empty contains no certificate",
        ),
        (format!("{free} --output-file /dev/null"), "is not a regular file"),
        (format!("{free} --output-file directory"), "opening directory"),
    ] {
        let (code, stderr) = refused(directory.path(), &options);
        assert_eq!(code, Some(3), "{options}: {stderr}");
        assert!(stderr.contains("error: ") && stderr.contains(reason), "{options}: {stderr}");
    }
}

#[test]
fn two_receivers_never_write_one_file() {
    let directory = directory();
    let first = Server::start(directory.path(), "--output-file events.log");
    let (code, stderr) = refused(directory.path(), "--listen 127.0.0.1:0 --output-file events.log");
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("events.log is locked by another process"), "{stderr}");
    first.stop();
    Server::start(directory.path(), "--output-file events.log").stop();
}

#[test]
fn a_listener_that_others_reach_is_warned_about() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (_, stderr) = refused(path, "--listen 0.0.0.0:0 --token-file missing");
    assert!(
        stderr.contains("warning[receive-without-tls]: without TLS, events and tokens are sent unencrypted over the network"),
        "{stderr}"
    );
    let (_, stderr) = refused(path, "--listen 0.0.0.0:0 --tls-cert missing --tls-key missing");
    assert!(
        stderr.contains(
            "warning[receive-from-anybody]: anyone who can reach 0.0.0.0:0 can submit forged events"
        ),
        "{stderr}"
    );
}

//! Slow and interrupted clients do not affect others; renewed certificates are reloaded.

use super::client::{Client, certificate, socket, tls};
use super::events::{numbered, written};
use super::server::{Server, directory};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

/// Longer than the receiver's minimum time between two checks of its files.
const LOOK: Duration = Duration::from_millis(1200);

pub(crate) fn head(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn slow_clients_are_let_go_and_others_served() {
    let directory = directory();
    let options =
        "--timeout 1s --format json --output-file events.log --tls-cert server.crt --tls-key server.key";
    let server = Server::start(directory.path(), options);
    // No handshake, no head, half a head, no body, half a body.
    let mut silent = Client::plain(server.address);
    let tls_client = || Client::tls(server.address, directory.path(), None);
    let mut without_head = tls_client();
    // The handshake happens with the first bytes.
    without_head.send(b"").unwrap();
    let mut half_head = tls_client();
    half_head.send(b"POST / HTTP/1.1\r\nHo").unwrap();
    let body = numbered(0..10);
    let mut without_body = tls_client();
    without_body.send(head(body.len()).as_bytes()).unwrap();
    let mut half_body = tls_client();
    half_body.send(&[head(body.len()).as_bytes(), &body[..100]].concat()).unwrap();
    let mut other = tls_client();
    assert_eq!(other.post("", &numbered(10..20)).status, 200);
    assert!(silent.is_closed());
    assert!(half_head.is_closed());
    assert_eq!(without_body.answer().unwrap().status, 408);
    assert_eq!(half_body.answer().unwrap().status, 408);
    drop(without_head);
    assert_eq!(other.post("", &numbered(20..30)).status, 200);
    assert_eq!(server.stop().code, Some(0));
    assert!(written(directory.path(), "events").into_iter().eq((10..30).map(|number| (number, 1))));
}

#[test]
fn a_body_that_comes_byte_by_byte_is_taken() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log");
    let body = numbered(0..1);
    let mut slow = socket(server.address);
    for piece in [head(body.len()).as_bytes(), &body].concat().chunks(7) {
        slow.write_all(piece).unwrap();
    }
    assert_eq!(Client::over(slow).answer().unwrap().status, 200);
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 1);
}

#[test]
fn a_half_closed_connection_gets_its_answer_and_a_closed_one_is_dropped() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log");
    let body = numbered(0..5);
    let half_closed = socket(server.address);
    (&half_closed).write_all(&[head(body.len()).as_bytes(), &body].concat()).unwrap();
    half_closed.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    (&half_closed).read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Interrupted within the head, within the body, within a chunk.
    for sent in [
        "POST / HT".to_owned(),
        head(1000) + "{",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{".to_owned(),
    ] {
        let cut = socket(server.address);
        (&cut).write_all(sent.as_bytes()).unwrap();
        cut.shutdown(Shutdown::Both).unwrap();
    }
    let mut other = Client::plain(server.address);
    assert_eq!(other.post("", &numbered(5..6)).status, 200);
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 6);
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let directory = directory();
    let path = directory.path();
    let server = Server::start(path, "--tls-cert server.crt --tls-key server.key --token-file token");
    let shown = || {
        let mut stream = tls(server.address, path, None);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 1);
        stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let old = certificate(path, "server");
    assert_eq!(shown(), old);
    // At this moment certificate and key do not match.
    fs::copy(path.join("renewed.crt"), path.join("server.crt")).unwrap();
    thread::sleep(LOOK);
    assert_eq!(shown(), old);
    fs::copy(path.join("renewed.key"), path.join("server.key")).unwrap();
    thread::sleep(LOOK);
    assert_eq!(shown(), certificate(path, "renewed"));

    let mut client = Client::tls(server.address, path, None);
    let body = numbered(0..1);
    let mut post = |token: &str| client.post(&format!("Authorization: Bearer {token}\r\n"), &body).status;
    assert_eq!(post("geheim"), 200);
    fs::write(path.join("token"), "").unwrap();
    thread::sleep(LOOK);
    assert_eq!(post("geheim"), 200);
    fs::write(path.join("token"), "geheimer\ngeheim\n").unwrap();
    thread::sleep(LOOK);
    assert_eq!((post("geheim"), post("geheimer")), (200, 200));
    fs::write(path.join("token"), "geheimer\n").unwrap();
    thread::sleep(LOOK);
    assert_eq!(post("geheimer"), 200);
    assert_eq!(post("geheim"), 401);
    let said = server.stop().stderr;
    assert!(said.contains("keeping the previous certificate"), "{said}");
    assert!(said.contains("reloaded the certificate"), "{said}");
    assert!(said.contains("keeping the previous tokens"), "{said}");
}

//! With a TLS server on the loopback interface.

use super::test_server::{answering, listen, read_request, serve, serve_version, testdata};
use super::{Answer, Ask, ClientIdentity, Endpoint};
use crate::node::Node;
use rustls::version::{TLS12, TLS13};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(20);

/// The test data is the file system of the node.
fn ask(address: SocketAddr, certificate: Option<&str>) -> Ask {
    Ask {
        endpoint: Endpoint { address, certificate: certificate.map(PathBuf::from) },
        from: None,
        identity: None,
        method: "GET",
        path: "/readyz?verbose".to_owned(),
        body: None,
        audit_id: None,
        timeout: TIMEOUT,
    }
}

fn answer(ask: &Ask) -> Answer {
    Node::at(testdata()).ask(ask)
}

fn reason(ask: &Ask) -> String {
    match answer(ask) {
        Answer::Nobody(reason) => reason,
        answer @ Answer::Status { .. } => panic!("{answer:?}"),
    }
}

fn status(code: u16, body: &str) -> Answer {
    Answer::Status { code, body: body.to_owned() }
}

#[test]
fn every_status_is_an_answer() {
    for (text, expected) in [
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", status(200, "ok")),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", status(200, "until the end")),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}and more", status(401, "{}")),
        ("HTTP/1.0 500 Internal Server Error\r\nContent-Length: 9\r\n\r\n[-]etcd", status(500, "[-]etcd")),
        ("HTTP/1.0 204 No Content\r\nContent-Length: 0\r\n\r\n", status(204, "")),
        ("HTTP/1.0 200 OK\r\nContent-Length: no number\r\n\r\nok", status(200, "ok")),
    ] {
        let (address, server) = answering(text.to_owned());
        assert_eq!(answer(&ask(address, None)), expected, "{text}");
        server.join().unwrap();
    }
}

#[test]
fn only_the_start_of_a_body_is_kept() {
    for head in ["HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 200000\r\n\r\n"] {
        let (address, server) = serve(move |mut stream| {
            read_request(&mut stream);
            // The client may close the connection first.
            let _ = stream.write_all(format!("{head}{}", "x".repeat(200_000)).as_bytes());
        });
        assert_eq!(answer(&ask(address, None)), status(200, &"x".repeat(16 * 1024)));
        server.join().unwrap();
    }
}

#[test]
fn the_request_has_all_parts() {
    let (address, server) = answering("HTTP/1.0 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned());
    let mut ask = ask(address, None);
    ask.method = "POST";
    ask.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned();
    ask.body = Some("{\"kind\":\"ü\"}".to_owned());
    ask.audit_id = Some("an-id".to_owned());
    assert_eq!(answer(&ask), status(201, ""));
    let asked = server.join().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        asked.head,
        [
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews HTTP/1.0".to_owned(),
            format!("Host: {address}"),
            format!("User-Agent: kaudit/{version}"),
            "Accept: application/json, */*".to_owned(),
            "Connection: close".to_owned(),
            "Audit-ID: an-id".to_owned(),
            "Content-Type: application/json".to_owned(),
            "Content-Length: 13".to_owned(),
        ]
    );
    assert_eq!(asked.body, "{\"kind\":\"ü\"}");
    assert_eq!(asked.client, None);
}

#[test]
fn a_request_with_line_breaks_is_rejected() {
    let (address, _server) = listen(drop);
    let mut ask = ask(address, None);
    ask.path = "/livez HTTP/1.0\r\nX: y".to_owned();
    assert_eq!(reason(&ask), r#""/livez HTTP/1.0\r\nX: y" cannot be part of a request"#);
}

#[test]
fn only_the_expected_certificate_is_accepted() {
    for version in [&TLS12, &TLS13] {
        let (address, server) = serve_version(version, |mut stream| {
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        });
        assert!(answer(&ask(address, Some("/server.crt"))).is_ok());
        server.join().unwrap();

        // The same key, name and subject: only the exact certificate is accepted.
        let (address, server) = serve_version(version, |mut stream| {
            stream.read_to_end(&mut Vec::new()).unwrap_err();
        });
        let reason = reason(&ask(address, Some("/another.crt")));
        assert_eq!(reason, "it presents a different certificate than /another.crt");
        server.join().unwrap();
    }
}

#[test]
fn an_unreadable_certificate_is_reported_before_connecting() {
    let unused = "127.0.0.1:1".parse().unwrap();
    assert_eq!(reason(&ask(unused, Some("/no.crt"))), "the API server's certificate /no.crt does not exist");
    let without = reason(&ask(unused, Some("/server.key")));
    assert!(without.starts_with("reading a certificate from /server.key: "), "{without}");
}

#[test]
fn a_client_certificate_is_presented_in_every_form_of_key() {
    let identity =
        |certificate: &str, key: &str| ClientIdentity { certificate: certificate.into(), key: key.into() };
    for (certificate, key) in [
        ("/kubelet-client-current.pem", "/kubelet-client-current.pem"),
        ("/apiserver-kubelet-client.crt", "/apiserver-kubelet-client.key"),
        ("/apiserver-kubelet-client.crt", "/apiserver-kubelet-client.pkcs8.key"),
    ] {
        let (address, server) = answering("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned());
        let mut ask = ask(address, Some("/server.crt"));
        ask.identity = Some(identity(certificate, key));
        assert!(answer(&ask).is_ok(), "{key}");
        let presented = server.join().unwrap().client;
        assert_eq!(presented, Node::at(testdata()).read_certificate(certificate.as_ref()).unwrap());
        assert!(presented.is_some());
    }

    let mut ask = ask("127.0.0.1:1".parse().unwrap(), None);
    for (certificate, key, expected) in [
        ("/no.crt", "/no.key", "/no.crt does not exist"),
        ("/server.crt", "/another.crt", "reading a key from /another.crt: "),
        (
            "/server.crt",
            "/apiserver-kubelet-client.key",
            "the key /apiserver-kubelet-client.key does not match the certificate /server.crt",
        ),
    ] {
        ask.identity = Some(identity(certificate, key));
        let reason = reason(&ask);
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[test]
fn a_slow_server_does_not_exceed_the_deadline() {
    fn drip(mut target: impl std::io::Write, bytes: &[u8]) {
        for byte in bytes.iter().cycle() {
            if target.write_all(&[*byte]).and_then(|()| target.flush()).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    let silent = listen(|mut socket| drop(socket.read_to_end(&mut Vec::new())));
    // The head of a TLS record that announces 16 KiB.
    let in_handshake = listen(|socket| drip(socket, b"\x16\x03\x03\x40\x00"));
    let in_head = serve(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\nX: ").unwrap();
        drip(stream, b"y");
    });
    for (address, server) in [silent, in_handshake, in_head] {
        let mut ask = ask(address, None);
        ask.timeout = Duration::from_millis(200);
        let begin = Instant::now();
        assert_eq!(reason(&ask), "timed out after 200ms");
        let took = begin.elapsed();
        assert!((ask.timeout..TIMEOUT / 10).contains(&took), "{took:?}");
        server.join().unwrap();
    }

    // The head is complete: this is an answer, with the part of the body that arrived in time.
    let (address, server) = serve(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
        drip(stream, b"x");
    });
    let mut ask = ask(address, None);
    ask.timeout = Duration::from_millis(200);
    let begin = Instant::now();
    assert!(answer(&ask).is_ok());
    assert!(begin.elapsed() < TIMEOUT / 10);
    server.join().unwrap();
}

#[test]
fn a_missing_answer_has_a_reason() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(reason(&ask(unused, None)), "connection refused");

    let (address, server) = listen(drop);
    assert_eq!(reason(&ask(address, None)), "it closed the connection without an answer");
    server.join().unwrap();

    let (address, server) = listen(|mut socket| {
        socket.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request").unwrap();
        drop(socket.read_to_end(&mut Vec::new()));
    });
    assert_eq!(reason(&ask(address, None)), "it does not speak TLS");
    server.join().unwrap();

    for (text, expected) in [
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(), "its answer is not HTTP: invalid HTTP version"),
        (String::new(), "it closed the connection without an answer"),
        ("HTTP/1.0 200".to_owned(), "it closed the connection without an answer"),
        (format!("HTTP/1.0 200 OK\r\nX: {}", "y".repeat(100_000)), "the headers of its answer exceed 16 KiB"),
    ] {
        let (address, server) = serve(move |mut stream| {
            read_request(&mut stream);
            // The client may close the connection first.
            let _ = stream.write_all(text.as_bytes());
        });
        assert_eq!(reason(&ask(address, None)), expected);
        server.join().unwrap();
    }
}

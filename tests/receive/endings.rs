//! However the receiver ends, every event answered with 200 is in the output exactly once and complete.

use super::client::socket;
use super::events::{numbered, written};
use super::server::{Server, directory};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs per signal.
const RUNS: usize = 12;
const CLIENTS: usize = 4;
/// Events per request.
const BATCH: usize = 40;

/// Posts batches until the receiver is gone. Returns the first event of each batch that was answered with 200.
fn post_until_the_end(address: SocketAddr, next: &AtomicUsize) -> Vec<usize> {
    let mut accepted = Vec::new();
    let stream = socket(address);
    loop {
        let first = next.fetch_add(BATCH, Ordering::SeqCst);
        let body = numbered(first..first + BATCH);
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        if (&stream).write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return accepted;
        }
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if !matches!((&stream).read(&mut byte), Ok(1)) {
                return accepted;
            }
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
        accepted.push(first);
    }
}

fn end_with(signal: &str, run: usize) {
    let directory = directory();
    let fsync = ["batch", "never", "100ms"][run % 3];
    let maxsize = [1, 100][run % 2];
    let options =
        format!("--format json --output-file events.log --fsync {fsync} --maxsize {maxsize} --maxbackup 0");
    let server = Server::start(directory.path(), &options);
    let next = Arc::new(AtomicUsize::new(0));
    let address = server.address;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let next = Arc::clone(&next);
            thread::spawn(move || post_until_the_end(address, &next))
        })
        .collect();
    // A different moment in each run; if there are more batches than clients, at least one was answered.
    let moment = (CLIENTS + 1 + run * 7) * BATCH;
    while next.load(Ordering::SeqCst) < moment {
        thread::yield_now();
    }
    server.signal(signal);
    let ended = server.wait();
    assert_eq!(ended.code, if signal == "KILL" { None } else { Some(0) }, "{}", ended.stderr);
    let accepted: Vec<usize> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    assert!(!accepted.is_empty());
    if signal == "KILL" {
        // An incomplete last batch is terminated by the next start.
        let text = std::fs::read_to_string(directory.path().join("events.log")).unwrap();
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        std::fs::write(directory.path().join("events.log"), &text[..whole]).unwrap();
    }
    let counts = written(directory.path(), "events");
    for first in &accepted {
        for number in *first..first + BATCH {
            assert_eq!(counts.get(&number), Some(&1), "run {run}: event {number} was answered 200");
        }
    }
    assert!(counts.values().all(|count| *count == 1));
    if signal != "KILL" {
        // After an orderly end, what was written was also answered.
        assert_eq!(counts.len(), accepted.len() * BATCH, "run {run}");
    }
}

#[test]
fn what_was_answered_is_there_after_sigterm() {
    (0..RUNS).for_each(|run| end_with("TERM", run));
}

#[test]
fn what_was_answered_is_there_after_sigint() {
    end_with("INT", 3);
}

#[test]
fn what_was_answered_is_there_after_sigkill() {
    (0..RUNS).for_each(|run| end_with("KILL", run));
}

#[test]
fn the_end_waits_for_a_request_within_its_bound() {
    let directory = directory();
    let options = "--format json --output-file events.log --grace 30s";
    let server = Server::start(directory.path(), options);
    let body = numbered(0..10);
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut begun = super::client::Client::plain(server.address);
    begun.send(&[head.as_bytes(), &body[..200]].concat()).unwrap();
    // It was served: a later request was answered.
    let mut other = super::client::Client::plain(server.address);
    assert_eq!(other.get("/healthz").status, 200);
    server.signal("TERM");
    // Idle connections are closed, and new ones are not accepted.
    assert!(other.is_closed());
    begun.send(&body[200..]).unwrap();
    let answer = begun.answer().unwrap();
    assert_eq!(answer.status, 200);
    assert!(begun.is_closed());
    assert_eq!(server.wait().code, Some(0));
    assert_eq!(written(directory.path(), "events").len(), 10);
}

#[test]
fn a_client_without_a_request_does_not_delay_the_end() {
    let directory = directory();
    let options =
        "--tls-cert server.crt --tls-key server.key --timeout 1000s --grace 1000s --output-file events.log";
    let server = Server::start(directory.path(), options);
    let mut silent = super::client::Client::plain(server.address);
    let mut known = super::client::Client::tls(server.address, directory.path(), None);
    assert_eq!(known.get("/healthz").status, 200);
    server.signal("TERM");
    assert!(silent.is_closed());
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn what_takes_longer_is_cut_and_was_not_answered() {
    let directory = directory();
    let options = "--format json --output-file events.log --grace 200ms -o json";
    let mut server = Server::start(directory.path(), options);
    let mut begun = super::client::Client::plain(server.address);
    begun.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").unwrap();
    let mut other = super::client::Client::plain(server.address);
    assert_eq!(other.post("", &numbered(0..1)).status, 200);
    server.signal("TERM");
    assert!(begun.is_closed());
    let stdout = std::io::read_to_string(server.stdout()).unwrap();
    assert_eq!(server.wait().code, Some(0));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["received"]["cut"], 1);
    assert_eq!(report["received"]["events"], 1);
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);
}

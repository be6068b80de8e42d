//! However it ends: what was answered 200 is there, once, and whole.

use super::client::socket;
use super::events::{numbered, written};
use super::server::{Server, directory};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs for each signal.
const RUNS: usize = 12;
const CLIENTS: usize = 4;
/// Events of a request.
const BATCH: usize = 40;

/// Posts batch after batch until the receiver is gone, and returns the first event of each that was answered 200.
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
    // Another moment of the work in each run; when there are more batches than clients, one was answered.
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
        // What the kernel had of the last batch, perhaps in part, is put on lines of its own by the next start.
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
        // In order, what was written was answered.
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
    // It is served: another request after it was.
    let mut other = super::client::Client::plain(server.address);
    assert_eq!(other.get("/healthz").status, 200);
    server.signal("TERM");
    // Idle connections are closed, and no new one is taken.
    assert!(other.is_closed());
    begun.send(&body[200..]).unwrap();
    let answer = begun.answer().unwrap();
    assert_eq!(answer.status, 200);
    assert!(begun.is_closed());
    assert_eq!(server.wait().code, Some(0));
    assert_eq!(written(directory.path(), "events").len(), 10);
}

#[test]
fn who_has_not_begun_holds_nothing_up() {
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

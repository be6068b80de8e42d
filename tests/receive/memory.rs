//! Memory of the receiver: constant over many batches, and small for rejected requests.

use super::client::{Client, socket};
use super::clients::head;
use super::events::{numbered, written};
use super::server::{Server, directory};
use std::io::{Read as _, Write as _};

/// The allowed growth between two measurements, in KiB.
const GROWTH: u64 = 2 << 10;
const BATCH: usize = 400;
const CLIENTS: usize = 4;

#[test]
fn memory_is_flat() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log --fsync never");
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::plain(server.address)).collect();
    let mut batches = 0;
    let mut post = |count: usize| {
        for _ in 0..count / CLIENTS {
            for client in &mut clients {
                let body = numbered(batches * BATCH..(batches + 1) * BATCH);
                client.send(&[head(body.len()).as_bytes(), &body].concat()).unwrap();
                batches += 1;
            }
            for client in &mut clients {
                assert_eq!(client.answer().unwrap().status, 200);
            }
        }
    };
    post(20);
    let before = server.peak_memory();
    post(80);
    let after = server.peak_memory();
    assert!(after < before + GROWTH, "{before} KiB after 20 batches, {after} KiB after 100");
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 100 * BATCH);
}

/// The minimal size of an event.
const LEAST: &str = r#"{"auditID":"a","level":"Request","stage":"Panic"}"#;

#[test]
fn a_body_of_many_items_takes_a_few_times_its_length() {
    const LENGTH: usize = 6 << 20;
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log --fsync never");
    let mut client = Client::plain(server.address);
    let mut post = |item: &str| {
        let items = vec![item; LENGTH / (item.len() + 1)].join(",");
        let body = format!(
            r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":[{items}]}}"#
        );
        client.post("", body.as_bytes()).status
    };
    assert_eq!(post("{}"), 422);
    assert_eq!(post(LEAST), 200);
    // The body, its lines, which add the type of each event, and the same again while a buffer grows.
    let peak = server.peak_memory();
    assert!(peak < 8 * (LENGTH as u64 >> 10), "{peak} KiB");
    server.stop();
}

#[test]
fn a_body_of_100_mb_is_refused_and_takes_no_memory() {
    const PART: usize = 1 << 20;
    let directory = directory();
    let options = "--max-body 1000000 --format json --output-file events.log";
    let server = Server::start(directory.path(), options);
    assert_eq!(Client::plain(server.address).post("", &numbered(0..1)).status, 200);
    let before = server.peak_memory();
    // With an announced length, and in chunks.
    let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    for (head, frame) in [(head(100 * PART), ("", "")), (chunked, ("100000\r\n", "\r\n"))] {
        let stream = socket(server.address);
        (&stream).write_all(head.as_bytes()).unwrap();
        let part = [frame.0.as_bytes(), &vec![b' '; PART], frame.1.as_bytes()].concat();
        // Closed after the answer.
        let taken = (0..100).take_while(|_| (&stream).write_all(&part).is_ok()).count();
        assert!(taken < 100);
        let mut answer = [0; 12];
        if (&stream).read_exact(&mut answer).is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 413");
        }
    }
    let after = server.peak_memory();
    assert!(after < before + 1000 + GROWTH, "{before} KiB before, {after} KiB after");
    let metrics = Client::plain(server.address).get("/metrics").body;
    assert!(metrics.contains("\nkaudit_receive_rejected_total{reason=\"too_large\"} 2\n"), "{metrics}");
    assert_eq!(Client::plain(server.address).post("", &numbered(1..2)).status, 200);
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 2);
}

//! The event file: rotation, incomplete lines, a full disk, repeated bodies.

use super::client::Client;
use super::events::{event, files, list, numbered, written};
use super::server::{Server, directory};
use serde_json::json;
use std::fs;
use std::io::Read as _;
use std::ops::Range;
use std::thread;
use std::time::Duration;

const MEGABYTE: u64 = 1 << 20;

#[test]
fn a_file_is_rotated_before_it_is_too_large() {
    let directory = directory();
    for (options, form) in [("--maxbackup 0", "json"), ("--maxbackup 2", "csv")] {
        let name = format!("{form}.log");
        let options = format!("--format {form} --output-file {name} --maxsize 1 {options}");
        let server = Server::start(directory.path(), &options);
        let mut client = Client::plain(server.address);
        for batch in 0..60 {
            let numbers = batch * 100..batch * 100 + 100;
            assert_eq!(client.post("", &numbered(numbers)).status, 200);
        }
        let metrics = client.get("/metrics").body;
        server.stop();
        let files = files(directory.path(), form);
        let sizes: Vec<u64> = files.iter().map(|path| fs::metadata(path).unwrap().len()).collect();
        assert!(sizes.iter().all(|size| *size <= MEGABYTE), "{sizes:?}");
        if form == "json" {
            assert!(metrics.contains(&format!("\nkaudit_receive_rotations_total {}\n", files.len() - 1)));
            let counts = written(directory.path(), form);
            assert!(counts.into_iter().eq((0..6000).map(|number| (number, 1))));
            // Each is full: one more batch would have exceeded the limit.
            let (full, _) = sizes.split_at(sizes.len() - 1);
            assert!(full.iter().all(|size| *size > MEGABYTE - 100_000), "{sizes:?}");
        } else {
            assert_eq!(files.len(), 1 + usize::from(sizes.len() > 1) * (sizes.len() - 1).min(2));
            for path in &files {
                let text = fs::read_to_string(path).unwrap();
                assert_eq!(text.matches("time,level,stage").count(), 1, "{}", path.display());
                assert!(text.starts_with("time,level,stage"));
            }
        }
    }
}

#[test]
fn a_batch_that_is_larger_than_a_file_has_one_for_itself() {
    let directory = directory();
    let options = "--format json --output-file events.log --maxsize 1";
    let server = Server::start(directory.path(), options);
    let mut client = Client::plain(server.address);
    let mut large = event(1);
    large["requestObject"] = json!("x".repeat(3_000_000));
    for body in [numbered(0..1), list(&[large]), numbered(2..3)] {
        assert_eq!(client.post("", &body).status, 200);
    }
    server.stop();
    assert_eq!(files(directory.path(), "events").len(), 3);
    assert!(written(directory.path(), "events").into_iter().eq((0..3).map(|number| (number, 1))));
}

#[test]
fn what_is_there_already_stays() {
    let directory = directory();
    let path = directory.path().join("events.log");
    fs::write(&path, "{\"auditID\":\"torn").unwrap();
    for number in 0..2 {
        let server = Server::start(directory.path(), "--format json --output-file events.log");
        assert_eq!(Client::plain(server.address).post("", &numbered(std::iter::once(number))).status, 200);
        server.stop();
    }
    let text = fs::read_to_string(&path).unwrap();
    let (torn, rest) = text.split_once('\n').unwrap();
    assert_eq!(torn, "{\"auditID\":\"torn");
    fs::write(&path, rest).unwrap();
    assert!(written(directory.path(), "events").into_iter().eq([(0, 1), (1, 1)]));
}

#[test]
fn a_full_disk_leaves_complete_events_and_recovers() {
    for fsync in ["batch", "never"] {
        let directory = directory();
        // The limit of the file size fails a write like a full disk: after a part of it.
        let options = format!("--format json --output-file events.log --fsync {fsync}");
        let server = Server::start_after(directory.path(), "trap '' XFSZ; ulimit -f 100", &options);
        let mut client = Client::plain(server.address);
        assert_eq!(client.post("", &numbered(0..20)).status, 200);
        let refused = client.post("", &numbered(20..400));
        assert_eq!(refused.status, 503);
        assert!(refused.head.contains(&"retry-after: 1".to_owned()), "{refused:?}");
        // It is not remembered as written: it fails again.
        assert_eq!(client.post("", &numbered(20..400)).status, 503);
        assert_eq!(client.post("", &numbered(20..30)).status, 200);
        let metrics = client.get("/metrics").body;
        assert!(metrics.contains("\nkaudit_receive_write_failures_total 2\n"), "{metrics}");
        let ended = server.stop();
        assert_eq!(ended.code, Some(0));
        assert!(ended.stderr.contains("writing events.log: File too large"), "{}", ended.stderr);
        assert!(written(directory.path(), "events").into_iter().eq((0..30).map(|number| (number, 1))));
    }
}

#[test]
fn a_body_that_comes_again_is_written_once() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log --fsync batch");
    let body = numbered(0..50);
    let address = server.address;
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let body = body.clone();
            thread::spawn(move || Client::plain(address).post("", &body).status)
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 200);
    }
    let mut client = Client::plain(address);
    assert_eq!(client.post("", &body).status, 200);
    // The same auditID, which clients of the API server can choose, with a different event.
    let mut other = event(0);
    other["verb"] = json!("delete");
    assert_eq!(client.post("", &list(&[other])).status, 200);
    let metrics = client.get("/metrics").body;
    assert!(metrics.contains("\nkaudit_receive_repeated_batches_total 8\n"), "{metrics}");
    server.stop();
    let counts = written(directory.path(), "events");
    assert!(counts.into_iter().eq((0..50).map(|number| (number, if number == 0 { 2 } else { 1 }))));
}

#[test]
fn nothing_is_remembered_where_that_is_asked() {
    let directory = directory();
    let options = "--format json --output-file events.log --remember 0";
    let server = Server::start(directory.path(), options);
    let mut client = Client::plain(server.address);
    for _ in 0..2 {
        assert_eq!(client.post("", &numbered(0..1)).status, 200);
    }
    server.stop();
    assert_eq!(written(directory.path(), "events")[&0], 2);
}

#[test]
fn a_file_renamed_by_another_program_is_reopened() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log");
    let mut client = Client::plain(server.address);
    assert_eq!(client.post("", &numbered(0..1)).status, 200);
    fs::rename(directory.path().join("events.log"), directory.path().join("renamed.log")).unwrap();
    assert_eq!(client.post("", &numbered(1..2)).status, 200);
    server.signal("HUP");
    while !directory.path().join("events.log").exists() {
        thread::yield_now();
    }
    assert_eq!(client.post("", &numbered(2..3)).status, 200);
    server.stop();
    assert!(written(directory.path(), "renamed").into_iter().eq([(0, 1), (1, 1)]));
    assert!(written(directory.path(), "events").into_iter().eq([(2, 1)]));
}

#[test]
fn without_a_reader_it_ends_and_says_so() {
    let directory = directory();
    let mut server = Server::start(directory.path(), "--format json");
    let mut stdout = server.stdout();
    let mut client = Client::plain(server.address);
    assert_eq!(client.post("", &numbered(0..1)).status, 200);
    let mut first = [0; 1];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    // A process that another test has just forked may hold the pipe open until it executes its program.
    let answers = (1..100).map(|number| {
        thread::sleep(Duration::from_millis(20));
        client.post("", &numbered(Range { start: number, end: number + 1 })).status
    });
    assert_eq!(answers.into_iter().find(|status| *status != 200), Some(503));
    let ended = server.wait();
    assert_eq!(ended.code, Some(5));
    assert!(ended.stderr.contains("writing to standard output: Broken pipe"), "{}", ended.stderr);
}

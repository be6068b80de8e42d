//! Many concurrent clients, some of which hold connections or memory without using them: all others are served.

use super::client::Client;
use super::clients::head;
use super::events::{list, numbered, written};
use super::server::{Server, directory};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;

/// Longer than a client in these tests waits: a client that depends on this timeout fails.
const LATE: &str = "--timeout 300s";

/// Allows this process some thousand connections.
fn allow_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

#[test]
fn a_thousand_silent_connections_do_not_block_others() {
    allow_files();
    let directory = directory();
    let options = format!("{LATE} --max-connections 300 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let idle: Vec<_> = (0..1000).map(|_| Client::plain(server.address)).collect();
    // Some of the silent clients must be closed for it.
    let mut client = Client::plain(server.address);
    assert_eq!(client.post("", &numbered(0..1)).status, 200);
    drop(idle);
    assert_eq!(client.post("", &numbered(1..2)).status, 200);
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(written(directory.path(), "events").len(), 2);
}

#[test]
fn many_bodies_at_once_wait_for_room() {
    let directory = directory();
    let options = "--max-body 100000 --format json --output-file events.log";
    let server = Server::start(directory.path(), options);
    // Ten times the memory budget, each paused until all have started.
    let bodies: Vec<Vec<u8>> = (0..40).map(|index| numbered(index * 150..index * 150 + 150)).collect();
    let mut clients: Vec<Client> = Vec::new();
    for body in &bodies {
        let mut client = Client::plain(server.address);
        client.send(&[head(body.len()).as_bytes(), &body[..1000]].concat()).unwrap();
        clients.push(client);
    }
    for (client, body) in clients.iter_mut().zip(&bodies) {
        client.send(&body[1000..]).unwrap();
    }
    for client in &mut clients {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 6000);
}

#[test]
fn a_thousand_clients_at_once_are_all_served() {
    allow_files();
    let directory = directory();
    let options = "--max-connections 1000 --format json --output-file events.log";
    let server = Server::start(directory.path(), options);
    let mut clients: Vec<Client> = (0..1000).map(|_| Client::plain(server.address)).collect();
    for round in 0..2 {
        let bodies: Vec<Vec<u8>> = (0..1000)
            .map(|index| (round * 1000 + index) * 3)
            .map(|first| numbered(first..first + 3))
            .collect();
        for (client, body) in clients.iter_mut().zip(&bodies) {
            client.send(&[head(body.len()).as_bytes(), &body[..100]].concat()).unwrap();
        }
        for (client, body) in clients.iter_mut().zip(&bodies) {
            client.send(&body[100..]).unwrap();
        }
        assert_all_answered(&mut clients);
    }
    assert_eq!(server.stop().code, Some(0));
    assert_each_once(directory.path(), 6000);
}

#[test]
fn clients_beyond_the_places_are_served_in_turn() {
    allow_files();
    let directory = directory();
    let options = format!("{LATE} --max-connections 200 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    // All connections stay open, and answered ones give their slots to others.
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..1000 {
        let mut client = Client::plain(server.address);
        let body = numbered(number..=number);
        client.send(&[head(body.len()).as_bytes(), &body].concat()).unwrap();
        clients.push(client);
    }
    assert_all_answered(&mut clients);
    assert_eq!(server.stop().code, Some(0));
    assert_each_once(directory.path(), 1000);
}

fn assert_all_answered(clients: &mut [Client]) {
    for client in clients {
        assert_eq!(client.answer().unwrap().status, 200);
    }
}

/// Checks that the events with numbers below `count` were written exactly once.
fn assert_each_once(directory: &Path, count: usize) {
    assert!(written(directory, "events").into_iter().eq((0..count).map(|number| (number, 1))));
}

#[test]
fn untrusteds_keep_no_places() {
    let directory = directory();
    let options =
        format!("{LATE} --token-file token --max-connections 3 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let mut untrusteds: Vec<Client> = (0..3).map(|_| Client::plain(server.address)).collect();
    for (untrusted, ask) in untrusteds.iter_mut().zip([
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ]) {
        let answer = untrusted.request(ask);
        assert!(answer.head.contains(&"connection: close".to_owned()), "{answer:?}");
        assert!(untrusted.is_closed());
    }
    // An authenticated client keeps its connection while no other client needs it.
    let right = "Authorization: Bearer geheim\r\n";
    let mut known: Vec<Client> = (0..3).map(|_| Client::plain(server.address)).collect();
    for client in &mut known {
        assert_eq!(client.post(right, &list(&[])).status, 200);
        assert_eq!(client.get("/healthz").status, 200);
    }
    assert_eq!(Client::plain(server.address).post(right, &numbered(0..1)).status, 200);
    assert_eq!(known.iter_mut().filter_map(|client| client.is_open().then_some(())).count(), 2);
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 1);
}

#[test]
fn a_client_that_reads_no_answers_loses_its_slot() {
    let directory = directory();
    let options = format!("{LATE} --max-connections 1 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let mut deaf = Client::plain(server.address);
    deaf.send_until_full("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000).as_bytes());
    assert_eq!(Client::plain(server.address).post("", &numbered(0..1)).status, 200);
    server.stop();
    assert_eq!(written(directory.path(), "events").len(), 1);
}

#[test]
fn announced_bytes_take_no_memory() {
    let directory = directory();
    let options = format!("{LATE} --max-body 4000000 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let mut slow: Vec<Client> = (0..100).map(|_| Client::plain(server.address)).collect();
    for client in &mut slow {
        client.send(&[head(4_000_000).as_bytes(), b"{"].concat()).unwrap();
    }
    assert_others_are_served(server, slow, directory.path());
}

#[test]
fn an_incomplete_large_body_gives_its_memory_to_others() {
    let directory = directory();
    let options = format!("{LATE} --max-body 4000000 --format json --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let begun = [head(4_000_000).into_bytes(), vec![b' '; 3_000_000]].concat();
    // More than the memory budget.
    let mut slow: Vec<Client> = (0..6).map(|_| Client::plain(server.address)).collect();
    for client in &mut slow {
        client.send_until_full(&begun);
    }
    assert_others_are_served(server, slow, directory.path());
}

/// Another client sends a small body and a large one next to the `slow` ones; then the server ends.
fn assert_others_are_served(server: Server, slow: Vec<Client>, directory: &Path) {
    let mut honest = Client::plain(server.address);
    assert_eq!(honest.post("", &numbered(0..1)).status, 200);
    assert_eq!(honest.post("", &numbered(1..4000)).status, 200);
    drop(slow);
    server.stop();
    assert_each_once(directory, 4000);
}

//! A client that creates and deletes `ConfigMap`s, each with a number, each request with an `Audit-ID` of its own.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, ensure};

use super::connection::{Answer, Connection, Failure, Request};
use super::{COLLECTION, Signal};
use crate::e2e::client::Client;

/// From one request to the next.
const PERIOD: Duration = Duration::from_millis(80);
/// As an impatient program would wait.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A writer.
pub(super) struct Writer {
    pub(super) client: Client,
    /// What the names of its `ConfigMap`s begin with.
    pub(super) prefix: String,
    /// Whether it uses a connection as long as it is kept.
    pub(super) keeps: bool,
    pub(super) kept: Option<Connection>,
    pub(super) written: Written,
}

/// What a writer has done.
#[derive(Default)]
pub(super) struct Written {
    pub(super) requests: u32,
    /// When a request failed, from the beginning, and why.
    pub(super) failures: Vec<(Duration, String)>,
    /// How often a kept connection was closed, and the request made on another.
    pub(super) redials: u32,
    /// `ConfigMap`s.
    pub(super) created: u64,
    /// The `Audit-ID` of each request that succeeded.
    pub(super) identifiers: Vec<String>,
}

impl Writer {
    /// Writes until told to stop, and after the last deletion.
    ///
    /// # Errors
    ///
    /// When the node has ended.
    pub(super) fn run(mut self, stop: &Signal, begin: Instant) -> Result<Written> {
        self.client.enter_network()?;
        let mut number = 0;
        while !stop.is_given() {
            let name = format!("{}{number}", self.prefix);
            let body = format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#);
            if self.request(begin, "POST", COLLECTION, &format!("{name}-create"), &body, 201) {
                self.written.created += 1;
                self.request(
                    begin,
                    "DELETE",
                    &format!("{COLLECTION}/{name}"),
                    &format!("{name}-delete"),
                    "",
                    200,
                );
            }
            number += 1;
        }
        Ok(self.written)
    }

    fn request(
        &mut self,
        begin: Instant,
        method: &str,
        path: &str,
        id: &str,
        body: &str,
        status: u16,
    ) -> bool {
        let asked = begin.elapsed();
        let request = Request { method, path, identifier: id, body, keep: self.keeps };
        let result = self.exchange(&request).and_then(|Answer { head, body }| {
            ensure!(head.status == status, "status {}: {body}", head.status);
            Ok(())
        });
        self.written.requests += 1;
        let is_done = result.is_ok();
        match result {
            Ok(()) => self.written.identifiers.push(id.to_owned()),
            Err(error) => self.written.failures.push((asked, format!("{id}: {error:#}"))),
        }
        thread::sleep((asked + PERIOD).saturating_sub(begin.elapsed()));
        is_done
    }

    /// On the kept connection, or once more on a new one where the server has closed that: as every client does, and may,
    /// as a request without a byte of an answer was not read.
    fn exchange(&mut self, request: &Request<'_>) -> Result<Answer> {
        if let Some(mut kept) = self.kept.take() {
            match kept.exchange(request) {
                // Refused by a server that ends, which says so.
                Ok(answer) if answer.head.status == 503 && answer.head.again => self.written.redials += 1,
                Ok(answer) => return Ok(self.keep(kept, answer)),
                Err(Failure::Closed) => self.written.redials += 1,
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        let mut connection = Connection::open(&self.client, ANSWER_LIMIT)?;
        let answer = connection.exchange(request).map_err(Error::from)?;
        Ok(self.keep(connection, answer))
    }

    fn keep(&mut self, connection: Connection, answer: Answer) -> Answer {
        if self.keeps && !answer.head.closes {
            self.kept = Some(connection);
        }
        answer
    }
}

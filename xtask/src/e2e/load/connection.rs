//! One HTTP/1.1 connection to the API server, for several consecutive requests or for one endless response.

use std::fmt;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow, ensure};

use super::incoming::{Head, Incoming};
use crate::e2e::client::{Client, Stream};
use crate::node::configuration::ADDRESS;

/// A connection.
pub(super) struct Connection {
    stream: Stream,
    incoming: Incoming,
}

/// A request to the API server.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Its `Audit-ID`.
    pub(super) identifier: &'a str,
    /// JSON, or nothing.
    pub(super) body: &'a str,
    /// Whether the connection is kept for a further request.
    pub(super) keep: bool,
}

/// A complete response.
pub(super) struct Answer {
    pub(super) head: Head,
    pub(super) body: String,
}

/// Why there is no response.
pub(super) enum Failure {
    /// The server has closed the connection before the first byte of an answer.
    Closed,
    /// Something else.
    Other(Error),
}

/// The result of reading further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Something,
    Nothing,
    End,
}

impl Connection {
    /// Connects. No operation on the connection may take longer than `limit`.
    ///
    /// # Errors
    ///
    /// When no process listens.
    pub(super) fn open(client: &Client, limit: Duration) -> Result<Connection> {
        Ok(Connection { stream: client.connect(limit)?, incoming: Incoming::default() })
    }

    /// Sends a request, and reads the complete response.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn exchange(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        let head = self.ask(request)?;
        let mut body = String::new();
        loop {
            if let Some(more) = self.incoming.body(&head)? {
                body.push_str(&more);
                if self.incoming.is_complete(&head) {
                    self.incoming.finish();
                    return Ok(Answer { head, body });
                }
            }
            match self.read()? {
                Read::Something => {}
                Read::Nothing => return Err(Failure::Other(anyhow!("no end of the answer in time"))),
                Read::End => return Err(Failure::Other(anyhow!("the answer breaks off: {body}"))),
            }
        }
    }

    /// Sends a request, and reads only the head of the response.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn ask(&mut self, request: &Request<'_>) -> Result<Head, Failure> {
        let Request { method, path, identifier, body, keep } = request;
        let kept = if *keep { "keep-alive" } else { "close" };
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {ADDRESS}:6443\r\nConnection: {kept}\r\nAudit-ID: {identifier}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()).map_err(failure)?;
        loop {
            if let Some(head) = self.incoming.head()? {
                return Ok(head);
            }
            match self.read()? {
                Read::Something => {}
                Read::Nothing => return Err(Failure::Other(anyhow!("no answer in time"))),
                Read::End if self.incoming.is_empty() => return Err(Failure::Closed),
                Read::End => return Err(Failure::Other(anyhow!("the answer breaks off in its head"))),
            }
        }
    }

    /// The next line of an answer's body; none where it has not come yet: [`Connection::read`] on then.
    ///
    /// # Errors
    ///
    /// When what comes is not HTTP.
    pub(super) fn line(&mut self, head: &Head) -> Result<Option<String>> {
        self.incoming.line(head)
    }

    /// Reads what comes next, as long as the connection's limit.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub(super) fn read(&mut self) -> Result<Read, Failure> {
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part) {
            Ok(0) => Ok(Read::End),
            Ok(length) => {
                self.incoming.add(part.get(..length).unwrap_or_default());
                Ok(Read::Something)
            }
            Err(error) if is_late(&error) => Ok(Read::Nothing),
            // What had come before is not lost.
            Err(error) if is_closed(&error) => Ok(Read::End),
            Err(error) => Err(Failure::Other(error.into())),
        }
    }
}

/// Asks on a connection of its own, and expects `status`.
///
/// # Errors
///
/// When the answer is another one, or none.
pub(super) fn ask_once(
    client: &Client,
    request: &Request<'_>,
    status: u16,
    limit: Duration,
) -> Result<String> {
    let Request { method, path, .. } = request;
    let answer = Connection::open(client, limit)?.exchange(request).map_err(Error::from);
    let Answer { head, body } = answer.with_context(|| format!("{method} {path}"))?;
    ensure!(head.status == status, "{method} {path}: status {}: {body}", head.status);
    Ok(body)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Other(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Closed => anyhow!("closed by the server"),
            Failure::Other(error) => error,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Closed => formatter.write_str("closed by the server"),
            Failure::Other(error) => write!(formatter, "{error:#}"),
        }
    }
}

fn failure(error: io::Error) -> Failure {
    if is_closed(&error) { Failure::Closed } else { Failure::Other(error.into()) }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::UnexpectedEof
    )
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

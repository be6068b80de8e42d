//! One request → its answer.

use super::token::Tokens;
use super::writer::{Ending, Message, Orders, Work};
use crate::digest::sha256;
use crate::receive::{Form, Metrics, Rejection, read, write};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderValue,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// Room in memory is given out in pieces of this many bytes: a semaphore counts to 2^32 or less on some machines.
const PIECE: usize = 1024;
/// What is read of the body of a request that is refused anyway: a client that is still sending it would find the connection
/// cut instead of an answer.
const DRAIN_MOST: usize = 256 << 10;
/// How long.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// When to try again, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("1");

/// What all requests share.
pub(super) struct Desk {
    pub(super) tokens: Option<RefCell<Tokens>>,
    pub(super) needs_certificate: bool,
    pub(super) max_body: usize,
    pub(super) timeout: Duration,
    pub(super) form: Form,
    pub(super) orders: Orders,
    pub(super) metrics: Arc<Metrics>,
    pub(super) messages: UnboundedSender<Message>,
    /// Bytes of bodies that may be under way, in pieces.
    pub(super) room: Arc<Semaphore>,
}

/// What the connection knows of its client.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// It has shown a certificate of an authority that is accepted.
    pub(super) has_certificate: bool,
    /// It has sent the head of a request.
    pub(super) has_asked: Cell<bool>,
}

/// Pieces for `bytes`, at least one.
pub(super) fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE).max(1)).unwrap_or(u32::MAX)
}

impl Desk {
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>, client: &Client) -> Response<Full<Bytes>> {
        client.has_asked.set(true);
        let (head, body) = request.into_parts();
        let method = &head.method;
        let is_get = method == Method::GET || method == Method::HEAD;
        let outcome = match head.uri.path() {
            "/healthz" if is_get => return text("ok\n".to_owned()),
            "/metrics" if is_get => match self.admit(&head.headers, client) {
                Ok(()) => return text(self.metrics.render()),
                Err(rejection) => Err((rejection, Some(body))),
            },
            "/healthz" | "/metrics" => Err((Rejection::Method, Some(body))),
            _ if is_get => Err((Rejection::NotFound, Some(body))),
            _ if method != Method::POST => Err((Rejection::Method, Some(body))),
            _ => self.take(&head.headers, body, client).await,
        };
        let Err((rejection, body)) = outcome else {
            return Response::new(Full::default());
        };
        self.metrics.reject(rejection);
        if let Some(body) = body
            && !head.headers.contains_key(EXPECT)
        {
            drain(body).await;
        }
        refuse(rejection, is_get)
    }

    /// Whether the client may speak.
    fn admit(&self, headers: &hyper::HeaderMap, client: &Client) -> Result<(), Rejection> {
        if self.needs_certificate && !client.has_certificate {
            return Err(Rejection::NoCertificate);
        }
        let Some(tokens) = &self.tokens else { return Ok(()) };
        let mut tokens = tokens.borrow_mut();
        if let Err(error) = tokens.refresh() {
            let text = format!("the tokens from before stay in force: {error:#}");
            // Nobody listens any more: the run ends.
            drop(self.messages.send(Message::Say(text)));
        }
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        if tokens.accept(given) { Ok(()) } else { Err(Rejection::WrongToken) }
    }

    /// Takes the events of a body. What is refused before its end comes back with the body.
    async fn take(
        &self,
        headers: &hyper::HeaderMap,
        body: Incoming,
        client: &Client,
    ) -> Result<(), (Rejection, Option<Incoming>)> {
        let length = match self.judge_head(headers, client) {
            Ok(length) => length,
            Err(rejection) => return Err((rejection, Some(body))),
        };
        // All at once and before anything is read: bodies that each wait for the others' room would wait for ever.
        let room = Arc::clone(&self.room).acquire_many_owned(pieces(length));
        let Ok(Ok(room)) = timeout(self.timeout, room).await else {
            return Err((Rejection::Busy, Some(body)));
        };
        let bytes = match timeout(self.timeout, collect(body, length)).await {
            Ok(collected) => collected?,
            Err(_) => return Err((Rejection::Slow, None)),
        };
        self.write(bytes, room).await.map_err(|rejection| (rejection, None))
    }

    /// The most bytes that the body may have, after all that can be judged without it.
    fn judge_head(&self, headers: &hyper::HeaderMap, client: &Client) -> Result<usize, Rejection> {
        self.admit(headers, client)?;
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Rejection::Encoded);
        }
        // hyper has refused what is no number; without one the body comes in chunks.
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        match length {
            Some(length) if length > self.max_body => Err(Rejection::TooLarge),
            length => Ok(length.unwrap_or(self.max_body)),
        }
    }

    async fn write(&self, body: Vec<u8>, room: OwnedSemaphorePermit) -> Result<(), Rejection> {
        let (done, told) = oneshot::channel();
        let Some(work) = self.prepare(&body, room, done)? else { return Ok(()) };
        // Its events are in `work` now, which may have to wait.
        drop(body);
        if !self.orders.write(work) {
            return Err(Rejection::NotWritten);
        }
        match told.await {
            Ok(Ending::Written) => Ok(()),
            Ok(Ending::Failed) | Err(_) => Err(Rejection::NotWritten),
        }
    }

    /// What there is to write of a body; `None`: nothing.
    fn prepare(
        &self,
        body: &[u8],
        room: OwnedSemaphorePermit,
        done: oneshot::Sender<Ending>,
    ) -> Result<Option<Work>, Rejection> {
        let batch = read(body)?;
        if batch.events.is_empty() {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(body.len());
        write(&batch, &self.form, &mut bytes);
        let (events, unreadable) = (batch.events.len(), batch.unreadable());
        Ok(Some(Work { bytes, events, unreadable, digest: sha256(body), room, done }))
    }
}

/// The whole body, which has `most` bytes at most.
async fn collect(mut body: Incoming, most: usize) -> Result<Vec<u8>, (Rejection, Option<Incoming>)> {
    // It grows with what comes: who only announces much gets nothing.
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err((Rejection::Cut, None)) };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len().saturating_add(data.len()) > most {
            return Err((Rejection::TooLarge, Some(body)));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Reads on for a moment, and throws it away.
async fn drain(mut body: Incoming) {
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > DRAIN_MOST {
                break;
            }
        }
    };
    // Whether it came to the end or not, the answer is the same.
    let _ = timeout(DRAIN_TIME, read).await;
}

fn text(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn refuse(rejection: Rejection, was_get: bool) -> Response<Full<Bytes>> {
    let mut response = text(format!("{rejection}\n"));
    *response.status_mut() =
        StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    match rejection {
        Rejection::Method if was_get => {}
        Rejection::Method => drop(headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"))),
        Rejection::WrongToken => {
            drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        Rejection::Busy | Rejection::NotWritten => drop(headers.insert(RETRY_AFTER, RETRY)),
        _ => {}
    }
    // A stranger's connection is not kept, nor one whose next request begins nobody knows where.
    let is_lost = matches!(rejection, Rejection::TooLarge | Rejection::Slow | Rejection::Cut);
    if rejection.is_of_stranger() || is_lost {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

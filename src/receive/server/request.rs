//! Handling of one request.

use super::connection_slots::{ConnectionSlots, Idle};
use super::memory_budget::{MemoryBudget, Pace, Reservation};
use super::token::Tokens;
use super::writer::{Commands, Ending, Message, Work};
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
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};
use tokio::time::{timeout, timeout_at};

/// How much of a rejected request's body is still read: a client that is sending would otherwise see a closed
/// connection instead of an answer.
const DRAIN_MOST: usize = 256 << 10;
/// How long such a body is read.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// The value of Retry-After, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("1");
/// Ends the connection with this answer.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The state that all requests share.
pub(super) struct ServerState {
    pub(super) tokens: Option<RefCell<Tokens>>,
    pub(super) needs_certificate: bool,
    pub(super) max_body: usize,
    pub(super) timeout: Duration,
    pub(super) form: Form,
    pub(super) commands: Commands,
    pub(super) metrics: Arc<Metrics>,
    pub(super) messages: UnboundedSender<Message>,
    /// Memory for bodies in progress.
    pub(super) memory: MemoryBudget,
    /// The slots of connections.
    pub(super) slots: Rc<ConnectionSlots>,
}

/// The state of a connection's client.
#[derive(Default)]
pub(super) struct Client {
    /// The client presented a certificate of an accepted authority.
    pub(super) has_certificate: Cell<bool>,
    /// The client sent the head of a request.
    pub(super) has_asked: Cell<bool>,
    /// The client sent an authenticated request.
    is_admitted: Cell<bool>,
    /// Set while no request is in progress.
    idle: RefCell<Option<Idle>>,
    /// Tells the connection to end, because another one needs its slot.
    pub(super) leave: Rc<Notify>,
}

impl Client {
    /// Marks the connection as idle.
    pub(super) fn set_idle(&self, slots: &Rc<ConnectionSlots>) {
        self.idle.replace(Some(slots.idle(self.is_admitted.get(), &self.leave)));
    }

    /// Whether the connection is idle.
    pub(super) fn is_idle(&self) -> bool {
        self.idle.borrow().is_some()
    }
}

impl ServerState {
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>, client: &Client) -> Response<Full<Bytes>> {
        client.has_asked.set(true);
        client.idle.take();
        let mut response = self.respond(request, client).await;
        // An unauthenticated client could otherwise keep its slot forever with requests of /healthz.
        if !client.is_admitted.get() {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        client.set_idle(&self.slots);
        response
    }

    async fn respond(&self, request: Request<Incoming>, client: &Client) -> Response<Full<Bytes>> {
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

    /// Authenticates the client.
    fn admit(&self, headers: &hyper::HeaderMap, client: &Client) -> Result<(), Rejection> {
        if self.needs_certificate && !client.has_certificate.get() {
            return Err(Rejection::NoCertificate);
        }
        if !self.accept_token(headers) {
            return Err(Rejection::WrongToken);
        }
        client.is_admitted.set(true);
        Ok(())
    }

    fn accept_token(&self, headers: &hyper::HeaderMap) -> bool {
        let Some(tokens) = &self.tokens else { return true };
        let mut tokens = tokens.borrow_mut();
        if let Err(error) = tokens.refresh() {
            let text = format!("keeping the previous tokens: {error:#}");
            // The receiver is gone only when the server ends.
            drop(self.messages.send(Message::Say(text)));
        }
        tokens.accept(headers.get(AUTHORIZATION).map(HeaderValue::as_bytes))
    }

    /// Handles a body with events. If it is rejected before its end, the rest of the body is returned.
    async fn take(
        &self,
        headers: &hyper::HeaderMap,
        body: Incoming,
        client: &Client,
    ) -> Result<(), (Rejection, Option<Incoming>)> {
        let length = match self.check_head(headers, client) {
            Ok(length) => length,
            Err(rejection) => return Err((rejection, Some(body))),
        };
        let (bytes, reservation) = self.collect(body, length).await?;
        self.write(bytes, reservation).await.map_err(|rejection| (rejection, None))
    }

    /// Checks everything that the head shows. Returns the maximum length of the body.
    fn check_head(&self, headers: &hyper::HeaderMap, client: &Client) -> Result<usize, Rejection> {
        self.admit(headers, client)?;
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Rejection::Encoded);
        }
        // hyper rejects an invalid length; without a length the body is chunked.
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        match length {
            Some(length) if length > self.max_body => Err(Rejection::TooLarge),
            length => Ok(length.unwrap_or(self.max_body)),
        }
    }

    /// Reads the whole body, at most `most` bytes, with its reservation.
    async fn collect(
        &self,
        mut body: Incoming,
        most: usize,
    ) -> Result<(Vec<u8>, Reservation), (Rejection, Option<Incoming>)> {
        let (mut bytes, mut reservation) = (Vec::new(), Reservation::default());
        let mut pace = Pace::new(self.timeout);
        let mut remaining = self.timeout;
        loop {
            if pace.is_too_slow(self.memory.is_short() || self.slots.is_full()) {
                return Err((Rejection::Slow, None));
            }
            let data = match timeout_at(pace.next().into(), body.frame()).await {
                Err(_) => continue,
                Ok(None) => return Ok((bytes, reservation)),
                Ok(Some(Err(_))) => return Err((Rejection::Cut, None)),
                // Trailers.
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            pace.count(data.len());
            let length = bytes.len().saturating_add(data.len());
            if length > most {
                return Err((Rejection::TooLarge, Some(body)));
            }
            if length > bytes.capacity() {
                // The buffer grows with the received data, not with the announced length.
                let capacity = bytes.capacity().saturating_mul(2).clamp(length, most);
                let begin = Instant::now();
                if timeout(remaining, self.memory.grow(&mut reservation, capacity)).await.is_err() {
                    return Err((Rejection::Busy, Some(body)));
                }
                pace.pause(begin.elapsed());
                remaining = remaining.saturating_sub(begin.elapsed());
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&data);
        }
    }

    async fn write(&self, body: Vec<u8>, reservation: Reservation) -> Result<(), Rejection> {
        let (done, told) = oneshot::channel();
        let Some(work) = self.prepare(&body, reservation, done)? else { return Ok(()) };
        // The events are now in `work`, which may have to wait.
        drop(body);
        if !self.commands.write(work) {
            return Err(Rejection::NotWritten);
        }
        match told.await {
            Ok(Ending::Written) => Ok(()),
            Ok(Ending::Failed) | Err(_) => Err(Rejection::NotWritten),
        }
    }

    /// What is to be written for a body; `None`: nothing.
    fn prepare(
        &self,
        body: &[u8],
        reservation: Reservation,
        done: oneshot::Sender<Ending>,
    ) -> Result<Option<Work>, Rejection> {
        let batch = read(body)?;
        let mut bytes = Vec::with_capacity(body.len());
        let written = write(&batch, &self.form, &mut bytes)?;
        if written.events == 0 {
            return Ok(None);
        }
        Ok(Some(Work { bytes, written, digest: sha256(body), reservation, done }))
    }
}

/// Reads the rest of a body for a moment and discards it.
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
    // The answer does not depend on whether the end was reached.
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
    // Close the connection of an unauthenticated client, or where the start of the next request is unknown.
    let is_lost = matches!(rejection, Rejection::TooLarge | Rejection::Slow | Rejection::Cut);
    if rejection.is_unauthenticated() || is_lost {
        headers.insert(CONNECTION, CLOSE);
    }
    response
}

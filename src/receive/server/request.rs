//! One request → its answer.

use super::connection_slots::{ConnectionSlots, Quiet};
use super::memory_budget::{Pace, MemoryBudget, Reservation};
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
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};
use tokio::time::{timeout, timeout_at};

/// What is read of the body of a request that is refused anyway: a client that is still sending it would find the connection
/// cut instead of an answer.
const DRAIN_MOST: usize = 256 << 10;
/// How long.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// When to try again, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("1");
/// The connection ends with this answer.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What all requests share.
pub(super) struct ServerState {
    pub(super) tokens: Option<RefCell<Tokens>>,
    pub(super) needs_certificate: bool,
    pub(super) max_body: usize,
    pub(super) timeout: Duration,
    pub(super) form: Form,
    pub(super) orders: Orders,
    pub(super) metrics: Arc<Metrics>,
    pub(super) messages: UnboundedSender<Message>,
    /// For bodies under way.
    pub(super) memory: MemoryBudget,
    /// Of connections.
    pub(super) slots: Rc<ConnectionSlots>,
}

/// What the connection knows of its client.
#[derive(Default)]
pub(super) struct Client {
    /// It has shown a certificate of an authority that is accepted.
    pub(super) has_certificate: Cell<bool>,
    /// It has sent the head of a request.
    pub(super) has_asked: Cell<bool>,
    /// It has sent a request that only those may send who may send events.
    is_admitted: Cell<bool>,
    /// There is no request of it.
    quiet: RefCell<Option<Quiet>>,
    /// It has to end: another one needs its place.
    pub(super) leave: Rc<Notify>,
}

impl Client {
    /// It has no request under way, now or after an answer.
    pub(super) fn rests(&self, slots: &Rc<ConnectionSlots>) {
        self.quiet.replace(Some(slots.quiet(self.is_admitted.get(), &self.leave)));
    }

    /// Whether it has none.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.borrow().is_some()
    }
}

impl ServerState {
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>, client: &Client) -> Response<Full<Bytes>> {
        client.has_asked.set(true);
        client.quiet.take();
        let mut response = self.respond(request, client).await;
        // Strangers would keep their places for ever, a look at /healthz at a time.
        if !client.is_admitted.get() {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        client.rests(&self.slots);
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

    /// Whether the client may speak.
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
            let text = format!("the tokens from before stay in force: {error:#}");
            // Nobody listens any more: the run ends.
            drop(self.messages.send(Message::Say(text)));
        }
        tokens.accept(headers.get(AUTHORIZATION).map(HeaderValue::as_bytes))
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
        let (bytes, reservation) = self.collect(body, length).await?;
        self.write(bytes, reservation).await.map_err(|rejection| (rejection, None))
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

    /// The whole body, which has `most` bytes at most, and its room.
    async fn collect(
        &self,
        mut body: Incoming,
        most: usize,
    ) -> Result<(Vec<u8>, Reservation), (Rejection, Option<Incoming>)> {
        let (mut bytes, mut reservation) = (Vec::new(), Reservation::default());
        let mut pace = Pace::new(self.timeout);
        let mut patience = self.timeout;
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
                // It grows with what comes: who only announces much gets nothing.
                let capacity = bytes.capacity().saturating_mul(2).clamp(length, most);
                let begin = Instant::now();
                if timeout(patience, self.memory.grow(&mut reservation, capacity)).await.is_err() {
                    return Err((Rejection::Busy, Some(body)));
                }
                pace.pause(begin.elapsed());
                patience = patience.saturating_sub(begin.elapsed());
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&data);
        }
    }

    async fn write(&self, body: Vec<u8>, reservation: Reservation) -> Result<(), Rejection> {
        let (done, told) = oneshot::channel();
        let Some(work) = self.prepare(&body, reservation, done)? else { return Ok(()) };
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
        headers.insert(CONNECTION, CLOSE);
    }
    response
}

//! One connection, from the TLS handshake to its end.

use super::connection_slots::EVICTABLE_AFTER;
use super::request::{Client, ServerState};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long a connection may be idle between two requests. It is longer than Go's clients keep an idle connection
/// (`net/http`, `DefaultTransport.IdleConnTimeout`: 90 s), so that the client closes it and no request meets a closed
/// connection.
const IDLE: Duration = Duration::from_mins(2);
/// The longest head of a request, in bytes.
const HEAD_MOST: usize = 64 << 10;

/// Serves a connection until it ends. When `stop` becomes true, the current request is the last one.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    state: Rc<ServerState>,
    stop: watch::Receiver<bool>,
) {
    // Nagle's algorithm would delay answers. A failure only costs speed.
    drop(stream.set_nodelay(true));
    let client = Client::default();
    client.set_idle(&state.slots);
    let Some(tls) = tls else {
        return converse(TokioIo::new(stream), client, &state, stop).await;
    };
    let mut stopped = stop.clone();
    let accepted = tokio::select! {
        accepted = timeout(state.timeout, TlsAcceptor::from(tls).accept(stream)) => accepted,
        // Nothing was sent yet that could be lost.
        _ = stopped.wait_for(|stop| *stop) => return,
        () = client.leave.notified() => return state.metrics.handshake_failures.add(1),
    };
    match accepted {
        Ok(Ok(stream)) => {
            client.has_certificate.set(stream.get_ref().1.peer_certificates().is_some());
            converse(TokioIo::new(stream), client, &state, stop).await;
        }
        Ok(Err(_)) | Err(_) => state.metrics.handshake_failures.add(1),
    }
}

async fn converse(
    stream: impl hyper::rt::Read + hyper::rt::Write + Unpin,
    client: Client,
    state: &Rc<ServerState>,
    mut stop: watch::Receiver<bool>,
) {
    let client = Rc::new(client);
    let service = service_fn(|request| {
        let (state, client) = (Rc::clone(state), Rc::clone(&client));
        async move { Ok::<_, Infallible>(state.answer(request, &client).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            // A client may close its sending side and wait for the answer.
            .half_close(true)
            .max_buf_size(HEAD_MOST)
            .serve_connection(stream, service)
    );
    let mut first = pin!(sleep(state.timeout));
    let mut closing = pin!(sleep(Duration::ZERO));
    let (mut is_stopping, mut is_known, mut is_leaving) = (false, false, false);
    loop {
        tokio::select! {
            // The client knows how it ended, or it is gone.
            _ = connection.as_mut() => return,
            () = first.as_mut(), if !is_known => {
                is_known = client.has_asked.get();
                if !is_known {
                    return;
                }
            }
            () = client.leave.notified(), if !is_leaving => {
                if !client.has_asked.get() {
                    return;
                }
                is_leaving = true;
                connection.as_mut().graceful_shutdown();
                closing.as_mut().reset(Instant::now() + EVICTABLE_AFTER);
            }
            // The client did not read its answer, or the answer belongs to a request that was already on its way.
            () = closing.as_mut(), if is_leaving => {
                if client.is_idle() {
                    return;
                }
                closing.as_mut().reset(Instant::now() + EVICTABLE_AFTER);
            }
            _ = stop.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

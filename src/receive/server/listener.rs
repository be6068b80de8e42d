//! The listening socket, signals, and the phases of a run: open, serve, finish.

use super::connection::serve;
use super::connection_slots::ConnectionSlots;
use super::memory_budget::MemoryBudget;
use super::options::{EventServer, Received};
use super::request::ServerState;
use super::sink::Sink;
use super::tls::Tls;
use super::token::Tokens;
use super::writer::{self, Commands, Message};
use crate::receive::Metrics;
use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

/// Open files besides the connections.
const OTHER_FILES: u64 = 64;
/// How long to wait when the system is out of sockets or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs an event server until it ends.
pub(super) fn run(asked: &EventServer, say: &mut dyn FnMut(&str)) -> Result<Received> {
    // All settings are validated before the first connection is accepted.
    let tls = asked.tls.clone().map(Tls::read).transpose()?;
    let tokens = asked.token.as_deref().map(Tokens::read).transpose()?;
    let socket = listen(asked.listen)?;
    let address = socket.local_addr().context("getting the local address")?;
    allow_files(asked.max_connections)?;
    let sink = Sink::open(&asked.output, asked.form.header())?;

    let metrics = Arc::new(Metrics::default());
    let (messages, mut said) = unbounded_channel();
    let (commands, writer) =
        writer::start(sink, asked.sync, asked.remembered, Arc::clone(&metrics), messages.clone());
    let state = Rc::new(ServerState {
        tokens: tokens.map(RefCell::new),
        needs_certificate: tls.as_ref().is_some_and(Tls::asks_for_certificate),
        max_body: asked.max_body,
        timeout: asked.timeout,
        form: asked.form.clone(),
        commands: commands.clone(),
        metrics: Arc::clone(&metrics),
        messages,
        memory: MemoryBudget::new(asked.max_body),
        slots: ConnectionSlots::new(asked.max_connections),
    });
    let runtime = Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    let tasks = LocalSet::new();
    let (cut, broken) = tasks.block_on(&runtime, async {
        let scheme = if tls.is_some() { "https" } else { "http" };
        say(&format!("listening on {scheme}://{address}"));
        accept(asked, socket, tls, &state, &commands, &mut said, say).await
    })?;
    // This closes the remaining connections. Events that they already queued are still written.
    drop((tasks, state, commands));
    drop(runtime);
    let mut ending = Received { metrics, cut, broken };
    if writer.join().is_err() {
        ending.broken = Some("the writer stopped".to_owned());
    }
    while let Ok(message) = said.try_recv() {
        match message {
            Message::Say(text) => say(&text),
            Message::Broken(text) => ending.broken = Some(text),
        }
    }
    Ok(ending)
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("listening on {address}"))?;
    listener.set_nonblocking(true).context("listening")?;
    Ok(listener)
}

/// Raises the limit of open files to the number that the connections need.
fn allow_files(connections: usize) -> Result<()> {
    let needed = connections as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        let allowed = limit.maximum.unwrap_or_default().saturating_sub(OTHER_FILES);
        bail!("the limit of open files (ulimit -Hn) allows at most {allowed} connections, not {connections}");
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum })
        .context("raising the limit of open files")
}

/// The signals that an event server handles.
struct Signals {
    end: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn install() -> Result<Self> {
        let install = |kind| signal(kind).context("handling signals");
        Ok(Self {
            end: install(SignalKind::terminate())?,
            interrupt: install(SignalKind::interrupt())?,
            hang_up: install(SignalKind::hangup())?,
        })
    }
}

/// Accepts connections until the server is stopped, then waits for the open ones. Returns how many had to be closed,
/// and the reason if the server stopped because of an error.
async fn accept(
    server: &EventServer,
    socket: TcpListener,
    mut tls: Option<Tls>,
    state: &Rc<ServerState>,
    commands: &Commands,
    said: &mut UnboundedReceiver<Message>,
    say: &mut dyn FnMut(&str),
) -> Result<(usize, Option<String>)> {
    let socket = tokio::net::TcpListener::from_std(socket).context("listening")?;
    let mut signals = Signals::install()?;
    let (stop, stopped) = watch::channel(false);
    let mut newcomer = None;
    let broken = loop {
        let next = async {
            if newcomer.is_none() {
                newcomer = Some(socket.accept().await);
            }
            let place = state.slots.take().await;
            place.zip(newcomer.take())
        };
        tokio::select! {
            next = next => match next {
                Some((place, Ok((stream, _)))) => {
                    let configuration = tls.as_mut().map(|tls| refresh(tls, say));
                    let connection = serve(stream, configuration, Rc::clone(state), stopped.clone());
                    let metrics = Arc::clone(&state.metrics);
                    metrics.connections.add(1);
                    metrics.open.add(1);
                    tokio::task::spawn_local(async move {
                        connection.await;
                        metrics.open.subtract_one();
                        drop(place);
                    });
                }
                // Out of sockets or memory, or the connection was closed before it was accepted (accept(2)).
                Some((_, Err(_))) => sleep(PAUSE).await,
                None => break None,
            },
            Some(message) = said.recv() => match message {
                Message::Say(text) => say(&text),
                Message::Broken(text) => break Some(text),
            },
            _ = signals.end.recv() => break None,
            _ = signals.interrupt.recv() => break None,
            _ = signals.hang_up.recv() => commands.reopen(),
        }
    };
    drop((socket, newcomer));
    // Fails only if there is no connection.
    let _ = stop.send(true);
    let finished = timeout(server.grace, state.slots.all_free());
    tokio::select! {
        _ = finished => {}
        // A second signal ends the wait.
        _ = signals.end.recv() => {}
        _ = signals.interrupt.recv() => {}
    }
    Ok((state.slots.taken(), broken))
}

/// The configuration for the next connection.
fn refresh(tls: &mut Tls, say: &mut dyn FnMut(&str)) -> Arc<rustls::ServerConfig> {
    match tls.refresh() {
        Ok(false) => {}
        Ok(true) => say("reloaded the certificate"),
        Err(error) => say(&format!("keeping the previous certificate: {error:#}")),
    }
    tls.configuration()
}

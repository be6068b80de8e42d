//! Where the shippers send to: syslog over TCP with counted octets (RFC 6587, 3.4.1).

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What came.
#[derive(Clone, Default)]
pub(super) struct Received {
    /// The numbers of events.
    pub(super) once: BTreeSet<usize>,
    /// How many arrived more than once.
    pub(super) duplicated: usize,
    /// How many were not a complete event.
    pub(super) torn: usize,
}

/// A listener, as long as the program runs.
pub(super) struct Receiver {
    port: u16,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    /// Listens on a free port of the loopback interface.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listening")?;
        let port = listener.local_addr().context("asking for the port")?.port();
        let received = Arc::new(Mutex::new(Received::default()));
        let shared = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || read(stream, &shared));
            }
        });
        Ok(Self { port, received })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn received(&self) -> Received {
        lock(&self.received).clone()
    }

    pub(super) fn has_all(&self, wanted: &BTreeSet<usize>) -> bool {
        lock(&self.received).once.is_superset(wanted)
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes frames until the shipper closes the connection.
fn read(stream: TcpStream, received: &Mutex<Received>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        if reader.read_until(b' ', &mut length).unwrap_or_default() == 0 {
            return;
        }
        let length = std::str::from_utf8(&length).ok().and_then(|text| text.trim().parse().ok());
        let mut frame = vec![0; length.unwrap_or_default()];
        if length.is_none() || reader.read_exact(&mut frame).is_err() {
            lock(received).torn += 1;
            return;
        }
        let number = event(&frame);
        let mut received = lock(received);
        match number {
            // A shipper's messages about itself are not events.
            None if !frame.windows(7).any(|part| part == b"auditID" || part == b"xxxxxxx") => {}
            None => received.torn += 1,
            Some(number) => {
                let is_new = received.once.insert(number);
                received.duplicated += usize::from(!is_new);
            }
        }
    }
}

/// The number of the event in a frame, if it is whole.
fn event(frame: &[u8]) -> Option<usize> {
    let begin = frame.iter().position(|byte| *byte == b'{')?;
    let event: Value = serde_json::from_slice(frame.get(begin..)?).ok()?;
    let is_whole = event.get("pad")?.as_str()?.len() as u64 == event.get("padding")?.as_u64()?;
    event.get("auditID")?.as_str().filter(|_| is_whole)?.parse().ok()
}

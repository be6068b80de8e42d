//! Watches, as every live cluster has them: an API server with open watches does not end on SIGTERM by itself, but
//! uses its whole grace period.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::api_server::ApiServer;
use super::client::Client;
use crate::node::wait::wait_for;

/// The watched resource. It is served from the API server's cache: a watch that waits for etcd would send no data at
/// first. The timeout is longer than a case.
const PATH: &str = "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0&timeoutSeconds=3600";
const COUNT: usize = 4;
/// How long a watch may take to begin. Also how long one outlives its handle.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// A client's pause before it reconnects.
const PAUSE: Duration = Duration::from_millis(300);
/// The API server takes watches as soon as it is ready; not before.
const OPEN_LIMIT: Duration = Duration::from_mins(1);

/// Watches that are opened again when they break, until this is dropped.
pub(super) struct Watches {
    open: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Watches {
    /// Opens them, each on a connection of its own.
    ///
    /// # Errors
    ///
    /// When the API server does not take them.
    pub(super) fn open(api_server: &ApiServer<'_>) -> Result<Watches> {
        let client = Client::administrator(api_server)?;
        let watches = Watches { open: Arc::default(), stop: Arc::default() };
        for _ in 0..COUNT {
            let (client, open, stop) = (client.clone(), Arc::clone(&watches.open), Arc::clone(&watches.stop));
            thread::spawn(move || watch(&client, &open, &stop));
        }
        watches.wait_until_open()?;
        Ok(watches)
    }

    /// Waits until all are open, after a restart for instance.
    ///
    /// # Errors
    ///
    /// When the API server does not take them.
    pub(super) fn wait_until_open(&self) -> Result<()> {
        wait_for("all watches to be open", OPEN_LIMIT, || {
            Ok((self.open.load(Ordering::Relaxed) == COUNT).then_some(()))
        })
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn watch(client: &Client, open: &AtomicUsize, stop: &AtomicBool) {
    // Without the node there is nothing to watch; the wait for the watch reports that.
    if client.enter_network().is_err() {
        return;
    }
    while !stop.load(Ordering::Relaxed) {
        if let Ok(mut answer) = client.get(PATH, ANSWER_LIMIT)
            && answer.status == 200
        {
            open.fetch_add(1, Ordering::Relaxed);
            while !answer.is_over() && !stop.load(Ordering::Relaxed) {}
            open.fetch_sub(1, Ordering::Relaxed);
        }
        thread::sleep(PAUSE);
    }
}

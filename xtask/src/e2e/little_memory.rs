//! Too little memory for one of the node's API servers, as with a small memory limit of its container.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::api_server::ApiServer;
use super::processes::processes_below;
use crate::node::cgroup::limit_memory;

/// An API server needs about 200 MiB.
const BYTES: u64 = 64 << 20;
/// Short against the second in which an API server grows.
const PERIOD: Duration = Duration::from_millis(10);

/// A limit that every container gets whose API server listens on a certain port, as soon as it runs.
pub(super) struct LittleMemory {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<BTreeSet<u32>>>,
}

impl LittleMemory {
    /// Starts to look for such API servers.
    pub(super) fn on_port(api_server: &ApiServer<'_>, port: u16) -> LittleMemory {
        let stop = Arc::new(AtomicBool::new(false));
        let (proc, flag) = (api_server.path("/proc"), format!("--secure-port={port}"));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || watch(&proc, &flag, &stop)
        });
        LittleMemory { stop, thread }
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// When a limit could not be set, or there was no such API server.
    pub(super) fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(limited) = self.thread.join() else { bail!("the thread that limits memory has panicked") };
        ensure!(!limited?.is_empty(), "no API server was given little memory");
        Ok(())
    }
}

/// The processes that were limited.
fn watch(proc: &Path, flag: &str, stop: &AtomicBool) -> Result<BTreeSet<u32>> {
    let mut limited = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        for process in processes_below(proc, "kube-apiserver")? {
            let is_it = process.arguments.iter().any(|argument| argument == flag);
            if is_it && !limited.contains(&process.pid) {
                // It may end meanwhile, by an earlier limit.
                if let Ok(groups) = fs::read_to_string(proc.join(process.pid.to_string()).join("cgroup")) {
                    limit_memory(&groups, BYTES)?;
                    limited.insert(process.pid);
                }
            }
        }
        thread::sleep(PERIOD);
    }
    Ok(limited)
}

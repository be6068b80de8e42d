//! The daemons of a node, each with a log in `/var/log`.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::wait::wait_for;

/// Daemons that were started and should keep running.
#[derive(Default)]
pub(crate) struct Daemons {
    running: Vec<(String, Child)>,
}

impl Daemons {
    /// Starts `command` as the daemon `name`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let log = format!("/var/log/{name}.log");
        let stdout = File::create(&log).with_context(|| format!("creating {log}"))?;
        let stderr = stdout.try_clone().with_context(|| format!("opening {log}"))?;
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        self.running.push((name.to_owned(), child));
        Ok(())
    }

    /// Waits until `command` succeeds.
    ///
    /// # Errors
    ///
    /// When that takes longer than `limit`, or a daemon ends.
    pub(crate) fn wait_for_success(
        &mut self,
        what: &str,
        limit: Duration,
        command: &mut Command,
    ) -> Result<()> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        wait_for(what, limit, || {
            for (name, child) in &mut self.running {
                if let Some(status) = child.try_wait().with_context(|| format!("watching {name}"))? {
                    bail!("{name} ended with {status}");
                }
            }
            let status = command.status().with_context(|| format!("asking for {what}"))?;
            Ok(status.success().then_some(()))
        })
    }
}

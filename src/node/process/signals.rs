//! Signals that request the end of kaudit. One registration serves the whole process and is active only during a
//! restart or a recovery; otherwise signals have their default action.

use crate::exit::Exit;
use anyhow::{Context as _, Result, anyhow};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Handlers cannot be removed (`signal_hook::low_level::unregister` leaves the signal ignored), so there is one set of
/// them.
static SIGNALS: OnceLock<Result<Signals, String>> = OnceLock::new();

struct Signals {
    /// Handling is inactive: the default action applies.
    is_idle: Arc<AtomicBool>,
    /// The last signal that requested the end; 0: none.
    asked: Arc<AtomicUsize>,
    /// How many values are active.
    armed: Mutex<usize>,
}

/// While it lives, SIGINT and SIGTERM are recorded instead of ending the process, and SIGHUP is ignored: the end of an
/// SSH session must not interrupt a restart.
#[derive(Debug)]
pub(in crate::node) struct Armed {
    stays: bool,
}

impl Armed {
    /// Activates handling. Earlier signals are discarded.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub(in crate::node) fn new() -> Result<Self> {
        let signals = SIGNALS.get_or_init(|| Signals::register().map_err(|error| format!("{error:#}")));
        let signals = signals.as_ref().map_err(|why| anyhow!("{why}"))?;
        let mut armed = signals.armed();
        if *armed == 0 {
            signals.asked.store(0, Ordering::SeqCst);
            signals.is_idle.store(false, Ordering::SeqCst);
        }
        *armed += 1;
        Ok(Self { stays: false })
    }

    /// Stays active until the process ends: only reporting the result is left, and no signal may prevent that.
    pub(in crate::node) fn stay(&mut self) {
        self.stays = true;
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        let Some(Ok(signals)) = SIGNALS.get().filter(|_| !self.stays) else { return };
        let mut armed = signals.armed();
        *armed = armed.saturating_sub(1);
        signals.is_idle.store(*armed == 0, Ordering::SeqCst);
    }
}

/// The signal that requested the end since handling was activated. After deactivation it misses none: a later one ends
/// the process.
pub(in crate::node) fn asked() -> Option<Interrupt> {
    let signals = SIGNALS.get()?.as_ref().ok()?;
    match i32::try_from(signals.asked.load(Ordering::SeqCst)).unwrap_or_default() {
        SIGINT => Some(Interrupt::Int),
        SIGTERM => Some(Interrupt::Term),
        _ => None,
    }
}

impl Signals {
    fn register() -> Result<Self> {
        let (is_idle, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        for signal in [SIGINT, SIGTERM] {
            let number = usize::try_from(signal).context("converting a signal number")?;
            flag::register_usize(signal, Arc::clone(&asked), number).context("handling signals")?;
            flag::register_conditional_default(signal, Arc::clone(&is_idle)).context("handling signals")?;
        }
        // Under nohup(1) SIGHUP is already ignored. Otherwise it is not set to be ignored, because programs that
        // kaudit starts would inherit that (execve(2)).
        if !is_ignored(SIGHUP)? {
            flag::register_conditional_default(SIGHUP, Arc::clone(&is_idle)).context("handling SIGHUP")?;
        }
        Ok(Self { is_idle, asked, armed: Mutex::new(0) })
    }

    fn armed(&self) -> MutexGuard<'_, usize> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this process ignores a signal (`proc_pid_status(5)`, `SigIgn`: a hexadecimal mask, the lowest bit is 1).
fn is_ignored(signal: i32) -> Result<bool> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    Ok(mask.is_some_and(|mask| mask.wrapping_shr(signal.unsigned_abs().wrapping_sub(1)) & 1 == 1))
}

/// A signal that asks for an orderly end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT: Ctrl-C.
    Int,
    /// SIGTERM.
    Term,
}

impl From<Interrupt> for Exit {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Int => Exit::Interrupted,
            Interrupt::Term => Exit::Terminated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    /// Names the signal that [`raises_a_signal`] raises, in a process of its own.
    const RAISE: &str = "KAUDIT_TEST_RAISE";
    /// Whether it is still armed then.
    const STAY: &str = "KAUDIT_TEST_STAY";

    /// Runs [`raises_a_signal`] and returns the signal that has ended it.
    fn ended_by(signal: i32, stay: bool) -> Option<i32> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "node::process::signals::tests::raises_a_signal"])
            .env(RAISE, signal.to_string());
        if stay {
            command.env(STAY, "");
        }
        let status = command.output().unwrap().status;
        assert!(status.success() || status.signal().is_some(), "{status}");
        status.signal()
    }

    /// Not a test of its own: see [`ended_by`].
    #[test]
    fn raises_a_signal() {
        let Ok(signal) = std::env::var(RAISE) else { return };
        // Twice, as with a recovery before a change.
        for _ in 0..2 {
            drop(Armed::new().unwrap());
        }
        let mut armed = Armed::new().unwrap();
        if std::env::var_os(STAY).is_some() {
            armed.stay();
        }
        drop(armed);
        raise(signal.parse().unwrap()).unwrap();
    }

    #[test]
    fn inactive_handling_keeps_the_default_action() {
        for signal in [SIGINT, SIGTERM] {
            assert_eq!(ended_by(signal, false), Some(signal));
            assert_eq!(ended_by(signal, true), None);
        }
        let expected = if is_ignored(SIGHUP).unwrap() { None } else { Some(SIGHUP) };
        assert_eq!(ended_by(SIGHUP, false), expected);
        assert_eq!(ended_by(SIGHUP, true), None);
    }

    #[test]
    fn an_ignored_signal_is_detected() {
        assert!(!is_ignored(signal_hook::consts::SIGUSR2).unwrap());
        // Rust's runtime ignores it.
        assert!(is_ignored(signal_hook::consts::SIGPIPE).unwrap());
    }
}

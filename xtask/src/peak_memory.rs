//! The peak memory of one command, for `bench`.
//!
//! The kernel keeps the peak of a process for its parent, but only as the highest of all children so far. So the
//! measuring process must have no other child: [`measure`] starts this program again. Under `cargo run` the process inherits
//! the children of cargo, such as compilers, and would report their peak.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};

use crate::shell::command::capture;

/// The command to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs the command and prints its peak resident set in KiB, all of stdout.
///
/// A process starts as a copy of its parent, and the kernel counts that copy: the memory of this program, about 4 MB,
/// is the smallest possible figure. A larger figure is that of the command.
///
/// # Errors
///
/// When the command fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Some((program, arguments)) = options.command.split_first() else { bail!("no command") };
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("starting {}", program.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}

/// Starts this program again to measure `command`, and returns the peak in bytes.
///
/// # Errors
///
/// When `command` fails.
pub(crate) fn measure(command: &Command) -> Result<u64> {
    let mut own = Command::new(env::current_exe().context("finding this program")?);
    own.args(["peak-memory", "--"]).arg(command.get_program()).args(command.get_args());
    let kibibytes: u64 = capture(&mut own)?.trim().parse().context("reading the peak memory")?;
    Ok(kibibytes * 1024)
}

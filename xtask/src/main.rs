//! `cargo xtask`: the project's own tasks, one file each.
//!
//! What the tasks share (finding the project, starting a command, printing progress) is in `shell`. Nothing here
//! depends on the kaudit library: tasks run its binary and its tests, so that `cargo xtask` itself starts fast.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool: it never runs on a node, and printing is its purpose"
)]

mod deny;
mod lint;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::shell::project::Project;

/// The project's own tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the format, run every test, check the house rules; needs nothing but Rust
    Test,
    /// Check the house rules that no compiler checks
    Tidy,
    /// Run clippy over all targets; a warning fails
    Lint,
    /// Judge the dependencies' licences, duplicates and sources with cargo-deny
    Deny,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<()> {
    let project = Project::find()?;
    match task {
        Task::Test => test::run(&project),
        Task::Tidy => tidy::run(&project),
        Task::Lint => lint::run(&project),
        Task::Deny => deny::run(&project),
    }
}

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

mod bench;
mod builtin;
mod ci;
mod deny;
mod dist;
mod e2e;
mod elf;
mod fuzz;
mod golden;
#[path = "../../tests/support/json_schema.rs"]
mod json_schema;
mod lint;
mod node;
mod oracle;
mod peak_memory;
mod property;
mod schema;
mod shell;
mod shippers;
mod soak;
mod steering;
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
    /// Check the format, run every test, check the project rules; requires only Rust
    Test,
    /// Check the project rules that no compiler checks, or list the phrases to avoid
    Tidy(tidy::Options),
    /// Run everything that CI runs, `test` first; requires root, Go and Debian
    Ci(ci::Options),
    /// Run the long tests of `ci` at full length, for hours; requires root, Go and Debian
    Soak(soak::Options),
    /// Run clippy over all targets; a warning fails
    Lint,
    /// Check the licences, duplicates and sources of the dependencies with cargo-deny
    Deny,
    /// Run the property tests with many cases, optimised but with overflow and debug checks
    Property(property::Options),
    /// Build the Go programs under tests/go and run the tests that compare with them
    Oracle(oracle::Options),
    /// Run the byte-mutation tests for a while
    Fuzz(fuzz::Options),
    /// Show where golden outputs differ, or rewrite them with --bless
    Golden(golden::Options),
    /// Write the JSON schemas in docs/schema, or check them with --check
    Schema(schema::Options),
    /// Compare times with yq, jq, ripgrep and Go, and report peak memory and the binary's size
    Bench(bench::Options),
    /// Build the static release binary and its checksum into target/dist
    Dist,
    /// Write the table of built-in resources from the discovery of real API servers; requires root, Go and Debian
    Builtin(builtin::Options),
    /// Run the tests on real control planes, or one of them by name; requires root, Go and Debian
    E2e(e2e::Options),
    /// Start a real control plane on this machine, open a shell in it, or stop it; requires root, Go and Debian
    #[command(subcommand)]
    Node(node::Action),
    /// Test connection steering with the real kernel, in a separate network namespace; requires root and iproute2
    Steering,
    /// Test the configurations that kaudit generates with the log shippers in Debian; requires Debian
    Shippers,
    /// Run a command and print its peak memory in KiB
    #[command(hide = true)]
    PeakMemory(peak_memory::Options),
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
        Task::Tidy(options) => tidy::run_with(&project, options),
        Task::Ci(options) => ci::run(&project, options),
        Task::Soak(options) => soak::run(&project, options),
        Task::Lint => lint::run(&project),
        Task::Deny => deny::run(&project),
        Task::Property(options) => {
            property::run(&project, options).and_then(shell::tally::Tally::into_result)
        }
        Task::Oracle(options) => oracle::run(&project, options).and_then(shell::tally::Tally::into_result),
        Task::Fuzz(options) => fuzz::run(&project, options).and_then(shell::tally::Tally::into_result),
        Task::Golden(options) => golden::run(&project, options).and_then(shell::tally::Tally::into_result),
        Task::Schema(options) => schema::run(&project, options).and_then(shell::tally::Tally::into_result),
        Task::Bench(options) => bench::run(&project, options),
        Task::Dist => dist::run(&project).map(drop),
        Task::Builtin(options) => builtin::run(&project, options),
        Task::E2e(options) => e2e::run(&project, options),
        Task::Node(action) => node::run(&project, action),
        Task::Steering => steering::run(&project).and_then(shell::tally::Tally::into_result),
        Task::Shippers => shippers::run(&project),
        Task::PeakMemory(options) => peak_memory::run(options),
    }
}

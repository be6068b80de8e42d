//! The `kaudit` program: see the library's `cli` for what it does.

use kaudit::cli::{Environment, run};
use std::io::{BufWriter, Write as _, stderr, stdout};
use std::process::ExitCode;

/// musl's allocator gives every larger block back to the kernel at once, which took a third of the time of a run;
/// this one is what Rust's own standard library uses where there is no system allocator.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    let mut out = BufWriter::new(stdout());
    let exit = run(&Environment::of_process(), &mut out, &mut stderr());
    // Nobody reads it any more: the run has ended as it has ended.
    drop(out.flush());
    exit.into()
}

//! Steering with the real kernel. `cargo xtask steering` runs this as root in a new network namespace. It is not part
//! of `cargo test`, which does not need root, and so it has its own `main`; its last line has the format of other tests.
//!
//! Servers are processes of this same program: `steering serve NAME ADDRESS…`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and it starts programs and prints its result"
)]

mod cases;
mod load;
mod peers;

use nix::sched::{CloneFlags, unshare};
use std::env;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};

/// The network of this machine besides loopback.
pub(crate) const ADDRESSES: [&str; 4] = ["10.9.0.1/32", "10.9.0.2/32", "fd09::1/128", "fd09::2/128"];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", name, addresses @ ..] => peers::serve(name, addresses),
        ["serve-mptcp", address] => peers::serve_mptcp(address),
        ["steer", pid, port, to] => peers::steer(pid, port, to),
        ["probe-as-nobody"] => peers::probe_as_nobody(),
        _ => return run_cases(words.first().copied().unwrap_or_default()),
    }
    ExitCode::SUCCESS
}

/// Runs the cases whose names contain `filter`.
fn run_cases(filter: &str) -> ExitCode {
    // This is still the only thread: the whole process moves.
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace of its own, which takes root");
    ip(&["link", "set", "lo", "up"]);
    for address in ADDRESSES {
        ip(&["address", "add", address, "dev", "lo"]);
    }
    let (mut passed, mut failed) = (0, 0);
    for (name, case) in cases::CASES.iter().filter(|(name, _)| name.contains(filter)) {
        let is_good = catch_unwind(case).is_ok();
        println!("test {name} ... {}", if is_good { "ok" } else { "FAILED" });
        *(if is_good { &mut passed } else { &mut failed }) += 1;
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().expect("ip, of iproute2");
    assert!(status.success(), "ip {arguments:?}");
}

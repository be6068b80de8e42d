//! What a surge can leave in the kernel: a listening socket, a BPF program that steers connections.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::api_server::ApiServer;
use super::processes::processes;

/// `TCP_LISTEN`, as in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// Whether a process of the node steers connections: whether it holds a program's attachment to a network namespace.
/// Without such a process there is none, as nothing keeps BPF objects in a file system.
///
/// # Errors
///
/// When the node has ended.
pub(super) fn is_steered(api_server: &ApiServer<'_>) -> Result<bool> {
    let proc = api_server.path("/proc");
    for entry in fs::read_dir(&proc).with_context(|| format!("listing {}", proc.display()))? {
        let entry = entry?;
        // Processes and descriptors come and go meanwhile.
        let is_process = entry.file_name().to_string_lossy().parse::<u32>().is_ok();
        let Ok(descriptors) = fs::read_dir(entry.path().join("fdinfo")) else { continue };
        let texts = descriptors.flatten().filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok());
        if is_process && texts.into_iter().any(|text| steers(&text)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the text describes an attachment to a network namespace, as `link_type: netns`.
fn steers(fdinfo: &str) -> bool {
    fdinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(field, value)| field == "link_type" && value.trim() == "netns")
}

/// Checks that a surge on `port` has left nothing behind, and that the one API server accepts the connections itself.
///
/// # Errors
///
/// When something is left.
pub(super) fn require_none(api_server: &ApiServer<'_>, port: u16) -> Result<()> {
    ensure!(!is_steered(api_server)?, "a program still steers connections");
    let pinned = api_server.path("/sys/fs/bpf");
    let is_empty = match fs::read_dir(&pinned) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    ensure!(is_empty, "{} is not empty", pinned.display());
    ensure!(!is_listening(api_server, port)?, "a process still listens on port {port}");
    let kaudits = processes(api_server.node, "kaudit")?;
    ensure!(kaudits.is_empty(), "kaudit still runs: {kaudits:?}");
    ensure!(api_server.is_ready()?, "the API server does not answer");
    Ok(())
}

/// Whether a process listens on `port` in the node's network.
///
/// # Errors
///
/// When the node has ended.
pub(super) fn is_listening(api_server: &ApiServer<'_>, port: u16) -> Result<bool> {
    let process = api_server.path("/proc/1/net");
    let tables: [PathBuf; 2] = ["tcp", "tcp6"].map(|table| process.join(table));
    for table in tables {
        let text = fs::read_to_string(&table).with_context(|| format!("reading {}", table.display()))?;
        if text.lines().skip(1).any(|line| listens(line, port)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line of `/proc/net/tcp` is about a socket that listens on `port`.
fn listens(line: &str, port: u16) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let (local, state) = (fields.next().unwrap_or_default(), fields.nth(1).unwrap_or_default());
    state == LISTENING && local.ends_with(&format!(":{port:04X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says() {
        let attachment = "pos:\t0\nflags:\t02000000\nlink_type:\tnetns\nlink_id:\t3\nprog_id:\t9\nattach_type:\tsk_lookup\n";
        assert!(steers(attachment));
        assert!(!steers("link_type:\tcgroup\n") && !steers("pos:\t0\n"));
        let line = "   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A 0:0";
        assert!(listens(line, 6443));
        assert!(!listens(line, 6444) && !listens(&line.replace(" 0A ", " 01 "), 6443));
    }
}

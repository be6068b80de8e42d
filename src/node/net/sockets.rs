//! Listening sockets, from `/proc`.

use crate::node::Node;
use anyhow::{Context as _, Result};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;

/// A listening TCP socket.
///
/// This includes servers that listen with MPTCP, such as those of Go 1.24: the kernel lists the underlying TCP socket
/// with the inode of the server's descriptor (Linux 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// The ids of the processes that have it open; empty if this user may not read them, or if they are in another pid
    /// namespace.
    pub pids: Vec<i32>,
    /// The address. `[::]` usually includes every IPv4 address; `/proc` does not show the exception.
    pub address: SocketAddr,
    /// The inode, which identifies the socket; 0 if the kernel shows none.
    pub inode: u64,
}

/// A line of `/proc/net/tcp` or `tcp6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) struct SocketLine {
    pub(in crate::node) address: SocketAddr,
    pub(in crate::node) inode: u64,
    is_listening: bool,
}

impl Node {
    /// The sockets that listen on `port`, in the network namespace of the calling thread. Only for the live node.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn listeners(&self, port: u16) -> Result<Vec<Listening>> {
        let proc = self.root.join("proc");
        let lines = listening(&proc.join("thread-self/net"), port)?;
        let mut listeners: Vec<Listening> = lines
            .into_iter()
            .map(|SocketLine { address, inode, .. }| Listening { pids: Vec::new(), address, inode })
            .collect();
        // Avoids reading all descriptors of the node.
        if listeners.is_empty() {
            return Ok(listeners);
        }
        for pid in self.processes().pids()? {
            // The process has ended, or belongs to another user.
            let Ok(descriptors) = socket_descriptors(&proc.join(pid.to_string()).join("fd")) else {
                continue;
            };
            for listener in &mut listeners {
                if listener.inode != 0 && descriptors.iter().any(|(_, inode)| *inode == listener.inode) {
                    listener.pids.push(pid);
                }
            }
        }
        for listener in &mut listeners {
            listener.pids.sort_unstable();
        }
        Ok(listeners)
    }

    /// The first port of `ports` that is free on every address, in the network namespace of the calling thread; `None`
    /// if all are in use. It is not reserved.
    ///
    /// # Errors
    /// The kernel cannot create a socket.
    pub fn free_port(&self, ports: RangeInclusive<u16>) -> Result<Option<u16>> {
        for port in ports {
            if is_free(port).with_context(|| format!("trying port {port}"))? {
                return Ok(Some(port));
            }
        }
        Ok(None)
    }
}

/// Whether a socket can be bound to `port` on all addresses. It does not listen, so that clients do not notice.
fn is_free(port: u16) -> Result<bool, Errno> {
    let try_bind = |family: AddressFamily, address: SocketAddr| {
        let socket = match socket(family, SocketType::STREAM, None) {
            Ok(socket) => socket,
            // For example, a machine without IPv6.
            Err(Errno::AFNOSUPPORT) => return Ok(true),
            Err(error) => return Err(error),
        };
        if family == AddressFamily::INET6 {
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        match bind(&socket, &address) {
            Ok(()) => Ok(true),
            Err(Errno::ADDRINUSE) => Ok(false),
            Err(error) => Err(error),
        }
    };
    Ok(try_bind(AddressFamily::INET, (Ipv4Addr::UNSPECIFIED, port).into())?
        && try_bind(AddressFamily::INET6, (Ipv6Addr::UNSPECIFIED, port).into())?)
}

/// The sockets that listen on `port`, from a process's `net` directory.
pub(in crate::node) fn listening(net: &Path, port: u16) -> Result<Vec<SocketLine>> {
    let mut found = Vec::new();
    for name in ["tcp", "tcp6"] {
        let path = net.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            // A machine without IPv6 has no tcp6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && name == "tcp6" => continue,
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let lines =
            listening_lines(BufReader::new(file)).with_context(|| format!("reading {}", path.display()))?;
        found.extend(lines.into_iter().filter(|line| line.address.port() == port));
    }
    Ok(found)
}

/// The listening sockets of `/proc/net/tcp` or `tcp6`. They come first (`Documentation/networking/proc_net_tcp.rst` of
/// the Linux sources); the rest is not read, because with many connections the kernel takes seconds for it.
fn listening_lines(text: impl BufRead) -> io::Result<Vec<SocketLine>> {
    let mut found = Vec::new();
    for line in text.lines() {
        match socket_line(&line?) {
            Some(line) if line.is_listening => found.push(line),
            Some(_) => break,
            // The header line.
            None => {}
        }
    }
    Ok(found)
}

/// The descriptors of sockets with their inodes, from a process's `fd` directory, sorted by descriptor.
pub(in crate::node) fn socket_descriptors(fd: &Path) -> io::Result<Vec<(i32, u64)>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(fd)? {
        let entry = entry?;
        let number = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        // It may have been closed meanwhile.
        let Ok(link) = fs::read_link(entry.path()) else { continue };
        let inode = link.to_str().and_then(socket_inode);
        found.extend(number.zip(inode));
    }
    Ok(found.into_iter().collect())
}

/// Parses `socket:[12345]`.
fn socket_inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Parses a line of `/proc/net/tcp` or `tcp6` (`proc_pid_net(5)`); `None` for the header line.
fn socket_line(line: &str) -> Option<SocketLine> {
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let address = SocketAddr::new(ip_address(address)?, u16::from_str_radix(port, 16).ok()?);
    // TCP_LISTEN
    let is_listening = fields.nth(1)? == "0A";
    let inode = fields.nth(5)?.parse().ok()?;
    Some(SocketLine { address, inode, is_listening })
}

/// Parses an address, which is written as 32-bit groups in the byte order of this machine.
fn ip_address(text: &str) -> Option<IpAddr> {
    let word = |start: usize| {
        let digits = text.get(start..start + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match text.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let bytes = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_are_read() {
        let read = |line: &str| {
            socket_line(line).map(|line| (line.address.to_string(), line.inode, line.is_listening))
        };
        let end =
            "00000000:00000000 00:00000000 00000000     0        0 1344822 2 000000003a2858f5 100 0 0 10 0";
        for (line, address, is_listening) in [
            ("0: 0100007F:4424 00000000:0000 0A", "127.0.0.1:17444", true),
            ("11: 0100000A:192B 0200000A:C350 01", "10.0.0.1:6443", false),
            (
                "0: 00000000000000000000000000000000:4423 00000000000000000000000000000000:0000 0A",
                "[::]:17443",
                true,
            ),
            (
                "0: 000000FD000000000000000001000000:0001 00000000000000000000000000000000:0000 0A",
                "[fd00::1]:1",
                true,
            ),
            ("0: 0000000000000000FFFF00000100000A:0001 0:0 0A", "[::ffff:10.0.0.1]:1", true),
        ] {
            assert_eq!(read(&format!("{line} {end}")), Some((address.to_owned(), 1_344_822, is_listening)));
        }
        let headline = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
        assert_eq!(read(headline), None);
        assert_eq!(read("0: 0100007F:4424"), None);
        assert_eq!(read(&format!("0: é:4424 0:0 0A {end}")), None);
    }

    #[test]
    fn reading_ends_behind_the_listening_sockets() {
        let end = "00000000:00000000 00:00000000 00000000 0 0 1 2 0 100 0 0 10 0";
        let line = |state: &str| format!("0: 0100007F:4424 00000000:0000 {state} {end}\n");
        let text = ["  sl  local_address\n", &line("0A"), &line("0A"), &line("06"), &line("0A")].concat();
        assert_eq!(listening_lines(text.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn sockets_are_distinguished_from_other_descriptors() {
        assert_eq!(socket_inode("socket:[12]"), Some(12));
        assert_eq!(socket_inode("pipe:[12]"), None);
        assert_eq!(socket_inode("/dev/null"), None);
    }

    #[test]
    fn a_listening_socket_is_found_with_its_process() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let node = Node::at("/");
        let found = node.listeners(address.port()).unwrap();
        let found = found.iter().find(|found| found.address == address).unwrap();
        assert!(found.pids.contains(&std::process::id().try_into().unwrap()));
        assert_ne!(found.inode, 0);
        assert_eq!(node.free_port(address.port()..=address.port()).unwrap(), None);
        drop(socket);
        // A process that another test starts in this moment has the socket too, until it runs its own program.
        let begin = Instant::now();
        while !node.listeners(address.port()).unwrap().is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(20), "still there");
            sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_port_is_taken_on_whatever_address() {
        let node = Node::at("/");
        for address in ["[::]:0", "0.0.0.0:0", "127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has no such socket.
            let Ok(socket) = TcpListener::bind(address) else { continue };
            let port = socket.local_addr().unwrap().port();
            assert_eq!(node.free_port(port..=port).unwrap(), None, "{address}");
        }
    }
}

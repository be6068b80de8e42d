//! The processes of a case: servers, a steering process, clients.

use kaudit::node::{Addresses, Node, Process, Rule};
use rustix::net::{AddressFamily, SocketType, bind, connect, ipproto, listen, socket};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// A child process, which is killed at the end.
pub(crate) struct Peer {
    child: Child,
}

impl Peer {
    /// Starts this program with `arguments`, and waits for its first line.
    fn start(arguments: &[&str]) -> Peer {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{arguments:?}");
        Peer { child }
    }

    /// A server that sends its name to each client.
    pub(crate) fn server(name: &str, addresses: &[&str]) -> Peer {
        Peer::start(&[&["serve", name], addresses].concat())
    }

    /// A server with MPTCP, like those of Go 1.24.
    pub(crate) fn mptcp_server(address: &str) -> Peer {
        Peer::start(&["serve-mptcp", address])
    }

    /// Steers all connections for `port` to `server` on `to`.
    pub(crate) fn steering(server: &Peer, to: u16, port: u16) -> Peer {
        Peer::start(&["steer", &server.pid().to_string(), &port.to_string(), &to.to_string()])
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    pub(crate) fn process(&self) -> Process {
        process(self.pid())
    }

    /// Sends SIGKILL, and waits.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process by its id.
pub(crate) fn process(pid: i32) -> Process {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let started = fields.split_ascii_whitespace().nth(19).unwrap().parse().unwrap();
    Process { pid, start: started, arguments: Vec::new(), pod_uid: None }
}

/// Connects, and returns the name of the server.
pub(crate) fn ask(to: &str) -> io::Result<char> {
    greeting(&mut TcpStream::connect(to)?)
}

/// The same from a given address.
pub(crate) fn ask_from(from: &str, to: &str) -> io::Result<char> {
    let (from, to): (IpAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let family = if from.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let client = socket(family, SocketType::STREAM, None)?;
    bind(&client, &SocketAddr::from((from, 0)))?;
    connect(&client, &to)?;
    greeting(&mut TcpStream::from(client))
}

pub(crate) fn greeting(stream: &mut TcpStream) -> io::Result<char> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut name = [0];
    stream.read_exact(&mut name)?;
    Ok(name[0].into())
}

/// Writes a byte and reads it back.
pub(crate) fn is_answered(stream: &mut TcpStream) -> bool {
    let mut answer = [0];
    stream.write_all(b"?").and_then(|()| stream.read_exact(&mut answer)).is_ok() && answer == *b"?"
}

/// Never returns, unless a socket fails: each client gets the name and then its own bytes.
pub(crate) fn serve(name: &str, addresses: &[&str]) {
    let listeners: Vec<TcpListener> =
        addresses.iter().map(|address| TcpListener::bind(address).unwrap()).collect();
    println!("ready");
    thread::scope(|scope| {
        for listener in &listeners {
            scope.spawn(move || {
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let name = name.to_owned();
                    thread::spawn(move || {
                        let _ = stream.write_all(name.as_bytes());
                        let mut back = stream.try_clone().unwrap();
                        let _ = io::copy(&mut stream, &mut back);
                    });
                }
            });
        }
    });
}

pub(crate) fn serve_mptcp(address: &str) {
    let address: SocketAddr = address.parse().unwrap();
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let server = socket(family, SocketType::STREAM, Some(ipproto::MPTCP)).expect("a kernel with MPTCP");
    bind(&server, &address).unwrap();
    listen(&server, 8).unwrap();
    println!("ready");
    await_end();
}

pub(crate) fn steer(pid: &str, port: &str, to: &str) {
    let rule = Rule { port: port.parse().unwrap(), addresses: Addresses::Any, exempt_own: false };
    let server = process(pid.parse().unwrap());
    let _steering = Node::at("/").steer(&server, to.parse().unwrap(), &rule).unwrap();
    println!("ready");
    await_end();
}

/// Prints the result of the probe for an unprivileged user.
pub(crate) fn probe_as_nobody() {
    nix::unistd::setuid(65534.into()).unwrap();
    let pid = std::process::id().try_into().unwrap();
    let rule = Rule { port: 1, addresses: Addresses::Any, exempt_own: true };
    println!("{}", Node::at("/").probe_steering(pid, &rule).unwrap_err());
}

fn await_end() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

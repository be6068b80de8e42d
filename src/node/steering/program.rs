//! The BPF program that the kernel runs for each new connection, to select which ones are steered.
//!
//! Its type is `sk_lookup` (`Documentation/bpf/prog_sk_lookup.rst` of the Linux sources). The kernel runs it after
//! netfilter and only to look up a *listening* socket: packets of existing connections never reach it. Other
//! connections continue as without the program.

use super::assembler::{Assembler, Instruction, Label, MAP, MAP_VALUE, Operand, Register};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Selects the connections to steer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The local port that clients connect to.
    pub port: u16,
    /// The local addresses that clients connect to.
    pub addresses: Addresses,
    /// Whether *own* connections are exempt. A starting API server must receive its own connections: it uses a token
    /// for them that only it accepts.
    ///
    /// Own are connections to a loopback address (127.0.0.0/8, `::1`, `::ffff:127.0.0.0/104`), which a server on all
    /// addresses uses for itself. A server on specific addresses uses one of those, so with [`Addresses::Only`] a
    /// connection is also own if both ends have the same address, which is one of this node. The kernel does not tell
    /// which process connects, so connections of the kubelet, the scheduler and the controller manager to that address
    /// are also own.
    pub exempt_own: bool,
}

/// The local addresses of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addresses {
    /// Every address, of the families of the target socket: the kernel cannot assign an IPv6 connection to an IPv4
    /// socket, or an IPv4 connection to an IPv6-only socket, and does not steer these.
    Any,
    /// Only these addresses. On other addresses the port may belong to another program.
    Only(Vec<IpAddr>),
}

impl Addresses {
    /// The addresses of a server with these listening sockets. IPv4-mapped IPv6 addresses are converted to IPv4.
    #[must_use]
    pub fn of(sockets: &[SocketAddr]) -> Self {
        let addresses = || sockets.iter().map(|socket| socket.ip().to_canonical());
        if addresses().any(|address| address.is_unspecified()) {
            return Addresses::Any;
        }
        Addresses::Only(addresses().collect())
    }
}

/// Descriptors of the maps that the program reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maps {
    /// A SOCKMAP with one entry: the target socket.
    pub(super) socket: i32,
    /// An array with one number: whether own connections are exempt (0: no).
    pub(super) exempt_own: i32,
}

/// Offsets in `struct bpf_sk_lookup`, each of 32 bits. Addresses are in network byte order, `LOCAL_PORT` in host byte
/// order.
pub(super) mod context {
    pub(in super::super) const FAMILY: i16 = 8;
    pub(in super::super) const PROTOCOL: i16 = 12;
    pub(in super::super) const REMOTE_IP4: i16 = 16;
    pub(in super::super) const REMOTE_IP6: i16 = 20;
    pub(in super::super) const LOCAL_IP4: i16 = 40;
    pub(in super::super) const LOCAL_IP6: i16 = 44;
    pub(in super::super) const LOCAL_PORT: i16 = 60;
}

/// `AF_INET`, the same on every architecture.
pub(super) const IPV4: u32 = 2;
/// `AF_INET6`.
pub(super) const IPV6: u32 = 10;
/// `IPPROTO_TCP`. The program also runs for UDP.
pub(super) const TCP: u32 = 6;

/// `bpf_map_lookup_elem`; with a SOCKMAP it acquires a reference to the socket.
pub(super) const LOOK_UP: i32 = 1;
/// `bpf_sk_release`, which releases it; the verifier requires it.
pub(super) const RELEASE: i32 = 86;
/// `bpf_sk_assign`.
pub(super) const ASSIGN: i32 = 124;

/// `SK_PASS`: continue with the assigned socket, or else as without the program.
pub(super) const PASS: i32 = 1;

/// The offsets of the four parts of an IPv6 address.
const PARTS: [i16; 4] = [0, 4, 8, 12];

const RESULT: Register = Register(0);
const FIRST: Register = Register(1);
const SECOND: Register = Register(2);
const THIRD: Register = Register(3);
/// For comparisons; not used across calls.
const VALUE: Register = Register(4);
const OTHER: Register = Register(5);
/// The context, preserved across calls.
const CONTEXT: Register = Register(6);
/// The socket, preserved across calls.
const SOCKET: Register = Register(7);
const STACK: Register = Register(10);

/// The program for `rule`; `None` where it has too many addresses for one program.
///
/// The kernel rejects a program with unreachable instructions, so nothing is generated for a family without addresses.
pub(super) fn program(rule: &Rule, maps: Maps) -> Option<Vec<Instruction>> {
    let mut assembler = Assembler::default();
    let listed = Listed::of(&rule.addresses);
    if listed.as_ref().is_some_and(|listed| listed.ipv4.is_empty() && listed.ipv6.is_empty()) {
        assembler.set(RESULT, PASS);
        assembler.exit();
        return assembler.finish();
    }
    let (ipv6, own, steer, pass) =
        (assembler.label(), assembler.label(), assembler.label(), assembler.label());
    let ends = Ends { own, steer, pass };
    // The context is in the first register, which calls overwrite.
    assembler.copy(CONTEXT, FIRST);
    // Pass connections to other ports and other protocols.
    assembler.load(VALUE, CONTEXT, context::LOCAL_PORT);
    assembler.if_not_equal(VALUE, Operand::Value(rule.port.into()), pass);
    assembler.load(VALUE, CONTEXT, context::PROTOCOL);
    assembler.if_not_equal(VALUE, Operand::Value(TCP), pass);
    // By family, since the addresses of the other family are 0.
    assembler.load(VALUE, CONTEXT, context::FAMILY);
    assembler.if_equal(VALUE, Operand::Value(IPV6), ipv6);
    assembler.if_not_equal(VALUE, Operand::Value(IPV4), pass);
    check_ipv4(&mut assembler, listed.as_ref().map(|listed| &*listed.ipv4), ends);
    assembler.place(ipv6);
    check_ipv6(&mut assembler, listed.as_ref().map(|listed| &*listed.ipv6), ends);
    // An own connection is steered unless the switch exempts it. The switch can change while the program is attached.
    assembler.place(own);
    assembler.load_map(FIRST, MAP_VALUE, maps.exempt_own);
    assembler.load(VALUE, FIRST, 0);
    assembler.if_not_equal(VALUE, Operand::Value(0), pass);
    assembler.place(steer);
    assign(&mut assembler, maps.socket, pass);
    assembler.place(pass);
    assembler.set(RESULT, PASS);
    assembler.exit();
    assembler.finish()
}

/// The exits of an address check.
#[derive(Clone, Copy)]
struct Ends {
    own: Label,
    steer: Label,
    pass: Label,
}

/// The addresses of a rule by family.
#[derive(Default)]
struct Listed {
    ipv4: Vec<Ipv4Addr>,
    ipv6: Vec<Ipv6Addr>,
}

impl Listed {
    /// `None` for every address.
    fn of(addresses: &Addresses) -> Option<Self> {
        let Addresses::Only(addresses) = addresses else { return None };
        let mut listed = Self::default();
        for address in addresses {
            match address.to_canonical() {
                IpAddr::V4(address) => listed.ipv4.push(address),
                IpAddr::V6(address) => listed.ipv6.push(address),
            }
        }
        Some(listed)
    }
}

fn check_ipv4(assembler: &mut Assembler, listed: Option<&[Ipv4Addr]>, ends: Ends) {
    if listed == Some(&[]) {
        return assembler.go(ends.pass);
    }
    assembler.load(VALUE, CONTEXT, context::LOCAL_IP4);
    if let Some(addresses) = listed {
        let listed = assembler.label();
        for address in addresses {
            assembler.if_equal(VALUE, Operand::Value(in_memory(address.octets())), listed);
        }
        assembler.go(ends.pass);
        assembler.place(listed);
        // The same address on both ends: from this node.
        assembler.load(OTHER, CONTEXT, context::REMOTE_IP4);
        assembler.if_equal(VALUE, Operand::Register(OTHER), ends.own);
    }
    // 127.0.0.0/8
    assembler.and(VALUE, in_memory([0xff, 0, 0, 0]));
    assembler.if_equal(VALUE, Operand::Value(in_memory([127, 0, 0, 0])), ends.own);
    assembler.go(ends.steer);
}

fn check_ipv6(assembler: &mut Assembler, listed: Option<&[Ipv6Addr]>, ends: Ends) {
    if listed == Some(&[]) {
        return assembler.go(ends.pass);
    }
    if let Some(addresses) = listed {
        let listed = assembler.label();
        for address in addresses {
            let next = assembler.label();
            for (part, value) in PARTS.into_iter().zip(parts(*address)) {
                assembler.load(VALUE, CONTEXT, context::LOCAL_IP6 + part);
                assembler.if_not_equal(VALUE, Operand::Value(value), next);
            }
            assembler.go(listed);
            assembler.place(next);
        }
        assembler.go(ends.pass);
        assembler.place(listed);
        let from_elsewhere = assembler.label();
        for part in PARTS {
            assembler.load(VALUE, CONTEXT, context::LOCAL_IP6 + part);
            assembler.load(OTHER, CONTEXT, context::REMOTE_IP6 + part);
            assembler.if_not_equal(VALUE, Operand::Register(OTHER), from_elsewhere);
        }
        assembler.go(ends.own);
        assembler.place(from_elsewhere);
    }
    check_ipv6_loopback(assembler, ends);
}

/// `::1` and `::ffff:127.0.0.0/104` are own, all others are steered.
fn check_ipv6_loopback(assembler: &mut Assembler, ends: Ends) {
    let [first, second, third, last] = PARTS.map(|part| context::LOCAL_IP6 + part);
    for part in [first, second] {
        assembler.load(VALUE, CONTEXT, part);
        assembler.if_not_equal(VALUE, Operand::Value(0), ends.steer);
    }
    let mapped = assembler.label();
    assembler.load(OTHER, CONTEXT, third);
    assembler.load(VALUE, CONTEXT, last);
    assembler.if_not_equal(OTHER, Operand::Value(0), mapped);
    // ::1
    let [_, _, _, one] = parts(Ipv6Addr::LOCALHOST);
    assembler.if_equal(VALUE, Operand::Value(one), ends.own);
    assembler.go(ends.steer);
    assembler.place(mapped);
    // ::ffff:0.0.0.0/96, and in it 127.0.0.0/8
    let [_, _, mark, loopback] = parts(Ipv4Addr::new(127, 0, 0, 0).to_ipv6_mapped());
    assembler.if_not_equal(OTHER, Operand::Value(mark), ends.steer);
    assembler.and(VALUE, in_memory([0xff, 0, 0, 0]));
    assembler.if_equal(VALUE, Operand::Value(loopback), ends.own);
    assembler.go(ends.steer);
}

/// Assigns the connection to the socket in the map. If there is none (its server has ended), or the kernel refuses (a
/// different family, or another program has already selected a socket), the lookup continues unchanged.
fn assign(assembler: &mut Assembler, map: i32, pass: Label) {
    // The key, 0, is passed by address.
    assembler.store(STACK, -4, 0);
    assembler.load_map(FIRST, MAP, map);
    assembler.copy(SECOND, STACK);
    assembler.add(SECOND, -4);
    assembler.call(LOOK_UP);
    assembler.if_null(RESULT, pass);
    assembler.copy(SOCKET, RESULT);
    assembler.copy(FIRST, CONTEXT);
    assembler.copy(SECOND, SOCKET);
    // No flags: a socket selected by another program stays. Such a program would also have taken the connection from
    // the API server before.
    assembler.set(THIRD, 0);
    assembler.call(ASSIGN);
    assembler.copy(FIRST, SOCKET);
    assembler.call(RELEASE);
}

/// The four parts of an address as in the context.
fn parts(address: Ipv6Addr) -> [u32; 4] {
    let bits = address.to_bits();
    [96, 64, 32, 0].map(|shift| {
        let part = u32::try_from(bits >> shift & u128::from(u32::MAX)).unwrap_or_default();
        in_memory(part.to_be_bytes())
    })
}

/// The number that the machine reads from these bytes.
fn in_memory(bytes: [u8; 4]) -> u32 {
    u32::from_ne_bytes(bytes)
}

//! The program that the kernel runs for each new connection: which connections it steers. Pure.
//!
//! It is of the kind `sk_lookup` (`Documentation/bpf/prog_sk_lookup.rst` of the Linux sources), which the kernel asks
//! after netfilter and only where it looks for a *listening* socket: packets of connections that exist never come
//! here. What the program does not steer goes on as if there were none.

use super::assembler::{Assembler, Instruction, Label, MAP, MAP_VALUE, Operand, Register};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which connections are steered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The local port that clients connect to.
    pub port: u16,
    /// The local addresses that clients connect to.
    pub addresses: Addresses,
    /// Whether the *own* connections are left alone. A starting API server needs those to itself: it talks to itself
    /// with a token that only it knows.
    ///
    /// Own is what comes to a loopback address (127.0.0.0/8, `::1`, `::ffff:127.0.0.0/104`), which is where a server
    /// on all addresses talks to itself. A server on a list of addresses talks to itself there, so with
    /// [`Addresses::Only`] a connection is own, too, whose two ends have the same address: those of this node. The
    /// kernel does not say which process makes a connection, so these are those of the kubelet, the scheduler and the
    /// controller manager as well, if they use that address.
    pub exempt_own: bool,
}

/// The local addresses of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addresses {
    /// Every one, of the families that the steered-to socket is open for: the kernel refuses to give an IPv6
    /// connection to an IPv4 socket, or an IPv4 connection to one for IPv6 only, and these are not steered.
    Any,
    /// These alone. On another address the port may be another program's.
    Only(Vec<IpAddr>),
}

impl Addresses {
    /// The addresses that a server with these listening sockets serves. An IPv4 address in the form of IPv6 is the
    /// IPv4 address.
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
    /// A SOCKMAP with one entry: the socket to steer to.
    pub(super) socket: i32,
    /// An array with one number: whether the own connections are exempt (0: no).
    pub(super) exempt_own: i32,
}

/// Places in `struct bpf_sk_lookup`, each of 32 bits. Addresses have the order of the network, `LOCAL_PORT` that of
/// the machine.
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
/// `IPPROTO_TCP`. UDP comes here too.
pub(super) const TCP: u32 = 6;

/// `bpf_map_lookup_elem`; with a SOCKMAP it takes a reference to the socket.
pub(super) const LOOK_UP: i32 = 1;
/// `bpf_sk_release`, which gives it back; the verifier demands it.
pub(super) const RELEASE: i32 = 86;
/// `bpf_sk_assign`.
pub(super) const ASSIGN: i32 = 124;

/// `SK_PASS`: go on with the socket that was assigned, or else as ever.
pub(super) const PASS: i32 = 1;

/// The offsets of the four parts of an IPv6 address.
const PARTS: [i16; 4] = [0, 4, 8, 12];

const RESULT: Register = Register(0);
const FIRST: Register = Register(1);
const SECOND: Register = Register(2);
const THIRD: Register = Register(3);
/// Where values are compared; no call is made meanwhile.
const VALUE: Register = Register(4);
const OTHER: Register = Register(5);
/// The context, kept over calls.
const CONTEXT: Register = Register(6);
/// The socket, kept over calls.
const SOCKET: Register = Register(7);
const STACK: Register = Register(10);

/// The program for `rule`; `None` where it has too many addresses for one program.
///
/// The kernel refuses a program with an instruction that is never reached, so that of no address there is no judgement.
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
    // The context comes in the first register, which calls overwrite.
    assembler.copy(CONTEXT, FIRST);
    // Another port, or not TCP: none of ours.
    assembler.load(VALUE, CONTEXT, context::LOCAL_PORT);
    assembler.if_not_equal(VALUE, Operand::Value(rule.port.into()), pass);
    assembler.load(VALUE, CONTEXT, context::PROTOCOL);
    assembler.if_not_equal(VALUE, Operand::Value(TCP), pass);
    // By family, since the other family's addresses are 0.
    assembler.load(VALUE, CONTEXT, context::FAMILY);
    assembler.if_equal(VALUE, Operand::Value(IPV6), ipv6);
    assembler.if_not_equal(VALUE, Operand::Value(IPV4), pass);
    judge_ipv4(&mut assembler, listed.as_ref().map(|listed| &*listed.ipv4), ends);
    assembler.place(ipv6);
    judge_ipv6(&mut assembler, listed.as_ref().map(|listed| &*listed.ipv6), ends);
    // An own connection is steered unless the switch says no. It can be turned while the program is attached.
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

/// Where a judgement leads to.
#[derive(Clone, Copy)]
struct Ends {
    own: Label,
    steer: Label,
    pass: Label,
}

/// The addresses of a rule by their families.
#[derive(Default)]
struct Listed {
    ipv4: Vec<Ipv4Addr>,
    ipv6: Vec<Ipv6Addr>,
}

impl Listed {
    /// `None` where every address is meant.
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

fn judge_ipv4(assembler: &mut Assembler, listed: Option<&[Ipv4Addr]>, ends: Ends) {
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
        // From the address to itself: from this node.
        assembler.load(OTHER, CONTEXT, context::REMOTE_IP4);
        assembler.if_equal(VALUE, Operand::Register(OTHER), ends.own);
    }
    // 127.0.0.0/8
    assembler.and(VALUE, in_memory([0xff, 0, 0, 0]));
    assembler.if_equal(VALUE, Operand::Value(in_memory([127, 0, 0, 0])), ends.own);
    assembler.go(ends.steer);
}

fn judge_ipv6(assembler: &mut Assembler, listed: Option<&[Ipv6Addr]>, ends: Ends) {
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
    judge_ipv6_loopback(assembler, ends);
}

/// `::1` and `::ffff:127.0.0.0/104` are own, the others are steered.
fn judge_ipv6_loopback(assembler: &mut Assembler, ends: Ends) {
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

/// Gives the connection to the socket in the map. Without one (its server has ended), or where the kernel refuses
/// (another family, or another program has chosen a socket before), nothing has happened, and the lookup goes on.
fn assign(assembler: &mut Assembler, map: i32, pass: Label) {
    // The key, 0, is passed by its address.
    assembler.store(STACK, -4, 0);
    assembler.load_map(FIRST, MAP, map);
    assembler.copy(SECOND, STACK);
    assembler.add(SECOND, -4);
    assembler.call(LOOK_UP);
    assembler.if_null(RESULT, pass);
    assembler.copy(SOCKET, RESULT);
    assembler.copy(FIRST, CONTEXT);
    assembler.copy(SECOND, SOCKET);
    // No flags: a socket that another program has chosen stays. Such a program would have kept the connection from
    // the API server before, too.
    assembler.set(THIRD, 0);
    assembler.call(ASSIGN);
    assembler.copy(FIRST, SOCKET);
    assembler.call(RELEASE);
}

/// The four parts of an address as the context has them.
fn parts(address: Ipv6Addr) -> [u32; 4] {
    let bits = address.to_bits();
    [96, 64, 32, 0].map(|shift| {
        let part = u32::try_from(bits >> shift & u128::from(u32::MAX)).unwrap_or_default();
        in_memory(part.to_be_bytes())
    })
}

/// What the machine reads where these bytes are.
fn in_memory(bytes: [u8; 4]) -> u32 {
    u32::from_ne_bytes(bytes)
}

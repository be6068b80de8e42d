//! The program, run by a small machine: what it steers is what a plain predicate says.

use super::assembler::{
    ADD, AND, CALL, COPY, EXIT, GO, IF_EQUAL, IF_NOT_EQUAL, IF_NULL, Instruction, LOAD, LOAD_MAP, MAP,
    MAP_VALUE, SET, STORE, WITH_REGISTER,
};
use super::program::{ASSIGN, IPV4, IPV6, LOOK_UP, Maps, PASS, RELEASE, TCP, context, program};
use super::{Addresses, Rule};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const MAPS: Maps = Maps { socket: 77, exempt_own: 78 };

/// Addresses in the memory of the machine.
const CONTEXT: u64 = 0x1000;
const STACK: u64 = 0x2000;
const SOCKET_MAP: u64 = 0x3000;
const NUMBER: u64 = 0x4000;
const SOCKET: u64 = 0x5000;

/// What the kernel tells a program about a packet.
#[derive(Debug, Clone, Copy)]
struct Connection {
    protocol: u32,
    local: IpAddr,
    remote: IpAddr,
    port: u16,
}

impl Connection {
    /// 32 bits of `struct bpf_sk_lookup`.
    fn read(&self, offset: i16) -> u32 {
        let part = |address: IpAddr, index: i16| match address {
            IpAddr::V6(address) => {
                let start = usize::try_from(index).unwrap();
                u32::from_ne_bytes(address.octets()[start..start + 4].try_into().unwrap())
            }
            IpAddr::V4(_) => 0,
        };
        let whole = |address: IpAddr| match address {
            IpAddr::V4(address) => u32::from_ne_bytes(address.octets()),
            IpAddr::V6(_) => 0,
        };
        match offset {
            context::FAMILY => {
                if self.local.is_ipv4() {
                    IPV4
                } else {
                    IPV6
                }
            }
            context::PROTOCOL => self.protocol,
            context::REMOTE_IP4 => whole(self.remote),
            20..36 => part(self.remote, offset - context::REMOTE_IP6),
            context::LOCAL_IP4 => whole(self.local),
            44..60 => part(self.local, offset - context::LOCAL_IP6),
            context::LOCAL_PORT => self.port.into(),
            _ => panic!("no field at {offset}"),
        }
    }
}

/// A machine that knows what the program uses, and panics where the kernel's verifier would refuse.
struct Machine<'a> {
    connection: &'a Connection,
    exempt_own: u32,
    /// Whether there is a socket in the map.
    is_open: bool,
    registers: [u64; 11],
    key: Option<u32>,
    /// References to the socket that are not given back.
    references: i32,
    steered: bool,
}

impl Machine<'_> {
    fn run(&mut self, code: &[Instruction]) -> i32 {
        let mut at = 0_usize;
        let lower = |value: u64| u32::try_from(value & 0xffff_ffff).unwrap();
        loop {
            let one = code[at];
            let nibbles = (usize::from(one.registers & 0xf), usize::from(one.registers >> 4));
            let (target, source) =
                if cfg!(target_endian = "little") { nibbles } else { (nibbles.1, nibbles.0) };
            let value = one.immediate.cast_unsigned();
            at += 1;
            let jumps = match one.opcode {
                LOAD => {
                    self.registers[target] = self.load(self.registers[source], one.offset).into();
                    false
                }
                STORE => {
                    assert_eq!((self.registers[target], one.offset), (STACK, -4));
                    self.key = Some(value);
                    false
                }
                COPY => {
                    self.registers[target] = self.registers[source];
                    false
                }
                SET => {
                    self.registers[target] = u64::from(value);
                    false
                }
                ADD => {
                    self.registers[target] = self.registers[target].wrapping_add_signed(one.immediate.into());
                    false
                }
                AND => {
                    self.registers[target] = u64::from(lower(self.registers[target]) & value);
                    false
                }
                LOAD_MAP => {
                    at += 1;
                    self.registers[target] = match (u8::try_from(source).unwrap(), one.immediate) {
                        (MAP, 77) => SOCKET_MAP,
                        (MAP_VALUE, 78) => NUMBER,
                        other => panic!("no map {other:?}"),
                    };
                    false
                }
                CALL => {
                    self.call(one.immediate);
                    false
                }
                EXIT => {
                    assert_eq!(self.references, 0, "a reference is lost");
                    return i32::try_from(self.registers[0]).unwrap();
                }
                GO => true,
                IF_NULL => self.registers[target] == 0,
                opcode => {
                    let with_register = opcode & WITH_REGISTER != 0;
                    let other = if with_register { lower(self.registers[source]) } else { value };
                    let is_equal = lower(self.registers[target]) == other;
                    match opcode & !WITH_REGISTER {
                        IF_EQUAL => is_equal,
                        IF_NOT_EQUAL => !is_equal,
                        _ => panic!("unknown instruction {one:?}"),
                    }
                }
            };
            if jumps {
                assert!(one.offset >= 0, "a loop");
                at += usize::try_from(one.offset).unwrap();
            }
        }
    }

    fn load(&self, base: u64, offset: i16) -> u32 {
        match (base, offset) {
            (CONTEXT, offset) => self.connection.read(offset),
            (NUMBER, 0) => self.exempt_own,
            other => panic!("nothing at {other:?}"),
        }
    }

    fn call(&mut self, function: i32) {
        let [_, first, second, third, ..] = self.registers;
        let result = match function {
            LOOK_UP => {
                assert_eq!((first, second, self.key), (SOCKET_MAP, STACK - 4, Some(0)));
                self.references += i32::from(self.is_open);
                if self.is_open { SOCKET } else { 0 }
            }
            ASSIGN => {
                assert_eq!((first, second, third), (CONTEXT, SOCKET, 0));
                self.steered = true;
                0
            }
            RELEASE => {
                assert_eq!(first, SOCKET);
                self.references -= 1;
                0
            }
            other => panic!("unknown function {other}"),
        };
        self.registers[0] = result;
        // A call overwrites them.
        self.registers[1..=5].fill(0xdead_dead_dead);
    }
}

fn run(rule: &Rule, connection: &Connection, is_open: bool) -> bool {
    let mut registers = [0xbad_bad_bad; 11];
    (registers[1], registers[10]) = (CONTEXT, STACK);
    let exempt_own = rule.exempt_own.into();
    let (key, references, steered) = (None, 0, false);
    let mut machine = Machine { connection, exempt_own, is_open, registers, key, references, steered };
    assert_eq!(machine.run(&program(rule, MAPS).unwrap()), PASS);
    machine.steered
}

/// The documentation of [`Rule`], in Rust.
fn expected(rule: &Rule, connection: &Connection) -> bool {
    let Connection { protocol, local, remote, port } = *connection;
    let is_served = match &rule.addresses {
        Addresses::Any => true,
        Addresses::Only(addresses) => addresses.iter().any(|address| address.to_canonical() == local),
    };
    let to_itself = rule.addresses != Addresses::Any && local == remote;
    let is_own = to_itself || local.to_canonical().is_loopback();
    protocol == TCP && port == rule.port && is_served && !(is_own && rule.exempt_own)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn connections_are_steered_by_the_rule() {
    let only = || Addresses::Only(vec![ip("10.0.0.1"), ip("fd00::1"), ip("::ffff:10.0.0.2")]);
    for (addresses, local, remote, [own_too, own_exempt]) in [
        (Addresses::Any, "10.0.0.1", "10.0.0.9", [true, true]),
        // From this node, and not the server's own, which it makes by loopback.
        (Addresses::Any, "10.0.0.1", "10.0.0.1", [true, true]),
        (Addresses::Any, "255.255.255.254", "1.1.1.1", [true, true]),
        (Addresses::Any, "127.0.0.1", "127.0.0.1", [true, false]),
        (Addresses::Any, "127.9.9.9", "127.0.0.1", [true, false]),
        (Addresses::Any, "fd00::1", "fd00::2", [true, true]),
        (Addresses::Any, "::1", "::1", [true, false]),
        (Addresses::Any, "::2", "::1", [true, true]),
        (Addresses::Any, "::1:0:1", "::1", [true, true]),
        (Addresses::Any, "1::1", "::1", [true, true]),
        (only(), "10.0.0.1", "10.0.0.9", [true, true]),
        (only(), "10.0.0.1", "10.0.0.1", [true, false]),
        (only(), "10.0.0.2", "10.0.0.1", [true, true]),
        (only(), "10.0.0.3", "10.0.0.9", [false, false]),
        (only(), "127.0.0.1", "127.0.0.1", [false, false]),
        (only(), "fd00::1", "fd00::2", [true, true]),
        (only(), "fd00::1", "fd00::1", [true, false]),
        (only(), "fd00::2", "fd00::2", [false, false]),
        (only(), "::1", "::1", [false, false]),
        (Addresses::Only(vec![ip("127.0.0.1")]), "127.0.0.1", "127.0.0.2", [true, false]),
        (Addresses::Only(vec![]), "10.0.0.1", "10.0.0.9", [false, false]),
    ] {
        for (exempt_own, steered) in [(false, own_too), (true, own_exempt)] {
            let rule = Rule { port: 6443, addresses: addresses.clone(), exempt_own };
            let connection = Connection { protocol: TCP, local: ip(local), remote: ip(remote), port: 6443 };
            assert_eq!(run(&rule, &connection, true), steered, "{rule:?} {connection:?}");
            assert!(!run(&rule, &connection, false), "to a socket that is gone");
            assert!(!run(&rule, &Connection { port: 6444, ..connection }, true), "another port");
            assert!(!run(&rule, &Connection { protocol: 17, ..connection }, true), "UDP");
        }
    }
}

#[test]
fn an_ipv4_address_in_ipv6_form_can_be_loopback() {
    let rule = Rule { port: 1, addresses: Addresses::Any, exempt_own: true };
    for (local, steered) in [("::ffff:127.0.0.1", false), ("::ffff:126.0.0.1", true), ("::fffe:7f00:1", true)]
    {
        let connection = Connection { protocol: TCP, local: ip(local), remote: ip("::1"), port: 1 };
        assert_eq!(run(&rule, &connection, true), steered, "{local}");
    }
}

#[test]
fn a_wildcard_among_the_sockets_means_every_address() {
    let of = |texts: &[&str]| {
        let sockets: Vec<SocketAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Addresses::of(&sockets)
    };
    assert_eq!(of(&["[::]:6443"]), Addresses::Any);
    assert_eq!(of(&["10.0.0.1:6443", "0.0.0.0:6443"]), Addresses::Any);
    assert_eq!(
        of(&["10.0.0.1:6443", "[::ffff:10.0.0.2]:6443"]),
        Addresses::Only(vec![ip("10.0.0.1"), ip("10.0.0.2")])
    );
}

#[test]
fn a_program_has_an_end() {
    let many =
        |count: u32| Addresses::Only((0..count).map(|one| Ipv6Addr::from(u128::from(one)).into()).collect());
    let length =
        |addresses| program(&Rule { port: 1, addresses, exempt_own: true }, MAPS).map(|code| code.len());
    assert!(length(Addresses::Any).is_some_and(|length| length < 60));
    assert!(length(many(super::MOST_ADDRESSES.try_into().unwrap())).is_some_and(|length| length < 4096));
    assert_eq!(length(many(10_000)), None);
}

/// Few different addresses, so that they meet; all kinds, so that nothing is left out. One strategy that is mapped: a union of unions has
/// value trees of megabytes, too much for the stack of a test.
fn address() -> impl Strategy<Value = IpAddr> {
    const BYTES: [u8; 5] = [0, 0, 1, 127, 255];
    const WORDS: [u16; 6] = [0, 0, 0, 1, 0xffff, 0x7f00];
    any::<(u8, [u16; 8])>().prop_map(|(kind, choices)| {
        let [a, b, c, d, ..] = choices.map(|choice| BYTES[usize::from(choice) % BYTES.len()]);
        let v4 = Ipv4Addr::new(a, b, c, d);
        match kind % 8 {
            0..3 => v4.into(),
            3..6 => Ipv6Addr::from(choices.map(|choice| WORDS[usize::from(choice) % WORDS.len()])).into(),
            6 => v4.to_ipv6_mapped().into(),
            _ => [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()][usize::from(a) % 2],
        }
    })
}

/// A rule, and the two addresses of a connection, often one that the rule lists, of one family.
fn case() -> impl Strategy<Value = (Rule, IpAddr, IpAddr)> {
    let listed = proptest::collection::vec(address(), 1..6);
    (listed, address(), address(), any::<[bool; 4]>(), any::<prop::sample::Index>()).prop_map(
        |(listed, other, remote, [any, exempt_own, is_listed, to_itself], index)| {
            let local = if is_listed { *index.get(&listed) } else { other };
            let differs = local.is_ipv4() != remote.is_ipv4();
            let remote = if to_itself || differs { local } else { remote };
            let addresses = if any { Addresses::Any } else { Addresses::Only(listed) };
            (Rule { port: 6443, addresses, exempt_own }, local, remote)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_program_does_what_the_rule_says(
        (rule, local, remote) in case(),
        port in prop_oneof![4 => Just(6443_u16), 1 => any::<u16>()],
        protocol in prop_oneof![4 => Just(TCP), 1 => any::<u32>()],
    ) {
        let connection = Connection { protocol, local, remote, port };
        prop_assert_eq!(run(&rule, &connection, true), expected(&rule, &connection));
    }
}

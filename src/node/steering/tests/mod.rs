//! Runs the program in a simulated machine and compares the result with a simple predicate.

mod machine;

use super::assembler::{EXIT, GO, IF_EQUAL, IF_NOT_EQUAL, IF_NULL, Instruction, LOAD_MAP, WITH_REGISTER};
use super::program::{TCP, program};
use super::{Addresses, Rule};
use machine::{Connection, MAPS, run};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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

/// Unreachable instructions of a program. The kernel rejects programs that have any.
fn unreachable(code: &[Instruction]) -> Vec<usize> {
    let mut is_reached = vec![false; code.len()];
    let mut ways = vec![0];
    while let Some(at) = ways.pop() {
        if std::mem::replace(&mut is_reached[at], true) {
            continue;
        }
        let target = (at + 1).checked_add_signed(code[at].offset.into()).unwrap();
        match code[at].opcode {
            EXIT => {}
            GO => ways.push(target),
            LOAD_MAP => {
                is_reached[at + 1] = true;
                ways.push(at + 2);
            }
            opcode if [IF_EQUAL, IF_NOT_EQUAL, IF_NULL].contains(&(opcode & !WITH_REGISTER)) => {
                ways.extend([target, at + 1]);
            }
            _ => ways.push(at + 1),
        }
    }
    (0..code.len()).filter(|at| !is_reached[*at]).collect()
}

#[test]
fn no_instruction_is_unreachable() {
    let only = |texts: &[&str]| Addresses::Only(texts.iter().map(|text| ip(text)).collect());
    for addresses in [
        Addresses::Any,
        only(&[]),
        only(&["10.0.0.1"]),
        only(&["127.0.0.1"]),
        only(&["fd00::1"]),
        only(&["::ffff:10.0.0.1"]),
        only(&["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"]),
    ] {
        let code = program(&Rule { port: 1, addresses: addresses.clone(), exempt_own: true }, MAPS).unwrap();
        assert_eq!(unreachable(&code), Vec::<usize>::new(), "{addresses:?}");
    }
}

/// Few different addresses, so that they coincide, of all kinds. It is one mapped strategy: a union of unions has
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

/// A rule, and the two addresses of a connection of one family, often listed in the rule.
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
        prop_assert_eq!(unreachable(&program(&rule, MAPS).unwrap()), Vec::<usize>::new());
    }
}

//! A simulation of the kernel's BPF machine.

use super::super::Rule;
use super::super::assembler::{
    ADD, AND, CALL, COPY, EXIT, GO, IF_EQUAL, IF_NOT_EQUAL, IF_NULL, Instruction, LOAD, LOAD_MAP, MAP,
    MAP_VALUE, SET, STORE, WITH_REGISTER,
};
use super::super::program::{ASSIGN, IPV4, IPV6, LOOK_UP, Maps, PASS, RELEASE, context, program};
use std::net::IpAddr;

pub(super) const MAPS: Maps = Maps { socket: 77, exempt_own: 78 };

/// Addresses in the memory of the machine.
const CONTEXT: u64 = 0x1000;
const STACK: u64 = 0x2000;
const SOCKET_MAP: u64 = 0x3000;
const NUMBER: u64 = 0x4000;
const SOCKET: u64 = 0x5000;

/// What the kernel tells a program about a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    pub(super) protocol: u32,
    pub(super) local: IpAddr,
    pub(super) remote: IpAddr,
    pub(super) port: u16,
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

/// A machine with everything that the program uses; it panics where the kernel's verifier would reject.
struct Machine<'a> {
    connection: &'a Connection,
    exempt_own: u32,
    /// Whether there is a socket in the map.
    is_open: bool,
    registers: [u64; 11],
    key: Option<u32>,
    /// References to the socket that were not released.
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

/// Whether the program for `rule` steers `connection`; `is_open`: whether there is a target socket.
pub(super) fn run(rule: &Rule, connection: &Connection, is_open: bool) -> bool {
    let mut registers = [0xbad_bad_bad; 11];
    (registers[1], registers[10]) = (CONTEXT, STACK);
    let exempt_own = rule.exempt_own.into();
    let (key, references, steered) = (None, 0, false);
    let mut machine = Machine { connection, exempt_own, is_open, registers, key, references, steered };
    assert_eq!(machine.run(&program(rule, MAPS).unwrap()), PASS);
    machine.steered
}

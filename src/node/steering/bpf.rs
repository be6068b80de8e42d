//! Safe functions for bpf(2), which no library used here provides. This is the only file of the project with `unsafe`.
//!
//! Each function keeps the memory that it passes to the kernel alive during the call, and owns the returned
//! descriptor. Descriptors are closed on exec, so that programs started by kaudit do not inherit them.
#![expect(unsafe_code, reason = "a system call that takes addresses and gives a descriptor")]

use super::assembler::Instruction;
use super::program::Maps;
use libc::c_long;
use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::io;

/// `BPF_MAP_TYPE_ARRAY`
const ARRAY: u32 = 2;
/// `BPF_MAP_TYPE_SOCKMAP`
const SOCKMAP: u32 = 15;
/// `BPF_PROG_TYPE_SK_LOOKUP`
const PROGRAM_SK_LOOKUP: u32 = 30;
/// `BPF_SK_LOOKUP`, the attachment type.
const ATTACH_SK_LOOKUP: u32 = 36;

const MAP_CREATE: i32 = 0;
const MAP_UPDATE: i32 = 2;
const PROGRAM_LOAD: i32 = 5;
const LINK_CREATE: i32 = 28;

/// The program calls no kernel function that is restricted to GPL programs.
const LICENCE: &[u8] = b"Apache-2.0\0";
/// The name that `bpftool prog` shows.
const NAME: [u8; 16] = *b"kaudit_steering\0";
/// The size of the buffer for the verifier's output, which has some hundred bytes per instruction.
const LOG_BYTES: usize = 256 * 1024;

/// How often loading is repeated after an interruption by a signal.
const ATTEMPTS: u32 = 5;

/// Each is a prefix of the kernel's `union bpf_attr`, without padding; the kernel treats the rest as zeros.
#[repr(C)]
struct MapCreate {
    kind: u32,
    key_size: u32,
    value_size: u32,
    entries: u32,
}

#[repr(C)]
struct MapUpdate {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    kind: u32,
    instructions: u32,
    first: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    attach_kind: u32,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_kind: u32,
    flags: u32,
}

/// Why a program was not loaded.
#[derive(Debug)]
pub(super) struct LoadError {
    /// The error of the kernel.
    pub(super) error: io::Error,
    /// The output of the verifier, if it ran.
    pub(super) log: String,
}

/// Creates a map for one socket.
///
/// # Errors
/// `EPERM` without the capability, or before Linux 5.11 if it would exceed `RLIMIT_MEMLOCK`; `EINVAL` if the kernel
/// does not support such maps.
pub(super) fn create_socket_map() -> io::Result<OwnedFd> {
    create(SOCKMAP, 8)
}

/// Creates a map with one number, 0.
///
/// # Errors
/// `EPERM` as above.
pub(super) fn create_number_map() -> io::Result<OwnedFd> {
    create(ARRAY, 4)
}

/// Stores a listening socket in a map for one socket. The map holds no reference: a socket that is closed everywhere
/// else disappears from it.
///
/// # Errors
/// `EOPNOTSUPP` if the socket is not TCP or does not listen.
pub(super) fn put_socket(map: &OwnedFd, socket: BorrowedFd<'_>) -> io::Result<()> {
    put(map, u64::from(number(&socket)))
}

/// Sets the number in a map with one number; it takes effect for all processors at once.
///
/// # Errors
/// The kernel returns an unexpected error.
pub(super) fn put_number(map: &OwnedFd, number: u32) -> io::Result<()> {
    put(map, number)
}

/// Loads a program of the type `sk_lookup`.
///
/// # Errors
/// The verifier or the kernel rejects it.
pub(super) fn load(instructions: &[Instruction]) -> Result<OwnedFd, LoadError> {
    let mut result = try_load(instructions, &mut []);
    for _ in 0..ATTEMPTS {
        // Interrupted by a signal.
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            break;
        }
        result = try_load(instructions, &mut []);
    }
    let error = match result {
        Ok(program) => return Ok(program),
        Err(error) => error,
    };
    // The verifier's output is requested only in a second attempt: with a buffer that is too small, the verifier
    // rejects every program.
    let mut log = vec![0; LOG_BYTES];
    try_load(instructions, &mut log).map_err(|_| {
        let words = log.split(|byte| *byte == 0).next().unwrap_or_default();
        LoadError { error, log: String::from_utf8_lossy(words).trim().to_owned() }
    })
}

/// The descriptors of two maps, as a program refers to them while it is loaded.
pub(super) fn maps(socket: &OwnedFd, exempt_own: &OwnedFd) -> Maps {
    Maps { socket: socket.as_raw_fd(), exempt_own: exempt_own.as_raw_fd() }
}

/// Attaches a program of the type `sk_lookup` to a network namespace, after those that are already attached. It is
/// detached when the descriptor is closed, at the latest when this process ends.
///
/// # Errors
/// `E2BIG` if 64 programs are attached.
pub(super) fn attach(program: &OwnedFd, namespace: &impl AsFd) -> io::Result<OwnedFd> {
    let target = number(namespace);
    let request = LinkCreate { program: number(program), target, attach_kind: ATTACH_SK_LOOKUP, flags: 0 };
    descriptor(call(LINK_CREATE, &request)?)
}

fn create(kind: u32, value_size: u32) -> io::Result<OwnedFd> {
    descriptor(call(MAP_CREATE, &MapCreate { kind, key_size: 4, value_size, entries: 1 })?)
}

fn put<T: Copy>(map: &OwnedFd, value: T) -> io::Result<()> {
    let key = 0_u32;
    let request = MapUpdate {
        map: number(map),
        padding: 0,
        key: address(&raw const key),
        value: address(&raw const value),
        flags: 0,
    };
    call(MAP_UPDATE, &request).map(drop)
}

fn try_load(instructions: &[Instruction], log: &mut [u8]) -> io::Result<OwnedFd> {
    let length = |length: usize| u32::try_from(length).map_err(io::Error::other);
    let request = ProgramLoad {
        kind: PROGRAM_SK_LOOKUP,
        instructions: length(instructions.len())?,
        first: address(instructions.as_ptr()),
        licence: address(LICENCE.as_ptr()),
        log_level: u32::from(!log.is_empty()),
        log_size: length(log.len())?,
        // The kernel rejects a log address without a log level.
        log: if log.is_empty() { 0 } else { address(log.as_mut_ptr()) },
        kernel_version: 0,
        flags: 0,
        name: NAME,
        interface: 0,
        attach_kind: ATTACH_SK_LOOKUP,
    };
    descriptor(call(PROGRAM_LOAD, &request)?)
}

/// A descriptor in the form of the kernel's structures.
fn number(descriptor: &impl AsFd) -> u32 {
    descriptor.as_fd().as_raw_fd().cast_unsigned()
}

/// An address in the form of the kernel's structures: 64 bits on every machine.
fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

/// Every request comes from a function above, in which all that it points to lives until the end.
fn call<T>(command: i32, request: &T) -> io::Result<c_long> {
    // SAFETY: The kernel reads `size_of::<T>()` bytes, which are there and, since no request has padding, all have a
    // value. It reads and writes behind the addresses in it only during the call; `put` and `try_load` give it the
    // address of a key and a value of the map's sizes, of instructions and of a buffer with their lengths, and of a
    // text that ends with a zero.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, c_long::from(command), &raw const *request, size_of::<T>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn descriptor(result: c_long) -> io::Result<OwnedFd> {
    let number = i32::try_from(result).map_err(io::Error::other)?;
    // SAFETY: The kernel has just opened it for this call, so it has no other owner. Only calls that open one come
    // here.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

//! As much of the ELF format as tells whether a program runs without an interpreter and without libraries.
//!
//! From the System V ABI, "ELF-64 Object File Format" 1.5: the file header and the program headers.

use anyhow::{Context as _, Result, bail};

/// Segments that a static program does not have: the path of the dynamic loader.
const PT_INTERP: u32 = 3;

/// Checks that `bytes` are a static x86-64 program.
///
/// A static position-independent program has a dynamic section for its own relocations, so that section does not indicate
/// shared libraries. The path of the loader does: without a loader nothing loads them.
///
/// # Errors
///
/// When they are not; the message says what they are.
pub(crate) fn check_static(bytes: &[u8]) -> Result<()> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        bail!("not a little-endian 64-bit ELF file");
    }
    let machine = u16::from_le_bytes(take(bytes, 18)?);
    if machine != 62 {
        bail!("an ELF file for machine {machine}, not for x86-64 (62)");
    }
    let table = usize::try_from(u64::from_le_bytes(take(bytes, 32)?))?;
    let entry_size = usize::from(u16::from_le_bytes(take(bytes, 54)?));
    let entries = usize::from(u16::from_le_bytes(take(bytes, 56)?));
    for entry in 0..entries {
        let kind = u32::from_le_bytes(take(bytes, table + entry * entry_size)?);
        if kind == PT_INTERP {
            bail!("dynamically linked: it names a loader (PT_INTERP)");
        }
    }
    Ok(())
}

/// The `N` bytes at `offset`.
fn take<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N]> {
    let found = bytes.get(offset..offset.saturating_add(N)).context("a truncated ELF file")?;
    Ok(found.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file header with one program header of the given kind.
    fn elf(machine: u16, kind: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes.extend(kind.to_le_bytes());
        bytes.resize(64 + 56, 0);
        bytes
    }

    #[test]
    fn a_program_without_a_loader_is_static() {
        check_static(&elf(62, 1)).unwrap();
    }

    #[test]
    fn a_program_with_a_loader_is_not() {
        assert!(check_static(&elf(62, PT_INTERP)).unwrap_err().to_string().contains("PT_INTERP"));
    }

    #[test]
    fn other_files_are_refused() {
        check_static(b"#!/bin/sh\n").unwrap_err();
        check_static(&elf(183, 1)).unwrap_err();
        check_static(&elf(62, 1)[..66]).unwrap_err();
    }

    #[cfg(target_env = "gnu")]
    #[test]
    fn this_very_test_is_dynamically_linked() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(check_static(&own).is_err());
    }
}

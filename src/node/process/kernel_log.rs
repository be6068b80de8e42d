//! The kernel log: only the kernel reports that it killed a process when memory ran out.

use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;

/// The kernel's ring buffer; each read returns one record (`Documentation/ABI/testing/dev-kmsg`).
const KMSG: &str = "/dev/kmsg";

/// A record has up to 8 KiB with its dictionary; a shorter buffer causes an error.
const RECORD: usize = 8 << 10;

/// The maximum number of records that are read: more than the usual buffer contains.
const MOST_RECORDS: usize = 100_000;

/// The message of the kernel (`mm/oom_kill.c`, `__oom_kill_process`), for the whole node and for a control group.
const KILLED: &str = "ut of memory: Killed process ";

/// The number of the latest record; `None` if the buffer cannot be read.
pub(in crate::node) fn latest_record() -> Option<u64> {
    let mut latest = 0;
    read(|number, _| latest = number)?;
    Some(latest)
}

/// The messages after the record number `after` about processes named `names` that the kernel killed when memory ran
/// out, oldest first. Empty if the buffer cannot be read.
pub(in crate::node) fn killed_for_memory(after: u64, names: &[&str]) -> Vec<String> {
    let of_names = |line: &str| names.iter().any(|name| line.contains(&format!(" ({name}) ")));
    let mut lines = Vec::new();
    let _unreadable = read(|number, line| {
        if number > after && line.contains(KILLED) && of_names(line) {
            lines.push(line.to_owned());
        }
    });
    lines
}

/// Calls `each` with the number and the text of every record.
fn read(mut each: impl FnMut(u64, &str)) -> Option<()> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(KMSG).ok()?;
    for _ in 0..MOST_RECORDS {
        match next(&mut file) {
            Next::Record(record) => {
                if let Some((number, line)) = parse(&record) {
                    each(number, line);
                }
            }
            Next::Overwritten => {}
            Next::End => break,
        }
    }
    Some(())
}

enum Next {
    Record(String),
    /// The next record was overwritten; the one after it can be read.
    Overwritten,
    End,
}

fn next(file: &mut File) -> Next {
    let mut buffer = [0; RECORD];
    match file.read(&mut buffer) {
        Ok(length) if length > 0 => {
            Next::Record(String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned())
        }
        Err(error) if error.raw_os_error() == Some(Errno::PIPE.raw_os_error()) => Next::Overwritten,
        Ok(_) | Err(_) => Next::End,
    }
}

/// The number and the text of a record such as `6,981,14680469370,-;text`. Its time is of a clock that is never
/// adjusted, and cannot be compared with the wall clock.
fn parse(record: &str) -> Option<(u64, &str)> {
    let (header, text) = record.split_once(';')?;
    let number = header.split(',').nth(1)?.parse().ok()?;
    Some((number, text.lines().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_a_number_and_a_text() {
        let killed = "Memory cgroup out of memory: Killed process 29735 (kube-apiserver) total-vm:1kB";
        assert_eq!(parse(&format!("3,982,14680469404,-;{killed}\n SUBSYSTEM=x\n")), Some((982, killed)));
        assert_eq!(parse("no record"), None);
        assert_eq!(parse("3;too short"), None);
    }
}

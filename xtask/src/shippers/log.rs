//! A log that is written and rotated as the API server's is (`gopkg.in/natefinch/lumberjack.v2`): renamed when the next
//! line would make it larger than its limit, then begun anew, and compressed behind.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::shell::command::run as start;

/// How fast events come.
#[derive(Clone, Copy)]
pub(super) enum Span {
    /// As fast as they can be written.
    AtOnce,
    /// Some thousand in a second, so that rotations fall between the shipper's reads.
    Pausing,
}

/// The log.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
    next: usize,
    pub(super) rotations: usize,
    pub(super) compress: bool,
}

impl Log {
    /// Begins it; it is rotated at `limit` bytes.
    pub(super) fn create(path: PathBuf, limit: u64) -> Result<Self> {
        let file = open(&path)?;
        Ok(Self { path, file, size: 0, limit, next: 0, rotations: 0, compress: false })
    }

    /// Writes `count` events, and returns their numbers.
    pub(super) fn write(&mut self, count: usize, span: Span) -> Result<Vec<usize>> {
        let mut written = Vec::new();
        for _ in 0..count {
            let line = event(self.next);
            if self.size + line.len() as u64 > self.limit {
                self.rotate()?;
            }
            self.file.write_all(line.as_bytes()).context("writing the log")?;
            self.size += line.len() as u64;
            written.push(self.next);
            self.next += 1;
            if matches!(span, Span::Pausing) && self.next.is_multiple_of(8) {
                thread::sleep(Duration::from_millis(3));
            }
        }
        Ok(written)
    }

    /// Rotates it.
    pub(super) fn rotate(&mut self) -> Result<()> {
        let rotated = self.path.with_file_name(format!("audit-{}.log", stamp()));
        fs::rename(&self.path, &rotated).context("rotating the log")?;
        self.file = open(&self.path)?;
        self.size = 0;
        self.rotations += 1;
        if self.compress {
            start(Command::new("gzip").arg(&rotated))?;
        }
        Ok(())
    }
}

fn open(path: &PathBuf) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(path).with_context(|| format!("opening {}", path.display()))
}

/// A name that no rotation has used before. It has the format of lumberjack; no program evaluates the date.
fn stamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, milliseconds) = (since.as_secs(), since.subsec_millis());
    format!(
        "2026-11-{:02}T{:02}-{:02}-{:02}.{milliseconds:03}",
        1 + seconds / 86_400 % 28,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// One event. Most are short; some are over the limits that shippers have by default: 8, 32, 64, 100 KiB.
fn event(number: usize) -> String {
    let padding = match number {
        number if number % 1009 == 500 => 300_000,
        number if number % 211 == 100 => 70_000,
        number if number % 53 == 20 => 9000,
        _ => 700,
    };
    format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"{number:08}\",\"padding\":{padding},\"pad\":\"{}\"}}\n",
        "x".repeat(padding)
    )
}

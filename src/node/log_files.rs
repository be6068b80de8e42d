//! Audit logs that the operator named on the command line, opened to be read once from their beginning.

use crate::event::rotation::logs_among;
use anyhow::{Context as _, Result, bail};
use flate2::bufread::MultiGzDecoder;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Node;

/// Logs, all open, so that a rotation meanwhile loses nothing.
#[derive(Debug, Default)]
pub struct LogFiles {
    /// In the order in which they are to be read.
    pub files: Vec<LogFile>,
    /// Those that were named more than once and are there once.
    pub repeated: Vec<String>,
    /// Those that are there, by device and inode.
    seen: BTreeSet<(u64, u64)>,
}

/// An open log. What is compressed by gzip comes out decompressed, whatever its name is.
pub struct LogFile {
    /// As the operator would name it.
    pub name: String,
    /// The size on disk; 0 where it is none, as of a pipe.
    pub size: u64,
    content: Box<dyn Read + Send>,
    meter: Meter,
}

/// How many bytes of a log were taken, compressed as they are.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// So many by now.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Node {
    /// Opens the logs at `paths` of this machine, not below the root. `-` is standard input; a directory stands for the
    /// logs in it, the rotated ones too.
    ///
    /// # Errors
    /// One is not there or cannot be opened; there is no log in a directory.
    pub fn open_operators_logs(paths: &[PathBuf]) -> Result<LogFiles> {
        let mut logs = LogFiles::default();
        for path in paths {
            if path == Path::new("-") {
                logs.files.push(LogFile::new("standard input".to_owned(), 0, io::stdin()));
                continue;
            }
            let looking = || format!("opening {}", path.display());
            if !fs::metadata(path).with_context(looking)?.is_dir() {
                logs.open(path)?;
                continue;
            }
            let names = names_in(path).with_context(looking)?;
            let found = logs_among(&names);
            if found.is_empty() {
                bail!(
                    "there is no log in {}: no *.log, *.json or *.jsonl, compressed or not",
                    path.display()
                );
            }
            for name in found {
                logs.open(&path.join(name))?;
            }
        }
        Ok(logs)
    }

    /// How many threads make sense here.
    #[must_use]
    pub fn parallelism() -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}

impl LogFiles {
    fn open(&mut self, path: &Path) -> Result<()> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("opening {name}"))?;
        let metadata = file.metadata().with_context(|| format!("opening {name}"))?;
        if metadata.is_file() && !self.seen.insert((metadata.dev(), metadata.ino())) {
            self.repeated.push(name);
            return Ok(());
        }
        let size = if metadata.is_file() { metadata.len() } else { 0 };
        self.files.push(LogFile::new(name, size, file));
        Ok(())
    }
}

impl LogFile {
    pub(super) fn new(name: String, size: u64, source: impl Read + Send + 'static) -> Self {
        let meter = Meter::default();
        let counted = Counted { source, meter: meter.clone() };
        Self { name, size, content: Box::new(Content::Unknown(Some(counted))), meter }
    }

    /// Tells how much was read, also while somebody else reads.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Read for LogFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl std::fmt::Debug for LogFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogFile").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

/// A part of a file, which others may read at the same time.
#[derive(Debug)]
pub(super) struct Section {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Section {
    /// From one place to another.
    pub(super) fn new(file: Arc<File>, from: u64, to: u64) -> Self {
        Self { file, at: from, end: to }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let read = self.file.read_at(buffer.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Counts what is read.
struct Counted<R> {
    source: R,
    meter: Meter,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.meter.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A log before and after its first bytes are looked at. They are not looked at when it is opened: a pipe may have none
/// yet.
enum Content<R: Read> {
    Unknown(Option<R>),
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Whole<R>>>>),
}

/// The first bytes, and what comes after them.
type Whole<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// How a gzip file begins (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is decompressed at a time.
const COMPRESSED_BUFFER: usize = 64 * 1024;

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Plain(source) => return source.read(buffer),
                Self::Gzip(source) => return source.read(buffer),
                Self::Unknown(source) => {
                    let Some(mut source) = source.take() else { return Ok(0) };
                    let mut head = Vec::new();
                    (&mut source).take(GZIP.len() as u64).read_to_end(&mut head)?;
                    let is_gzip = head == GZIP;
                    let whole = io::Cursor::new(head).chain(source);
                    *self = if is_gzip {
                        let buffered = BufReader::with_capacity(COMPRESSED_BUFFER, whole);
                        Self::Gzip(Box::new(MultiGzDecoder::new(buffered)))
                    } else {
                        Self::Plain(whole)
                    };
                }
            }
        }
    }
}

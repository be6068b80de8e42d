//! A log that can be read: its decompressed content, as a stream or by position.

use crate::lines::{Chunk, Chunks, Log, Part, ReadAt, Span, Spans};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open log. Gzip content is decompressed, whatever the file name.
pub struct LogFile {
    /// The name as the user gave it.
    pub name: String,
    /// The size on disk; 0 without a size, as for a pipe.
    pub size: u64,
    source: Source,
    meter: Meter,
}

/// The source of a log.
enum Source {
    /// A file, or a part of it.
    File(Section),
    /// Everything else, such as a pipe.
    Stream(Box<dyn Read + Send>),
}

/// A log being read.
pub enum OpenLog {
    /// Read by several threads, each at its own position.
    Plain(Spans<Section>, Meter),
    /// Read as a stream.
    Stream(Chunks<Box<dyn Read + Send>>),
}

/// Lines of an open log.
#[derive(Debug)]
pub enum OpenPart {
    /// Not read yet.
    Span(Span<Section>),
    /// Already read.
    Chunk(Chunk),
}

/// Counts the bytes of a log that were read, before decompression.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// The number of bytes so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl LogFile {
    /// A log from a stream.
    pub(in crate::node) fn stream(name: String, source: impl Read + Send + 'static) -> Self {
        let meter = Meter::default();
        let source = Source::Stream(Box::new(Counted { source, meter: meter.clone() }));
        Self { name, size: 0, source, meter }
    }

    /// A file, or a part of it.
    pub(in crate::node) fn section(name: String, section: Section) -> Self {
        let size = section.end.saturating_sub(section.begin);
        Self { name, size, source: Source::File(section), meter: Meter::default() }
    }

    /// The counter of bytes, usable while another thread reads.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// The content, decompressed.
    pub(in crate::node) fn into_reader(self) -> impl Read {
        let stream: Box<dyn Read + Send> = match self.source {
            Source::File(section) => Box::new(section.reader()),
            Source::Stream(stream) => stream,
        };
        Content::Unknown(Some(stream))
    }

    /// Starts reading. Nothing is read from a stream yet: a pipe may have no data.
    ///
    /// # Errors
    /// The start of a file cannot be read.
    pub fn read(self) -> io::Result<OpenLog> {
        let stream: Box<dyn Read + Send> = match self.source {
            Source::File(section) if !section.is_gzip()? => {
                return Ok(OpenLog::Plain(Spans::new(section, self.size), self.meter));
            }
            Source::File(section) => Box::new(Counted { source: section.reader(), meter: self.meter }),
            Source::Stream(stream) => stream,
        };
        Ok(OpenLog::Stream(Chunks::new(Box::new(Content::Unknown(Some(stream))))))
    }
}

impl Log for OpenLog {
    type Part = OpenPart;

    fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<OpenPart>> {
        Ok(match self {
            Self::Stream(chunks) => chunks.take(buffer)?.map(OpenPart::Chunk),
            Self::Plain(spans, meter) => {
                let span = spans.take(buffer)?;
                meter.add(span.as_ref().map_or(0, Part::size));
                span.map(OpenPart::Span)
            }
        })
    }
}

impl Part for OpenPart {
    fn size(&self) -> usize {
        match self {
            Self::Span(span) => span.size(),
            Self::Chunk(chunk) => chunk.size(),
        }
    }

    fn read(self, buffer: Vec<u8>) -> (Chunk, io::Result<()>) {
        match self {
            Self::Span(span) => span.read(buffer),
            Self::Chunk(chunk) => chunk.read(buffer),
        }
    }
}

impl std::fmt::Debug for LogFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogFile").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

/// A part of a file, which can be read concurrently.
#[derive(Debug, Clone)]
pub struct Section {
    file: Arc<File>,
    begin: u64,
    end: u64,
}

impl Section {
    /// The part between two positions.
    pub(in crate::node) fn new(file: Arc<File>, begin: u64, end: u64) -> Self {
        Self { file, begin, end }
    }

    fn is_gzip(&self) -> io::Result<bool> {
        let mut head = Vec::new();
        self.clone().reader().take(GZIP.len() as u64).read_to_end(&mut head)?;
        Ok(head == GZIP)
    }

    fn reader(self) -> SectionReader {
        SectionReader { section: self, at: 0 }
    }
}

impl ReadAt for Section {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let at = self.begin.saturating_add(at);
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        self.file.read_at(buffer.get_mut(..most).unwrap_or_default(), at)
    }
}

/// Reads a part of a file sequentially.
struct SectionReader {
    section: Section,
    at: u64,
}

impl Read for SectionReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = ReadAt::read_at(&self.section, buffer, self.at)?;
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
        self.meter.add(read);
        Ok(read)
    }
}

/// A log before and after its first bytes are read. They are not read when it is opened: a pipe may have no data yet.
enum Content<R: Read> {
    Unknown(Option<R>),
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Whole<R>>>>),
}

/// The first bytes and the rest.
type Whole<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// The start of a gzip file (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The buffer size for compressed data.
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

//! A log cut into chunks or spans of any size has the same lines.

use crate::policy::random::Random;
use kaudit::lines::{Chunk, Chunks, Log, Part, ReadAt, Spans, scan, scan_while};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// The lines, and how the reading ended.
fn lines(mut log: impl Log) -> (Vec<Option<Vec<u8>>>, Option<io::ErrorKind>) {
    let mut lines = Vec::new();
    let mut buffer = Vec::new();
    loop {
        let part = match log.take(&mut buffer) {
            Ok(Some(part)) => part,
            Ok(None) => return (lines, None),
            Err(error) => return (lines, Some(error.kind())),
        };
        let (chunk, outcome) = part.read(buffer);
        lines.extend(chunk.iter().map(|line| line.map(<[u8]>::to_vec)));
        if let Err(error) = outcome {
            return (lines, Some(error.kind()));
        }
        buffer = chunk.into_buffer();
    }
}

fn expected(log: &[u8], limit: usize) -> Vec<Option<Vec<u8>>> {
    let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.into_iter().map(|line| (line.len() <= limit).then(|| line.to_vec())).collect()
}

fn random_log(random: &mut Random) -> Vec<u8> {
    let mut log = Vec::new();
    for _ in 0..random.below(12) {
        let length = if random.chance(20) { random.below(200) } else { random.below(12) };
        log.extend((0..length).map(|_| b'a' + u8::try_from(random.below(26)).unwrap()));
        log.push(b'\n');
    }
    if random.chance(50) {
        log.extend(b"the last line");
    }
    log
}

#[test]
fn the_lines_do_not_depend_on_the_size_of_chunks() {
    let mut random = Random::new(1);
    let mut too_long = 0;
    for _ in 0..3000 {
        let log = random_log(&mut random);
        let limit = random.below(120);
        let size = 1 + random.below(60);
        let expected = expected(&log, limit);
        let chunks = Chunks::with_sizes(log.as_slice(), size, limit);
        assert_eq!(lines(chunks), (expected.clone(), None), "{size} {limit} {log:?}");
        let spans = spans(&log, log.len(), size, limit);
        assert_eq!(lines(spans), (expected.clone(), None), "{size} {limit} {log:?}");
        too_long += expected.iter().filter(|line| line.is_none()).count();
    }
    assert!(too_long > 500, "{too_long}");
}

/// Fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the disk is gone"));
        }
        self.0.read(buffer)
    }
}

#[test]
fn what_was_read_before_a_failure_comes_out_before_it() {
    let mut random = Random::new(2);
    for _ in 0..1000 {
        let log = random_log(&mut random);
        let size = 1 + random.below(60);
        let expected = expected(&log, 1000);
        let chunks = Chunks::with_sizes(Failing(&log), size, 1000);
        assert_eq!(lines(chunks), (expected, Some(io::ErrorKind::Other)), "{log:?}");
    }
}

/// Memory in the place of a file, which may fail from its end on, and reads no more at once than some bytes.
#[derive(Clone)]
struct Memory<'a> {
    bytes: &'a [u8],
    fails: bool,
    most: usize,
}

impl ReadAt for Memory<'_> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = self.bytes.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        let read = rest.len().min(buffer.len()).min(self.most);
        buffer[..read].copy_from_slice(&rest[..read]);
        if read == 0 && self.fails { Err(io::Error::other("the disk is gone")) } else { Ok(read) }
    }
}

fn spans(bytes: &[u8], length: usize, size: usize, limit: usize) -> Spans<Memory<'_>> {
    Spans::with_sizes(Memory { bytes, fails: false, most: usize::MAX }, length as u64, size, limit)
}

/// Nothing is read behind the length that was told, and nothing is made up where there is less.
#[test]
fn spans_end_where_their_log_ends() {
    let mut random = Random::new(3);
    let mut too_long = 0;
    for _ in 0..5000 {
        let log = random_log(&mut random);
        let length = random.below(2 * log.len() + 2);
        let (size, limit, most) = (1 + random.below(60), random.below(120), 1 + random.below(30));
        let expected = expected(&log[..length.min(log.len())], limit);
        for fails in [false, true] {
            let how = format!("{length} {size} {limit} {most} {fails} {log:?}");
            let memory = Memory { bytes: &log, fails, most };
            let (lines, error) = lines(Spans::with_sizes(memory, length as u64, size, limit));
            assert_eq!(lines, expected, "{how}");
            let is_failure = fails && length > log.len();
            assert_eq!(error, is_failure.then_some(io::ErrorKind::Other), "{how}");
        }
        too_long += expected.iter().filter(|line| line.is_none()).count();
    }
    assert!(too_long > 500, "{too_long}");
}

/// A log of lines with so many bytes that the ends of some are in none of the first blocks in which they are looked for.
#[test]
fn long_lines_are_whole() {
    let line = |length: usize, letter: u8| [vec![letter; length], b"\n".to_vec()].concat();
    let lengths = [3, 5000, 70_000, 200_000, 1, 65_536, 4095, 300_000, 7];
    let log: Vec<u8> =
        lengths.iter().zip(b'a'..).flat_map(|(length, letter)| line(*length, letter)).collect();
    for limit in [4096, 65_536, 250_000, 1 << 20] {
        for size in [1, 4096, 65_536, 100_000] {
            let expected = expected(&log, limit);
            assert_eq!(lines(spans(&log, log.len(), size, limit)), (expected, None), "{limit} {size}");
        }
    }
}

/// A file that gives nothing before two threads read it.
#[derive(Clone)]
struct Shared<'a>(&'a (Mutex<usize>, Condvar));

impl ReadAt for Shared<'_> {
    fn read_at(&self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
        buffer.fill(b'\n');
        // Fewer are read to find the end of a line.
        if buffer.len() > 5000 {
            let (count, changed) = self.0;
            let mut count = count.lock().unwrap();
            *count += 1;
            changed.notify_all();
            let waited = changed.wait_timeout_while(count, Duration::from_mins(1), |count| *count < 2);
            assert!(!waited.unwrap().1.timed_out(), "they wait for each other");
        }
        Ok(buffer.len())
    }
}

#[test]
fn threads_read_spans_at_the_same_time() {
    let state = (Mutex::new(0), Condvar::new());
    let mut folded = 0;
    let spans = Spans::with_sizes(Shared(&state), 40_000, 10_000, 100);
    scan(spans, 2, |chunk| chunk.iter().count(), |lines| folded += lines).unwrap();
    assert_eq!((folded, *state.0.lock().unwrap()), (40_000, 4));
}

#[test]
fn what_threads_read_is_folded_in_the_order_of_the_log() {
    let log: Vec<u8> = (0..5000).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    for threads in [1, 2, 3, 8] {
        for size in [7, 100, 100_000] {
            let mut folded = Vec::new();
            let read = |chunk: &Chunk| chunk.iter().map(|line| line.unwrap().to_vec()).collect::<Vec<_>>();
            let chunks = Chunks::with_sizes(log.as_slice(), size, 100);
            scan(chunks, threads, read, |lines| folded.extend(lines)).unwrap();
            scan(spans(&log, log.len(), size, 100), threads, read, |lines| folded.extend(lines)).unwrap();
            assert_eq!(folded.len(), 10_000);
            let numbers =
                folded.iter().map(|line| std::str::from_utf8(line).unwrap().parse::<usize>().unwrap());
            assert!(numbers.eq((0..5000).chain(0..5000)), "{threads} threads, {size}");
        }
    }
    let mut folded = 0;
    let failed = scan(
        Chunks::with_sizes(Failing(&log), 64, 100),
        2,
        |chunk| chunk.iter().count(),
        |lines| folded += lines,
    );
    assert_eq!((failed.unwrap_err().kind(), folded), (io::ErrorKind::Other, 5000));
    let failing = Memory { bytes: &log, fails: true, most: usize::MAX };
    let failed = scan(
        Spans::with_sizes(failing, 1 << 20, 64, 100),
        2,
        |chunk| chunk.iter().count(),
        |lines| folded += lines,
    );
    assert_eq!((failed.unwrap_err().kind(), folded), (io::ErrorKind::Other, 10_000));
}

#[test]
fn nobody_waits_for_a_chunk_that_does_not_come() {
    let log = b"a line\n".repeat(10_000);
    let chunks = || Chunks::with_sizes(log.as_slice(), 64, 100);
    let mut folded = 0;
    let ended = scan_while(
        chunks(),
        4,
        |chunk| chunk.iter().count(),
        |lines| {
            folded += lines;
            if folded < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    assert!(ended.is_ok() && (100..120).contains(&folded), "{folded}");
    let count = AtomicUsize::new(0);
    let read = |_: &Chunk| assert_ne!(count.fetch_add(1, Ordering::Relaxed), 50);
    let panicked = catch_unwind(AssertUnwindSafe(|| scan(chunks(), 4, read, |()| {})));
    assert!(panicked.is_err());
}

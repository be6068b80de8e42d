//! A log cut into chunks of any size has the same lines.

use crate::random::Random;
use kaudit::event::{Chunks, scan, scan_while};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The lines, and how the reading ended.
fn lines(log: impl Read, size: usize, limit: usize) -> (Vec<Option<Vec<u8>>>, Option<io::ErrorKind>) {
    let mut chunks = Chunks::with_sizes(log, size, limit);
    let mut lines = Vec::new();
    let mut buffer = Vec::new();
    loop {
        match chunks.next(buffer) {
            Ok(Some(chunk)) => {
                lines.extend(chunk.iter().map(|line| line.map(<[u8]>::to_vec)));
                buffer = chunk.into_buffer();
            }
            Ok(None) => return (lines, None),
            Err(error) => return (lines, Some(error.kind())),
        }
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
        assert_eq!(lines(log.as_slice(), size, limit), (expected.clone(), None), "{size} {limit} {log:?}");
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
        assert_eq!(lines(Failing(&log), size, 1000), (expected, Some(io::ErrorKind::Other)), "{log:?}");
    }
}

#[test]
fn what_threads_read_is_folded_in_the_order_of_the_log() {
    let log: Vec<u8> = (0..5000).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    for threads in [1, 2, 3, 8] {
        for size in [7, 100, 100_000] {
            let mut folded = Vec::new();
            let read = |chunk: &kaudit::event::Chunk| {
                chunk.iter().map(|line| line.unwrap().to_vec()).collect::<Vec<_>>()
            };
            scan(Chunks::with_sizes(log.as_slice(), size, 100), threads, read, |lines| folded.extend(lines))
                .unwrap();
            assert_eq!(folded.len(), 5000);
            let numbers =
                folded.iter().map(|line| std::str::from_utf8(line).unwrap().parse::<usize>().unwrap());
            assert!(numbers.eq(0..5000), "{threads} threads, {size}");
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
    let read = |_: &kaudit::event::Chunk| assert_ne!(count.fetch_add(1, Ordering::Relaxed), 50);
    let panicked = catch_unwind(AssertUnwindSafe(|| scan(chunks(), 4, read, |()| {})));
    assert!(panicked.is_err());
}

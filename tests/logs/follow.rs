//! Every line of a log exactly once and in order, whatever happens to its files between two reads.

use super::lumberjack::{Lumberjack, begin_compressing, compress};
use crate::yaml::choices::{Choices, seeded_runner};
use kaudit::lines::{Chunk, scan};
use kaudit::node::{Follower, LogFile, Node, Step};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// What a follower has read.
#[derive(Debug, Default)]
struct Reader {
    text: String,
    remarks: Vec<String>,
}

impl Reader {
    fn take(&mut self, log: LogFile) {
        let append = |chunk: &Chunk| String::from_utf8(chunk.text().unwrap().to_vec()).unwrap();
        scan(log.read().unwrap(), 1, append, |text| self.text += &text).unwrap();
    }

    /// Takes all that is there; whether there was anything.
    fn look(&mut self, follower: &mut Follower) -> bool {
        let before = self.text.len();
        while let Some(step) = follower.step().unwrap() {
            match step {
                Step::Lines { log, .. } => self.take(log),
                Step::Emptied(name) => self.remarks.push(format!("emptied {name}")),
                Step::Removed(name) => self.remarks.push(format!("removed {name}")),
            }
        }
        self.text.len() > before
    }

    /// Every number below `count` is there once, in order.
    fn assert_all(&self, count: usize) {
        let numbers = self.numbers();
        let wrong = numbers.iter().enumerate().find(|(index, number)| index != *number);
        assert_eq!((wrong, numbers.len()), (None, count));
        assert_eq!(self.remarks, [""; 0]);
    }

    fn numbers(&self) -> Vec<usize> {
        self.text.lines().map(|line| line.parse().unwrap()).collect()
    }
}

fn start(directory: &Path) -> (Follower, Reader) {
    let (follower, there) = Node::at(directory).open_log(Path::new("/audit.log"), true).unwrap();
    let mut reader = Reader::default();
    for log in there {
        reader.take(log);
    }
    (follower, reader)
}

#[test]
fn every_line_comes_once_whatever_happens_between_two_looks() {
    let cases = std::env::var("KAUDIT_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(400),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = seeded_runner(config).run(&vec(any::<u8>(), 0..120), |bytes| {
        follow_some_writer(&Choices::new(&bytes));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Writes numbers, rotates, compresses and looks in some order. Numbers from `ELSEWHERE` on come from another writer, whose
/// log gets a rotated log's name when it has ended.
fn follow_some_writer(choices: &Choices<'_>) {
    const ELSEWHERE: usize = 1_000_000;
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Lumberjack::new(directory.path());
    let mut rotated: VecDeque<PathBuf> = VecDeque::new();
    let (mut next, mut elsewhere) = (0, 0);
    let mut started: Option<(Follower, Reader)> = None;
    let mut line = |ending: &str| {
        next += 1;
        format!("{}{ending}", next - 1)
    };
    // A line of which only the beginning is written.
    let mut begun = false;
    for _ in 0..60 {
        match choices.below(9) {
            0..=2 => {
                let rest = if std::mem::take(&mut begun) { "\n" } else { "" };
                writer.write(&format!("{rest}{}", line("\n")));
            }
            3 if !begun => {
                writer.write(&line(""));
                begun = true;
            }
            4 if !begun => rotated.extend(writer.rotate()),
            5 => {
                if let Some(oldest) = rotated.pop_front() {
                    compress(&oldest);
                }
            }
            6 => rotated.iter().take(1).for_each(|oldest| begin_compressing(oldest)),
            7 if choices.once_in(4) => {
                fs::write(writer.next_name(), format!("{}\n", ELSEWHERE + elsewhere)).unwrap();
                elsewhere += 1;
            }
            _ => match &mut started {
                Some((follower, reader)) => drop(reader.look(follower)),
                None if choices.once_in(2) => started = Some(start(directory.path())),
                None => {}
            },
        }
    }
    writer.write(if begun { "\n" } else { "" });
    let (mut follower, mut reader) = started.unwrap_or_else(|| start(directory.path()));
    while reader.look(&mut follower) {}
    let (there, others): (Vec<usize>, Vec<usize>) =
        reader.numbers().into_iter().partition(|number| *number < ELSEWHERE);
    assert_eq!(there, (0..next).collect::<Vec<_>>());
    let mut others: Vec<usize> = others.iter().map(|number| number - ELSEWHERE).collect();
    others.sort_unstable();
    assert_eq!(others, (0..elsewhere).collect::<Vec<_>>());
    assert_eq!(reader.remarks, [""; 0]);
}

#[test]
fn a_writer_that_does_not_wait_loses_and_doubles_nothing() {
    const LINES: usize = 100_000;
    let directory = tempfile::tempdir().unwrap();
    let (mut follower, mut reader) = start(directory.path());
    let is_written = AtomicBool::new(false);
    let (to_compress, rotated) = channel::<PathBuf>();
    thread::scope(|scope| {
        // Compressing goes on beside writing, as in lumberjack.
        scope.spawn(move || rotated.iter().for_each(|path| compress(&path)));
        scope.spawn(|| {
            let to_compress = to_compress;
            let mut writer = Lumberjack::new(directory.path());
            for number in 0..LINES {
                writer.write(&format!("{number}\n"));
                if number % 97 == 96 {
                    to_compress.send(writer.rotate().unwrap()).unwrap();
                }
            }
            is_written.store(true, Ordering::SeqCst);
        });
        loop {
            let is_end = is_written.load(Ordering::SeqCst);
            if !reader.look(&mut follower) && is_end {
                break;
            }
        }
    });
    reader.assert_all(LINES);
}

#[test]
fn what_is_lost_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Lumberjack::new(directory.path());
    writer.write("0\n1\n2\n");
    let (mut follower, mut reader) = start(directory.path());
    let log = writer.path();
    OpenOptions::new().write(true).open(&log).unwrap().set_len(0).unwrap();
    reader.look(&mut follower);
    writer.write("3\n");
    reader.look(&mut follower);
    assert_eq!(reader.numbers(), [0, 1, 2, 3]);
    assert_eq!(reader.remarks, ["emptied /audit.log"]);
}

#[test]
fn an_old_file_is_read_until_the_new_one_is_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("audit.log");
    let mut old = OpenOptions::new().create(true).append(true).open(&log).unwrap();
    old.write_all(b"0\n").unwrap();
    let (mut follower, mut reader) = start(directory.path());
    // As logrotate does it, of which the writer knows nothing yet.
    fs::rename(&log, directory.path().join("audit.log.1")).unwrap();
    fs::write(&log, "").unwrap();
    reader.look(&mut follower);
    old.write_all(b"1\n2").unwrap();
    reader.look(&mut follower);
    fs::write(&log, "3\n").unwrap();
    old.write_all(b"\n").unwrap();
    while reader.look(&mut follower) {}
    assert_eq!(reader.numbers(), [0, 1, 2, 3]);
}

#[test]
fn a_named_log_is_followed_without_its_past() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Lumberjack::new(directory.path());
    writer.write("0\n");
    writer.rotate();
    let (mut follower, there) = Node::follow_operators_log(&writer.path()).unwrap();
    let mut reader = Reader::default();
    assert!(there.is_none());
    writer.write("1\n");
    reader.look(&mut follower);
    writer.rotate();
    writer.write("2\n");
    while reader.look(&mut follower) {}
    assert_eq!(reader.numbers(), [1, 2]);
}

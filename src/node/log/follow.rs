//! A log that is written and rotated, followed without losing or doubling a line.
//!
//! lumberjack, which rotates for the API server, closes `audit.log`, renames it to `audit-<UTC time>.log` and only then
//! makes a new `audit.log`; later it compresses the renamed one into another file and removes it (`lumberjack.v2`,
//! `rotate`, `millRunOnce`). So the file that is read stays open and is read to its end after another one has its name,
//! and what was rotated meanwhile is told by the time in its name, which stays when it is compressed. What name the open
//! file has got the kernel tells (`/proc/self/fd`), also when it is removed already.

use super::finished::Finished;
use super::log_file::{LogFile, Section};
use super::open_log::{Current, length, open, whole_lines};
use crate::node::Node;
use crate::node::files::read::is_absence;
use crate::rotation::{rotated_at, rotated_name};
use anyhow::{Context as _, Result};
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Follows a log.
#[derive(Debug)]
pub struct Follower {
    /// Where it is written.
    place: PathBuf,
    /// How the operator would name it.
    shown: PathBuf,
    current: Option<Current>,
    finished: Finished,
    /// What was found and is not handed out yet.
    steps: VecDeque<Step>,
}

/// What comes next in a log.
#[derive(Debug)]
pub enum Step {
    /// Lines, to be read to their end.
    Lines {
        /// The file, or the part of it that is new.
        log: LogFile,
        /// Whether it begins with the file's first line.
        is_new_file: bool,
    },
    /// The file of this name was emptied in place; what was written before that and not read yet is lost.
    Emptied(String),
    /// The rotated file of this name was removed before it could be read.
    Removed(String),
}

impl Node {
    /// The log at `path` of this node: what is there, in the order in which it was written, and what follows. With
    /// `follows` a last line without its line feed belongs to what follows.
    ///
    /// # Errors
    /// It cannot be looked at, or is no regular file. That there is no such file is no error.
    pub fn open_log(&self, path: &Path, follows: bool) -> Result<(Follower, Vec<LogFile>)> {
        Follower::start(self.locate_target(path)?, path.to_path_buf(), follows)
    }

    /// Follows the log at `path` of this machine, not below the root: what is in it, and what follows.
    ///
    /// # Errors
    /// As for [`Node::open_log`].
    pub fn follow_operators_log(path: &Path) -> Result<(Follower, Option<LogFile>)> {
        let place = match fs::canonicalize(path) {
            Err(error) if is_absence(&error) => std::path::absolute(path)?,
            place => place.with_context(|| looking_at(path))?,
        };
        // Rotated files are there before it, and were not asked for.
        let (follower, mut there) = Follower::start(place, path.to_path_buf(), true)?;
        let own = there.pop().filter(|_| follower.current.is_some());
        Ok((follower, own))
    }
}

impl Follower {
    fn start(place: PathBuf, shown: PathBuf, follows: bool) -> Result<(Self, Vec<LogFile>)> {
        let current = open(&place).with_context(|| looking_at(&shown))?;
        let mut follower =
            Self { place, shown, current: None, finished: Finished::default(), steps: VecDeque::new() };
        follower.queue_rotated(current.as_ref()).with_context(|| looking_at(&follower.shown))?;
        // What is removed between listing and opening is as if it had been removed before.
        let mut there: Vec<LogFile> = follower
            .steps
            .drain(..)
            .filter_map(|step| match step {
                Step::Lines { log, .. } => Some(log),
                Step::Emptied(_) | Step::Removed(_) => None,
            })
            .collect();
        if let Some(mut current) = current {
            let length = length(&current.file).with_context(|| looking_at(&follower.shown))?;
            let end = if follows { whole_lines(&current.file, 0, length)? } else { length };
            there.push(follower.section(&current, end));
            current.read = end;
            follower.current = Some(current);
        }
        Ok((follower, there))
    }

    /// What has come since the last call; `None`: nothing, so wait.
    ///
    /// # Errors
    /// The log cannot be looked at.
    pub fn step(&mut self) -> Result<Option<Step>> {
        while self.steps.is_empty() {
            if let Some(step) = self.grown().with_context(|| looking_at(&self.shown))? {
                return Ok(Some(step));
            }
            if !self.go_on().with_context(|| looking_at(&self.shown))? && self.steps.is_empty() {
                return Ok(None);
            }
        }
        Ok(self.steps.pop_front())
    }

    /// Looks for a rotation, and goes on to the file that is written now. Whether it did.
    fn go_on(&mut self) -> Result<bool> {
        // In this order: what was rotated before `next` was made is in the listing. Between renaming and making there is none.
        let next = open(&self.place)?;
        if let Some(time) = self.current.as_ref().and_then(|current| self.rotated_at(current)) {
            self.finished.insert(time);
        }
        // Where no rotation was, there may be a log that was written elsewhere and got its name here, as that of a surge.
        self.queue_rotated(next.as_ref())?;
        let Some(current) = self.current.clone() else {
            self.current = next;
            return Ok(self.current.is_some());
        };
        if next.as_ref().is_some_and(|next| next.id == current.id) {
            return Ok(false);
        }
        // As long as nothing is in a newer file the writer may not have noticed a rotation that somebody else has made.
        let is_written = match &next {
            Some(next) => length(&next.file)? > 0,
            None => false,
        };
        if self.steps.is_empty() && !is_written {
            return Ok(false);
        }
        // Nobody writes to the old file any more: all of it counts, also a line without an end.
        let end = length(&current.file)?;
        if end > current.read {
            let log = self.section(&current, end);
            self.steps.push_front(Step::Lines { log, is_new_file: current.read == 0 });
        }
        self.current = next;
        Ok(true)
    }

    /// What was appended to the file that is open.
    fn grown(&mut self) -> Result<Option<Step>> {
        let Some(mut current) = self.current.clone() else { return Ok(None) };
        let length = length(&current.file)?;
        if length < current.read {
            current.read = 0;
            self.current = Some(current);
            return Ok(Some(Step::Emptied(self.shown.display().to_string())));
        }
        let end = whole_lines(&current.file, current.read, length)?;
        if end == current.read {
            return Ok(None);
        }
        let log = self.section(&current, end);
        let is_new_file = current.read == 0;
        current.read = end;
        self.current = Some(current);
        Ok(Some(Step::Lines { log, is_new_file }))
    }

    /// Queues the rotated files that are not read yet, oldest first, up to `next`, which is what follows them.
    fn queue_rotated(&mut self, next: Option<&Current>) -> Result<()> {
        let directory = self.place.parent().unwrap_or(Path::new("/")).to_path_buf();
        // Where nothing tells where the listing has to end, what is rotated from now on is left for the next time.
        let newest = match next {
            Some(_) => None,
            None => Some(self.rotated_in(&directory)?.pop_last().unwrap_or_default()),
        };
        // A listing can miss a file that is compressed meanwhile: one of its names is too new and the other one gone. By the
        // second listing that is over.
        let mut times = self.rotated_in(&directory)?;
        times.append(&mut self.rotated_in(&directory)?);
        // After the listings: what they have of a rotation of `next` is told apart then.
        let end = next.and_then(|next| self.rotated_at(next));
        for time in times {
            let is_later = end.as_ref().is_some_and(|end| *end <= time)
                || newest.as_ref().is_some_and(|newest| *newest < time);
            if is_later || self.finished.contains(&time) {
                continue;
            }
            self.steps.extend(self.open_rotated(&directory, &time, next)?);
            self.finished.insert(time);
        }
        Ok(())
    }

    /// When the rotated files that are there were rotated.
    fn rotated_in(&self, directory: &Path) -> io::Result<BTreeSet<String>> {
        let log = self.log_name();
        let mut times = BTreeSet::new();
        let entries = match fs::read_dir(directory) {
            Err(error) if is_absence(&error) => return Ok(times),
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            times.extend(name.to_str().and_then(|name| rotated_at(name, &log)).map(str::to_owned));
        }
        Ok(times)
    }

    /// Opens the file that was rotated at `time`, as it is or compressed. While it is being compressed, both are there.
    fn open_rotated(&self, directory: &Path, time: &str, next: Option<&Current>) -> Result<Option<Step>> {
        let plain = rotated_name(&self.log_name(), time);
        for name in [plain.clone(), format!("{plain}.gz")] {
            let Some(found) = open(&directory.join(&name))? else { continue };
            // Without /proc that is how it is known.
            if self.current.as_ref().into_iter().chain(next).any(|open| open.id == found.id) {
                return Ok(None);
            }
            let length = length(&found.file)?;
            let shown = self.shown.with_file_name(&name).display().to_string();
            let log = LogFile::section(shown, Section::new(found.file, 0, length));
            return Ok(Some(Step::Lines { log, is_new_file: true }));
        }
        Ok(Some(Step::Removed(self.shown.with_file_name(&plain).display().to_string())))
    }

    /// When an open file was rotated away, if it was.
    fn rotated_at(&self, current: &Current) -> Option<String> {
        let target = fs::read_link(format!("/proc/self/fd/{}", current.file.as_raw_fd())).ok()?;
        let name = target.file_name()?.to_str()?;
        let name = name.strip_suffix(" (deleted)").unwrap_or(name);
        rotated_at(name, &self.log_name()).map(str::to_owned)
    }

    fn log_name(&self) -> String {
        self.place.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn section(&self, current: &Current, end: u64) -> LogFile {
        let section = Section::new(Arc::clone(&current.file), current.read, end);
        LogFile::section(self.shown.display().to_string(), section)
    }
}

fn looking_at(path: &Path) -> String {
    format!("looking at {}", path.display())
}

//! Following a log across rotations without losing or duplicating a line.
//!
//! lumberjack, which rotates for the API server, closes `audit.log`, renames it to `audit-<UTC time>.log` and only
//! then creates a new `audit.log`. Later it compresses the renamed file into another one and removes it
//! (`lumberjack.v2`, `rotate`, `millRunOnce`). So the current file stays open and is read to its end after another
//! file got its name. Files that were rotated meanwhile are identified by the time in their name, which stays when
//! they are compressed. The kernel tells the current name of the open file (`/proc/self/fd`), even after it is
//! removed.

use super::finished::Finished;
use super::log_file::{LogFile, Section};
use super::open_log::{Current, length, open, whole_lines};
use crate::node::Node;
use crate::node::files::read::if_exists;
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
    /// The path of the log.
    place: PathBuf,
    /// The path as the user named it.
    shown: PathBuf,
    current: Option<Current>,
    finished: Finished,
    /// Steps that were found and not returned yet.
    steps: VecDeque<Step>,
}

/// The next part of a log.
#[derive(Debug)]
pub enum Step {
    /// Lines to read to their end.
    Lines {
        /// The file, or the new part of it.
        log: LogFile,
        /// Whether it starts with the first line of the file.
        is_new_file: bool,
    },
    /// This file was truncated in place; content that was not read before is lost.
    Emptied(String),
    /// This rotated file was removed before it was read.
    Removed(String),
}

impl Node {
    /// The log at `path` of this node: its current files in the order in which they were written, and a follower for
    /// what comes next. With `follows`, an incomplete last line is left to the follower.
    ///
    /// # Errors
    /// The log cannot be read, or is not a regular file. A missing log is not an error.
    pub fn open_log(&self, path: &Path, follows: bool) -> Result<(Follower, Vec<LogFile>)> {
        Follower::start(self.locate_target(path)?, path.to_path_buf(), follows)
    }

    /// Follows the log at `path` of this machine, not below the root: its current content, and what comes next.
    ///
    /// # Errors
    /// As for [`Node::open_log`].
    pub fn follow_operators_log(path: &Path) -> Result<(Follower, Option<LogFile>)> {
        let place = match if_exists(fs::canonicalize(path)).with_context(|| reading(path))? {
            Some(place) => place,
            None => std::path::absolute(path)?,
        };
        // Rotated files come before it, and were not requested.
        let (follower, mut there) = Follower::start(place, path.to_path_buf(), true)?;
        let own = there.pop().filter(|_| follower.current.is_some());
        Ok((follower, own))
    }
}

impl Follower {
    fn start(place: PathBuf, shown: PathBuf, follows: bool) -> Result<(Self, Vec<LogFile>)> {
        let current = open(&place).with_context(|| reading(&shown))?;
        let mut follower =
            Self { place, shown, current: None, finished: Finished::default(), steps: VecDeque::new() };
        follower.queue_rotated(current.as_ref()).with_context(|| reading(&follower.shown))?;
        // A file removed between listing and opening is treated as removed before.
        let mut there: Vec<LogFile> = follower
            .steps
            .drain(..)
            .filter_map(|step| match step {
                Step::Lines { log, .. } => Some(log),
                Step::Emptied(_) | Step::Removed(_) => None,
            })
            .collect();
        if let Some(mut current) = current {
            let length = length(&current.file).with_context(|| reading(&follower.shown))?;
            let end = if follows { whole_lines(&current.file, 0, length)? } else { length };
            there.push(follower.section(&current, end));
            current.read = end;
            follower.current = Some(current);
        }
        Ok((follower, there))
    }

    /// What was appended since the last call; `None`: nothing yet.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn step(&mut self) -> Result<Option<Step>> {
        while self.steps.is_empty() {
            if let Some(step) = self.grown().with_context(|| reading(&self.shown))? {
                return Ok(Some(step));
            }
            if !self.switch().with_context(|| reading(&self.shown))? && self.steps.is_empty() {
                return Ok(None);
            }
        }
        Ok(self.steps.pop_front())
    }

    /// Checks for a rotation, and switches to the current file. Returns whether it switched.
    fn switch(&mut self) -> Result<bool> {
        // The order matters: files rotated before `next` was created are in the listing. Between rename and creation
        // there is no file.
        let next = open(&self.place)?;
        if let Some(time) = self.current.as_ref().and_then(|current| self.rotated_at(current)) {
            self.finished.insert(time);
        }
        // Without a rotation, a log that was written elsewhere may have been renamed to here, such as the log of a
        // surge.
        self.queue_rotated(next.as_ref())?;
        let Some(current) = self.current.clone() else {
            self.current = next;
            return Ok(self.current.is_some());
        };
        if next.as_ref().is_some_and(|next| next.id == current.id) {
            return Ok(false);
        }
        // While the newer file is empty, the writer may not have noticed a rotation by another program.
        let is_written = match &next {
            Some(next) => length(&next.file)? > 0,
            None => false,
        };
        if self.steps.is_empty() && !is_written {
            return Ok(false);
        }
        // The old file is complete: a last line without a line feed counts, too.
        let end = length(&current.file)?;
        if end > current.read {
            let log = self.section(&current, end);
            self.steps.push_front(Step::Lines { log, is_new_file: current.read == 0 });
        }
        self.current = next;
        Ok(true)
    }

    /// The lines appended to the open file.
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

    /// Queues unread rotated files, oldest first, up to `next`, which follows them.
    fn queue_rotated(&mut self, next: Option<&Current>) -> Result<()> {
        let directory = self.place.parent().unwrap_or(Path::new("/")).to_path_buf();
        // Without `next` there is no end of the listing: files rotated from now on are left for the next call.
        let newest = match next {
            Some(_) => None,
            None => Some(self.rotated_in(&directory)?.pop_last().unwrap_or_default()),
        };
        // A listing can miss a file while it is compressed: one of its names is too new and the other is gone. The
        // second listing has it.
        let mut times = self.rotated_in(&directory)?;
        times.append(&mut self.rotated_in(&directory)?);
        // After the listings, so that a rotation of `next` that they include is recognised.
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

    /// The times of rotation of the existing rotated files.
    fn rotated_in(&self, directory: &Path) -> io::Result<BTreeSet<String>> {
        let log = self.log_name();
        let mut times = BTreeSet::new();
        for entry in if_exists(fs::read_dir(directory))?.into_iter().flatten() {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                continue;
            }
            let name = entry.file_name();
            times.extend(name.to_str().and_then(|name| rotated_at(name, &log)).map(str::to_owned));
        }
        Ok(times)
    }

    /// Opens the file that was rotated at `time`, plain or compressed. During compression both exist.
    fn open_rotated(&self, directory: &Path, time: &str, next: Option<&Current>) -> Result<Option<Step>> {
        let plain = rotated_name(&self.log_name(), time);
        for name in [plain.clone(), format!("{plain}.gz")] {
            let Some(found) = open(&directory.join(&name))? else { continue };
            // Identifies the open file where /proc is not available.
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

    /// When an open file was rotated, if it was.
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

fn reading(path: &Path) -> String {
    format!("reading the log {}", path.display())
}

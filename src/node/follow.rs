//! A log that is written and rotated, followed without losing or doubling a line.
//!
//! lumberjack, which rotates for the API server, closes `audit.log`, renames it to `audit-<UTC time>.log` and only then
//! makes a new `audit.log`; later it compresses the renamed one into another file and removes it (`lumberjack.v2`,
//! `rotate`, `millRunOnce`). So the file that is read stays open and is read to its end after another one has its name,
//! and what was rotated meanwhile is told by the time in its name, which stays when it is compressed. What name the open
//! file has got the kernel tells (`/proc/self/fd`), also when it is removed already.

use super::Node;
use super::finished::Finished;
use super::log_files::{LogFile, Section};
use super::read::is_absence;
use crate::event::rotated_at;
use anyhow::{Context as _, Result, bail};
use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

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

#[derive(Debug, Clone)]
struct Current {
    file: Rc<File>,
    /// Device and inode.
    id: (u64, u64),
    /// How far it is read.
    read: u64,
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
    pub fn next(&mut self) -> Result<Option<Step>> {
        if self.steps.is_empty() {
            self.look().with_context(|| looking_at(&self.shown))?;
        }
        Ok(self.steps.pop_front())
    }

    /// Looks for new lines, and when there are none, for a rotation.
    fn look(&mut self) -> Result<()> {
        if let Some(step) = self.grown()? {
            self.steps.push_back(step);
            return Ok(());
        }
        // Between the renaming and the making of a new file there is none.
        let Some(next) = open(&self.place)? else { return Ok(()) };
        if let Some(time) = self.current.as_ref().and_then(|current| self.rotated_at(current)) {
            self.finished.insert(time);
        }
        // Where no rotation was, there may be a log that was written elsewhere and got its name here, as that of a surge.
        self.queue_rotated(Some(&next))?;
        let Some(current) = self.current.clone() else {
            self.current = Some(next);
            return Ok(());
        };
        if current.id == next.id {
            return Ok(());
        }
        // As long as the new file is empty its writer may not have noticed a rotation that somebody else has made.
        if self.steps.is_empty() && length(&next.file)? == 0 {
            return Ok(());
        }
        // Nobody writes to the old file any more: all of it counts, also a line without an end.
        let end = length(&current.file)?;
        if end > current.read {
            let log = self.section(&current, end);
            self.steps.push_front(Step::Lines { log, is_new_file: false });
        }
        self.current = Some(next);
        Ok(())
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
        let log = self.log_name();
        let entries = match fs::read_dir(&directory) {
            Err(error) if is_absence(&error) => return Ok(()),
            entries => entries?,
        };
        let mut times = BTreeSet::new();
        for entry in entries {
            let name = entry?.file_name();
            times.extend(name.to_str().and_then(|name| rotated_at(name, &log)).map(str::to_owned));
        }
        // After the listing: what it has of a rotation of `next` is told apart then.
        let end = next.and_then(|next| self.rotated_at(next));
        for time in times {
            if self.finished.contains(&time) || end.as_ref().is_some_and(|end| *end <= time) {
                continue;
            }
            self.steps.extend(self.open_rotated(&directory, &time, next)?);
            self.finished.insert(time);
        }
        Ok(())
    }

    /// Opens the file that was rotated at `time`, as it is or compressed. While it is being compressed, both are there.
    fn open_rotated(&self, directory: &Path, time: &str, next: Option<&Current>) -> Result<Option<Step>> {
        let log = self.log_name();
        let (stem, ending) = log.split_at(log.rfind('.').unwrap_or(log.len()));
        let plain = format!("{stem}-{time}{ending}");
        for name in [plain.clone(), format!("{plain}.gz")] {
            let Some(found) = open(&directory.join(&name))? else { continue };
            // Without /proc that is how it is known.
            if self.current.as_ref().into_iter().chain(next).any(|open| open.id == found.id) {
                return Ok(None);
            }
            let length = length(&found.file)?;
            let shown = self.shown.with_file_name(&name).display().to_string();
            let log = LogFile::new(shown, length, Section::new(found.file, 0, length));
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
        let section = Section::new(Rc::clone(&current.file), current.read, end);
        LogFile::new(self.shown.display().to_string(), end.saturating_sub(current.read), section)
    }
}

fn looking_at(path: &Path) -> String {
    format!("looking at {}", path.display())
}

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Opens a regular file; `None` where there is none (any more).
fn open(place: &Path) -> Result<Option<Current>> {
    // Before it is opened: opening a pipe would wait for its writer.
    match fs::metadata(place) {
        Ok(metadata) if !metadata.is_file() => bail!("{} is not a regular file", place.display()),
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let file = match File::open(place) {
        Err(error) if is_absence(&error) => return Ok(None),
        file => file?,
    };
    let metadata = file.metadata()?;
    Ok(Some(Current { file: Rc::new(file), id: (metadata.dev(), metadata.ino()), read: 0 }))
}

/// The end of the last whole line between two places in a file; `from` where there is none.
fn whole_lines(file: &File, from: u64, to: u64) -> io::Result<u64> {
    const BLOCK: u64 = 64 * 1024;
    let mut end = to;
    while end > from {
        let begin = end.saturating_sub(BLOCK).max(from);
        let mut block = vec![0; usize::try_from(end - begin).unwrap_or(0)];
        match file.read_exact_at(&mut block, begin) {
            // Emptied meanwhile: that is noticed the next time.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(from),
            read => read?,
        }
        if let Some(last) = memchr::memrchr(b'\n', &block) {
            return Ok(begin + last as u64 + 1);
        }
        end = begin;
    }
    Ok(from)
}

//! What a node has outside its namespaces: a file with the process id of its first process, and control groups.
//!
//! The file is locked as long as the process lives that clears both away at the end. A file without a lock belongs to
//! a node that ended by violence.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::cgroup;

/// In memory on every distribution, like the control groups: neither survives the machine.
pub(crate) const DIRECTORY: &str = "/run/kaudit-nodes";

/// A node's slot, taken.
pub(crate) struct Slot {
    name: String,
    /// Locked until it is dropped.
    _file: File,
}

/// Who is in a slot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Occupant {
    /// Nobody.
    Nobody,
    /// A node that has not got a first process yet.
    Starting,
    /// The node whose first process has this id.
    Running(u32),
}

impl Slot {
    /// Takes the slot `name`, after clearing what dead nodes left.
    ///
    /// # Errors
    ///
    /// When it is taken.
    pub(crate) fn take(name: &str) -> Result<Slot> {
        fs::create_dir_all(DIRECTORY).with_context(|| format!("creating {DIRECTORY}"))?;
        // One process at a time: the new file of another process would look like an unused one until it is locked.
        let turn = File::open(DIRECTORY).with_context(|| format!("opening {DIRECTORY}"))?;
        turn.lock().with_context(|| format!("locking {DIRECTORY}"))?;
        for entry in fs::read_dir(DIRECTORY).with_context(|| format!("listing {DIRECTORY}"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if occupant(&name)? == Occupant::Nobody {
                clear(&name)?;
            }
        }
        if occupant(name)? != Occupant::Nobody {
            bail!("the node {name} is running already; end it with `cargo xtask node down --name {name}`");
        }
        let place = path(name);
        let file = File::create(&place).with_context(|| format!("creating {}", place.display()))?;
        file.lock().with_context(|| format!("locking {}", place.display()))?;
        Ok(Slot { name: name.to_owned(), _file: file })
    }

    /// Clears everything away, once the node's processes have ended.
    ///
    /// # Errors
    ///
    /// When they do not end.
    pub(crate) fn give_back(self) -> Result<()> {
        clear(&self.name)
    }
}

/// Writes down the first process of the node `name`.
///
/// # Errors
///
/// When that cannot be written.
pub(crate) fn record(name: &str, pid: &str) -> Result<()> {
    fs::write(path(name), pid).with_context(|| format!("writing {}", path(name).display()))
}

/// Who is in the slot `name`.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn occupant(name: &str) -> Result<Occupant> {
    let place = path(name);
    if !place.exists() {
        return Ok(Occupant::Nobody);
    }
    let file = File::open(&place).with_context(|| format!("opening {}", place.display()))?;
    // Shared, so that two who ask at once do not take each other for the occupant.
    match file.try_lock_shared() {
        Ok(()) => Ok(Occupant::Nobody),
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&place).with_context(|| format!("reading {}", place.display()))?;
            Ok(pid.parse().map_or(Occupant::Starting, Occupant::Running))
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", place.display())),
    }
}

/// The file last: it is what a later start finds the rest by.
fn clear(name: &str) -> Result<()> {
    cgroup::remove(name)?;
    fs::remove_file(path(name)).with_context(|| format!("removing {}", path(name).display()))
}

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

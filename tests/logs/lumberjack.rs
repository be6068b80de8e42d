//! A log that is rotated as `gopkg.in/natefinch/lumberjack.v2` does it: close, rename, create a new file; compress the
//! renamed one later, and then remove it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The writer.
#[derive(Debug)]
pub(crate) struct Lumberjack {
    directory: PathBuf,
    open: Option<File>,
    rotations: u32,
}

impl Lumberjack {
    /// A log `audit.log` in this directory; nothing is there yet.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), open: None, rotations: 0 }
    }

    /// The file that is written.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("audit.log")
    }

    /// Appends, as one system call.
    pub(crate) fn write(&mut self, text: &str) {
        let path = self.path();
        let open = || OpenOptions::new().create(true).append(true).open(path).unwrap();
        self.open.get_or_insert_with(open).write_all(text.as_bytes()).unwrap();
    }

    /// Renames the file, and tells how it is called now. The next write makes a new one.
    pub(crate) fn rotate(&mut self) -> Option<PathBuf> {
        self.open = None;
        let name = self.next_name();
        fs::rename(self.path(), &name).ok()?;
        Some(name)
    }

    /// How the next rotated file is called.
    pub(crate) fn next_name(&mut self) -> PathBuf {
        self.rotations += 1;
        let (seconds, milliseconds) = (self.rotations / 1000, self.rotations % 1000);
        let time = format!("{:02}-{:02}.{milliseconds:03}", seconds / 60, seconds % 60);
        self.directory.join(format!("audit-2026-11-21T03-{time}.log"))
    }
}

/// Begins to compress a rotated file: the compressed one is there, and not complete.
pub(crate) fn begin_compressing(rotated: &Path) {
    let content = compressed(rotated);
    fs::write(gz(rotated), &content[..content.len() / 2]).unwrap();
}

/// Compresses a rotated file.
pub(crate) fn compress(rotated: &Path) {
    fs::write(gz(rotated), compressed(rotated)).unwrap();
    fs::remove_file(rotated).unwrap();
}

fn gz(rotated: &Path) -> PathBuf {
    let mut name = rotated.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

fn compressed(rotated: &Path) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&fs::read(rotated).unwrap()).unwrap();
    encoder.finish().unwrap()
}

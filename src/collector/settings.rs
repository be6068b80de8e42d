//! What of a node's audit flags matters to whoever reads its log.

use crate::audit::disk::ZERO_MAXSIZE_DISABLES_SINCE;
use crate::audit::flag::{self, LOG_MAXBACKUP, LOG_MAXSIZE};
use crate::audit::pflag::{parse_bool, parse_int};
use crate::diagnostic::Diagnostic;
use std::path::Path;

/// Where no truncation bounds an event, a line of this many bytes is provided for: the largest request that the API server
/// takes, 3 MiB (`k8s.io/apiserver/pkg/server/config.go`, `MaxRequestBodyBytes`), and its response, logged as one event.
const UNBOUNDED_LINE: u64 = 8 << 20;
/// Room for the end of a line and for what a shipper adds to it in its own buffer.
const LINE_ROOM: u64 = 1024;
/// The flag that bounds events.
const TRUNCATE: &str = "audit-log-truncate-enabled";
/// How far.
const MAX_EVENT: &str = "audit-log-truncate-max-event-size";

/// The log's path on the host. It has only characters that mean nothing in the configuration of any shipper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile(String);

impl LogFile {
    /// Takes an absolute path.
    ///
    /// # Errors
    /// It is relative, names no file, or has characters that the shippers' configurations would each quote in another way,
    /// if at all.
    pub fn parse(path: &str) -> Result<Self, Diagnostic> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if !path.starts_with('/') || path.ends_with('/') {
            return Err(Diagnostic::error(format!("`{path}` is no absolute path of a log file"))
                .help("give it as the host has it: --log-path /var/log/kubernetes/audit/audit.log"));
        }
        if !path.chars().all(is_plain) {
            return Err(Diagnostic::error(format!(
                "`{path}` has characters that mean something else in a configuration"
            ))
            .help("choose a path of letters, digits, `.`, `_` and `-`: kaudit enable --log-path …"));
        }
        Ok(Self(path.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// A pattern for the rotated files, and not for compressed ones: the time stands between name and extension.
    #[must_use]
    pub fn rotated(&self) -> String {
        let path = Path::new(&self.0);
        let text = |part: Option<&std::ffi::OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let extension = match path.extension() {
            Some(extension) => format!(".{}", extension.to_string_lossy()),
            // The milliseconds, and not `.gz`.
            None => ".???".to_owned(),
        };
        let directory = path.parent().map(|parent| parent.to_string_lossy().into_owned());
        let directory = directory.filter(|directory| directory != "/").unwrap_or_default();
        format!("{directory}/{}-*{extension}", text(path.file_stem()))
    }
}

/// How long a line of the log can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSize {
    /// `--audit-log-truncate-enabled`: bodies are left out of an event that is larger than this many bytes, and the event
    /// itself if that does not help (`k8s.io/apiserver/plugin/pkg/audit/truncate`).
    AtMost(u64),
    /// Whoever reads it is to be ready for this many bytes, whatever the node's settings.
    Chosen(u64),
    /// Nothing bounds it.
    Unbounded,
}

impl EventSize {
    /// Bytes of a line to be ready for.
    #[must_use]
    pub fn line_limit(self) -> u64 {
        match self {
            Self::AtMost(bytes) | Self::Chosen(bytes) => {
                bytes.saturating_add(LINE_ROOM).div_ceil(LINE_ROOM).saturating_mul(LINE_ROOM)
            }
            Self::Unbounded => UNBOUNDED_LINE,
        }
    }
}

/// What matters of the audit flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Where it is.
    pub file: LogFile,
    /// `--audit-log-maxsize` in MiB; `None`: never rotated.
    pub maxsize: Option<u64>,
    /// `--audit-log-maxbackup`; `None`: none is removed for their number.
    pub maxbackup: Option<u64>,
    /// `--audit-log-compress`
    pub compress: bool,
    /// How long a line can be.
    pub events: EventSize,
    /// `--audit-log-format=json`
    pub is_json: bool,
}

impl LogSettings {
    /// Reads them from the flags of an API server 1.`minor`; `value_of` returns what a flag is set to, if it is. A value that
    /// cannot be read counts as the default: the API server would not start with it.
    #[must_use]
    pub fn read(file: LogFile, minor: u16, value_of: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            value_of(name)
                .unwrap_or_else(|| flag::find(name).map_or("", |flag| flag.default_in(minor)).to_owned())
        };
        let number = |name: &str| parse_int(&value(name)).ok().and_then(|number| u64::try_from(number).ok());
        let is_on = |name: &str| parse_bool(&value(name)).unwrap_or_default();
        Self {
            file,
            maxsize: match number(LOG_MAXSIZE) {
                Some(0) if minor >= ZERO_MAXSIZE_DISABLES_SINCE => None,
                // Before, zero means the default of the library that rotates.
                Some(0) | None => Some(100),
                size => size,
            },
            maxbackup: number(LOG_MAXBACKUP).filter(|count| *count > 0),
            compress: is_on("audit-log-compress"),
            events: match number(MAX_EVENT) {
                Some(bytes) if is_on(TRUNCATE) => EventSize::AtMost(bytes),
                _ => EventSize::Unbounded,
            },
            is_json: value("audit-log-format") != "legacy",
        }
    }

    /// The rotation in words.
    #[must_use]
    pub fn describe_rotation(&self) -> String {
        let Some(maxsize) = self.maxsize else { return "never rotated".to_owned() };
        let kept = match self.maxbackup {
            Some(1) => "1 rotated file kept".to_owned(),
            Some(count) => format!("{count} rotated files kept"),
            None => "all rotated files kept".to_owned(),
        };
        let compressed = if self.compress { "compressed" } else { "not compressed" };
        format!("rotated at {maxsize} MiB, {kept}, {compressed}")
    }

    /// The length of events in words, for the end of a sentence.
    pub(super) fn describe_events(&self) -> String {
        match self.events {
            EventSize::AtMost(bytes) => format!("on this node no event is over {bytes} bytes"),
            EventSize::Chosen(bytes) => format!("events are taken to be {bytes} bytes at most"),
            EventSize::Unbounded => "on this node events have no limit".to_owned(),
        }
    }

    /// What becomes of rotated files, as a sentence.
    pub(super) fn describe_compression(&self) -> &'static str {
        if self.compress {
            "Those that are compressed meanwhile are not read."
        } else {
            "On this node they stay uncompressed."
        }
    }
}

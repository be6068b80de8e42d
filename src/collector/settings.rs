//! The settings of a node's audit log that matter to a log shipper.

use crate::audit::disk::ZERO_MAXSIZE_DISABLES_SINCE;
use crate::audit::flag::{self, LOG_MAXBACKUP, LOG_MAXSIZE};
use crate::audit::pflag::{parse_bool, parse_int};
use crate::diagnostic::Diagnostic;
use std::path::Path;

/// The line limit where truncation is off: enough for the largest request that the API server accepts, 3 MiB
/// (`k8s.io/apiserver/pkg/server/config.go`, `MaxRequestBodyBytes`), and its response in one event.
const UNBOUNDED_LINE: u64 = 8 << 20;
/// Space for the line ending and for data that a shipper adds to the line in its buffer.
const LINE_OVERHEAD: u64 = 1024;
/// The flag that enables truncation.
const TRUNCATE: &str = "audit-log-truncate-enabled";
/// The maximum size of an event if truncation is enabled.
const MAX_EVENT: &str = "audit-log-truncate-max-event-size";

/// The log's path on the host. It contains only characters that have no special meaning in the configuration of any shipper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile(String);

impl LogFile {
    /// Checks an absolute path.
    ///
    /// # Errors
    /// It is relative, is a directory, or contains characters that would have to be quoted in some configurations.
    pub fn parse(path: &str) -> Result<Self, Diagnostic> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if !path.starts_with('/') || path.ends_with('/') {
            return Err(Diagnostic::error(format!("`{path}` is not an absolute path of a log file"))
                .help("use the path on the host: --log-path /var/log/kubernetes/audit/audit.log"));
        }
        if !path.chars().all(is_plain) {
            return Err(Diagnostic::error(format!(
                "`{path}` contains characters with a special meaning in log shipper configurations"
            ))
            .help("use a path of letters, digits, `.`, `_` and `-`: kaudit enable --log-path …"));
        }
        Ok(Self(path.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// A pattern for the rotated files that are not compressed: the time is between name and extension.
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
    /// `--audit-log-truncate-enabled`: if an event is larger than this many bytes, its bodies are dropped, and if it is still
    /// too large, the event (`k8s.io/apiserver/plugin/pkg/audit/truncate`).
    AtMost(u64),
    /// The operator's limit in bytes, regardless of the node's settings.
    Chosen(u64),
    /// Not limited.
    Unbounded,
}

impl EventSize {
    /// The maximum length of a line in bytes.
    #[must_use]
    pub fn line_limit(self) -> u64 {
        match self {
            Self::AtMost(bytes) | Self::Chosen(bytes) => {
                bytes.saturating_add(LINE_OVERHEAD).div_ceil(LINE_OVERHEAD).saturating_mul(LINE_OVERHEAD)
            }
            Self::Unbounded => UNBOUNDED_LINE,
        }
    }
}

/// The relevant settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The log.
    pub file: LogFile,
    /// `--audit-log-maxsize` in MiB; `None`: never rotated.
    pub maxsize: Option<u64>,
    /// `--audit-log-maxbackup`; `None`: not limited.
    pub maxbackup: Option<u64>,
    /// `--audit-log-compress`
    pub compress: bool,
    /// How long a line can be.
    pub events: EventSize,
    /// `--audit-log-format=json`
    pub is_json: bool,
}

impl LogSettings {
    /// Reads them from the flags of an API server 1.`minor`; `value_of` returns the value of a flag if it is set. An invalid
    /// value counts as the default: the API server would not start with it.
    #[must_use]
    pub fn read(file: LogFile, minor: u16, value_of: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| value_of(name).unwrap_or_else(|| flag::default_in(name, minor).to_owned());
        let number = |name: &str| parse_int(&value(name)).ok().and_then(|number| u64::try_from(number).ok());
        let is_on = |name: &str| parse_bool(&value(name)).unwrap_or_default();
        Self {
            file,
            maxsize: match number(LOG_MAXSIZE) {
                Some(0) if minor >= ZERO_MAXSIZE_DISABLES_SINCE => None,
                // In older releases, zero means the default of the rotation library.
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

    /// Describes the rotation.
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

    /// Describes the size of events, for the end of a sentence.
    pub(super) fn describe_events(&self) -> String {
        match self.events {
            EventSize::AtMost(bytes) => format!("events on this node have at most {bytes} bytes"),
            EventSize::Chosen(bytes) => format!("events are assumed to have at most {bytes} bytes"),
            EventSize::Unbounded => "the size of events on this node is not limited".to_owned(),
        }
    }

    /// Describes the compression of rotated files, as a sentence.
    pub(super) fn describe_compression(&self) -> &'static str {
        if self.compress {
            "Files that are compressed while it is stopped are not read."
        } else {
            "Rotated files are not compressed on this node."
        }
    }
}

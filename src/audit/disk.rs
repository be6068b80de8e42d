//! How much disk space the log file and its rotated files can use at most.
//!
//! `gopkg.in/natefinch/lumberjack.v2`, which the API server uses, rotates *before* a line that would make the file larger
//! than `MaxSize` × 1024 × 1024 bytes, and drops a line that is larger than that. So no file exceeds this size. It keeps
//! the current file and `MaxBackups` rotated ones; 0 means that their number is not limited.

use crate::size;
use std::fmt;

/// What lumberjack calls a megabyte.
const MEGABYTE: u128 = 1024 * 1024;
/// lumberjack's default for `MaxSize: 0`, in its megabytes.
const DEFAULT_MAXSIZE: u128 = 100;
/// From this minor release on `--audit-log-maxsize=0` turns rotation off; before, it means [`DEFAULT_MAXSIZE`].
pub const ZERO_MAXSIZE_DISABLES_SINCE: u16 = 36;

/// The settings that decide how much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// `--audit-log-maxsize`, in MiB.
    pub maxsize: u64,
    /// `--audit-log-maxbackup`, files.
    pub maxbackup: u64,
    /// `--audit-log-compress`.
    pub compress: bool,
    /// The API server's minor release, or the closest known one.
    pub minor: u16,
}

/// The most that can be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorstCase {
    /// At most this many bytes.
    Bounded {
        /// Bytes.
        bytes: u128,
    },
    /// No limit, because the number of files is not limited (`--audit-log-maxbackup=0`).
    EveryFileKept,
    /// No limit, because the file is never rotated (`--audit-log-maxsize=0` since 1.36).
    NeverRotated,
}

/// Computes the most disk space that the log can use. `--audit-log-maxage` is ignored, because a single day may fill any
/// disk.
///
/// In the worst case compression saves nothing, and requires space for one more file: the rotated file is removed only
/// when its compressed copy is complete.
#[must_use]
pub fn worst_case(retention: Retention) -> WorstCase {
    if retention.maxsize == 0 && retention.minor >= ZERO_MAXSIZE_DISABLES_SINCE {
        return WorstCase::NeverRotated;
    }
    if retention.maxbackup == 0 {
        return WorstCase::EveryFileKept;
    }
    let maxsize = if retention.maxsize == 0 { DEFAULT_MAXSIZE } else { u128::from(retention.maxsize) };
    let files = u128::from(retention.maxbackup) + 1 + u128::from(retention.compress);
    WorstCase::Bounded { bytes: (maxsize * MEGABYTE).saturating_mul(files) }
}

impl fmt::Display for WorstCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounded { bytes } => f.write_str(&size::rounded_up(*bytes)),
            Self::EveryFileKept => f.write_str("unlimited (the number of rotated files is not limited)"),
            Self::NeverRotated => f.write_str("unlimited (the file is never rotated)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Retention, WorstCase, worst_case};

    fn of(maxsize: u64, maxbackup: u64, compress: bool, minor: u16) -> WorstCase {
        worst_case(Retention { maxsize, maxbackup, compress, minor })
    }

    #[test]
    fn the_default_is_eleven_files() {
        assert_eq!(of(100, 10, false, 30), WorstCase::Bounded { bytes: 11 * 104_857_600 });
        assert_eq!(of(100, 10, false, 30).to_string(), "1.1 GiB");
        assert_eq!(of(100, 10, true, 30), WorstCase::Bounded { bytes: 12 * 104_857_600 });
    }

    #[test]
    fn zero_is_a_special_value() {
        assert_eq!(of(0, 10, false, 35), of(100, 10, false, 35));
        assert_eq!(of(0, 10, false, 36), WorstCase::NeverRotated);
        assert_eq!(of(0, 0, false, 36), WorstCase::NeverRotated);
        assert_eq!(of(100, 0, false, 36), WorstCase::EveryFileKept);
        assert_eq!(of(0, 0, true, 35), WorstCase::EveryFileKept);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        assert!(matches!(of(u64::MAX, u64::MAX, true, 36), WorstCase::Bounded { .. }));
        assert!(of(u64::MAX, u64::MAX, true, 36).to_string().ends_with(" PiB"));
    }
}

//! How much disk the log file and its rotated predecessors can take at most.
//!
//! `gopkg.in/natefinch/lumberjack.v2`, which rotates for the API server, rotates *before* a line that would make the
//! file larger than `MaxSize` × 1024 × 1024 bytes, and drops a line that alone is larger; so no file exceeds that.
//! It keeps the current file and `MaxBackups` rotated ones, and 0 means that none is removed for their number.

use std::fmt;

/// What lumberjack calls a megabyte.
const MEGABYTE: u128 = 1024 * 1024;
/// What lumberjack takes for `MaxSize: 0`, in its megabytes.
const DEFAULT_MAXSIZE: u128 = 100;
/// From this minor release on `--audit-log-maxsize=0` turns rotation off; before, it meant [`DEFAULT_MAXSIZE`].
pub const ZERO_MAXSIZE_DISABLES_SINCE: u16 = 36;

/// What decides how much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// `--audit-log-maxsize`, in MiB.
    pub maxsize: u64,
    /// `--audit-log-maxbackup`, files.
    pub maxbackup: u64,
    /// `--audit-log-compress`.
    pub compress: bool,
    /// The minor release the API server is judged as.
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
    /// No limit, because nothing is removed for the number of files (`--audit-log-maxbackup=0`).
    EveryFileKept,
    /// No limit, because the one file is never rotated (`--audit-log-maxsize=0` since 1.36).
    NeverRotated,
}

/// Computes the most that the log can take; `--audit-log-maxage` is not counted, a busy day may fill any disk.
///
/// Compression saves nothing in the worst case, and needs room for one more file: the compressed one grows beside the
/// rotated one, which is removed afterwards.
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
            Self::Bounded { bytes } => f.write_str(&print_bytes(*bytes)),
            Self::EveryFileKept => f.write_str("without limit (no rotated file is removed for their number)"),
            Self::NeverRotated => f.write_str("without limit (the file is never rotated)"),
        }
    }
}

/// Bytes for people, in powers of 1024 and named so: `1.1 GiB`. Rounded up, because it is about what must be free.
#[must_use]
pub fn print_bytes(bytes: u128) -> String {
    let mut size = 1_u128;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if bytes < size * 1024 {
            break;
        }
        size *= 1024;
        unit = larger;
    }
    // Up to a sixteenth of the type's range stays exact, far above any disk.
    let tenths = bytes.saturating_mul(10).div_ceil(size);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Retention, WorstCase, print_bytes, worst_case};

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
    fn zero_has_a_meaning_of_its_own() {
        assert_eq!(of(0, 10, false, 35), of(100, 10, false, 35));
        assert_eq!(of(0, 10, false, 36), WorstCase::NeverRotated);
        assert_eq!(of(0, 0, false, 36), WorstCase::NeverRotated);
        assert_eq!(of(100, 0, false, 36), WorstCase::EveryFileKept);
        assert_eq!(of(0, 0, true, 35), WorstCase::EveryFileKept);
    }

    #[test]
    fn no_number_is_too_large() {
        assert!(matches!(of(u64::MAX, u64::MAX, true, 36), WorstCase::Bounded { .. }));
        assert!(of(u64::MAX, u64::MAX, true, 36).to_string().ends_with(" PiB"));
    }

    #[test]
    fn bytes_are_rounded_up() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1025, "1.1 KiB"),
            (104_857_600, "100 MiB"),
            (1_153_433_600, "1.1 GiB"),
            (10_737_418_240, "10 GiB"),
        ] {
            assert_eq!(print_bytes(bytes), text);
        }
    }
}

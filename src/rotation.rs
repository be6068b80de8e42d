//! Log files: the current one, and rotated ones.
//!
//! lumberjack, which rotates for the API server, renames `audit.log` to `audit-2026-11-21T03-14-15.000.log`, UTC, and
//! compresses it to `….log.gz` later (`lumberjack.v2`, `backupName`, `millRunOnce`). kaudit's receiver does the same.

use jiff::Timestamp;

/// The extensions of logs, before an optional `.gz`.
const ENDINGS: [&str; 3] = [".log", ".json", ".jsonl"];

/// The names of a directory that are logs, in the order in which they were written: for each log the rotated files by
/// time, then the current one.
///
/// lumberjack removes the rotated file when the compressed one is complete, so if both exist the compressed one is
/// ignored.
#[must_use]
pub fn logs_among(names: &[String]) -> Vec<&str> {
    let is_copy = |name: &str| name.strip_suffix(".gz").is_some_and(|of| names.iter().any(|name| name == of));
    let mut logs: Vec<(Place<'_>, &str)> = names
        .iter()
        .filter(|name| !is_copy(name))
        .filter_map(|name| Some((Place::of(name)?, name.as_str())))
        .collect();
    logs.sort();
    logs.into_iter().map(|(_, name)| name).collect()
}

/// The time in the name of a file rotated from `log`, as `2026-11-21T03-14-15.000` in UTC, which sorts as text; `None`
/// if it is not a rotated file of that log. Compression does not change the time.
#[must_use]
pub fn rotated_at<'a>(name: &'a str, log: &str) -> Option<&'a str> {
    let (stem, ending) = split_name(log);
    let rest = name.strip_suffix(".gz").unwrap_or(name).strip_prefix(stem)?.strip_prefix('-')?;
    let time = rest.strip_suffix(ending)?;
    is_time(time).then_some(time)
}

/// The name of `log` after rotation at `time`, in the form of [`format_time`].
#[must_use]
pub fn rotated_name(log: &str, time: &str) -> String {
    let (stem, ending) = split_name(log);
    format!("{stem}-{time}{ending}")
}

/// A time in the form of rotated file names (`lumberjack.v2`, `backupTimeFormat`).
#[must_use]
pub fn format_time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H-%M-%S%.3f").to_string()
}

/// Splits a leading time in the form of [`format_time`] from the rest of `text`.
#[must_use]
pub fn split_time(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(TIME.len()).filter(|(time, _)| is_time(time))
}

/// Splits a name into the part before its extension and the extension with its dot, like Go's `filepath.Ext`.
#[must_use]
pub fn split_name(log: &str) -> (&str, &str) {
    log.split_at(log.rfind('.').unwrap_or(log.len()))
}

/// The time in the name of a rotated file, compressed or not; `None` if there is none.
#[must_use]
pub fn moment_of_rotation(name: &str) -> Option<Timestamp> {
    let Rotated::At(time) = Place::of(name)?.rotated else { return None };
    let (day, time) = time.split_once('T')?;
    format!("{day}T{}Z", time.replace('-', ":")).parse().ok()
}

/// The sort key of a log file.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    /// The name of the log without its extension.
    log: &'a str,
    ending: &'a str,
    rotated: Rotated<'a>,
}

/// The time of rotation. The order of the variants is the order of the files.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rotated<'a> {
    /// Rotated at this time; it sorts as text.
    At(&'a str),
    /// The current file.
    NotYet,
}

impl<'a> Place<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let ending = ENDINGS.into_iter().find(|ending| name.ends_with(ending))?;
        let stem = name.strip_suffix(ending)?;
        let rotated = stem
            .split_at_checked(stem.len().saturating_sub(TIME.len()))
            .and_then(|(log, time)| Some((log.strip_suffix('-')?, is_time(time).then_some(time)?)));
        Some(match rotated {
            Some((log, time)) => Self { log, ending, rotated: Rotated::At(time) },
            None => Self { log: stem, ending, rotated: Rotated::NotYet },
        })
    }
}

/// The form of the time that lumberjack puts before the extension, after a `-`.
const TIME: &str = "2006-01-02T15-04-05.000";

fn is_time(text: &str) -> bool {
    let is_like = |(byte, model): (u8, u8)| {
        if model.is_ascii_digit() { byte.is_ascii_digit() } else { byte == model }
    };
    text.len() == TIME.len() && text.bytes().zip(TIME.bytes()).all(is_like)
}

#[cfg(test)]
mod tests {
    use super::{format_time, logs_among, moment_of_rotation, rotated_at, rotated_name, split_time};

    #[test]
    fn a_log_is_read_in_the_order_in_which_it_was_written() {
        let names = [
            "audit-2026-11-21T03-14-15.000.log",
            "audit-2026-11-20T03-14-15.000.log.gz",
            "audit-2026-11-21T03-14-15.000.log.gz",
            "audit.log",
            "audit.log.bak",
            "other-2026-11-21.log",
            "other.jsonl.gz",
            "policy.yaml",
        ];
        assert_eq!(
            logs_among(&names.map(str::to_owned)),
            [
                "audit-2026-11-20T03-14-15.000.log.gz",
                "audit-2026-11-21T03-14-15.000.log",
                "audit.log",
                "other.jsonl.gz",
                "other-2026-11-21.log",
            ]
        );
    }

    #[test]
    fn a_rotated_file_belongs_to_one_log() {
        let time = Some("2026-11-21T03-14-15.000");
        for (name, log, at) in [
            ("audit-2026-11-21T03-14-15.000.log", "audit.log", time),
            ("audit-2026-11-21T03-14-15.000.log.gz", "audit.log", time),
            ("audit-2026-11-21T03-14-15.000", "audit", time),
            ("events.v1-2026-11-21T03-14-15.000.json", "events.v1.json", time),
            ("audit.log", "audit.log", None),
            ("audit-old.log", "audit.log", None),
            ("kube-audit-2026-11-21T03-14-15.000.log", "audit.log", None),
            ("audit-2026-11-21T03-14-15.000.json", "audit.log", None),
            ("audit-2026-11-21T03-14-15.000.log.gz.tmp", "audit.log", None),
        ] {
            assert_eq!(rotated_at(name, log), at, "{name}");
            if let Some(time) = at {
                assert_eq!(rotated_name(log, time), name.strip_suffix(".gz").unwrap_or(name));
            }
        }
    }

    #[test]
    fn a_time_is_written_and_found_again() {
        let time = format_time("2026-03-04T05:06:07.0809Z".parse().unwrap());
        assert_eq!(time, "2026-03-04T05-06-07.080");
        assert_eq!(split_time(&format!("{time}.log")), Some((&*time, ".log")));
        assert_eq!(split_time("2026-03-04"), None);
        assert_eq!(split_time("of-old-and-of-very-old-days.log"), None);
    }

    #[test]
    fn time_of_rotation() {
        let at = |name: &str| moment_of_rotation(name).map(|moment| moment.to_string());
        let expected = Some("2026-11-21T03:14:15.926Z".to_owned());
        assert_eq!(at("/var/log/audit-2026-11-21T03-14-15.926.log"), expected);
        assert_eq!(at("audit-2026-11-21T03-14-15.926.log.gz"), expected);
        assert_eq!(at("audit-2026-13-21T03-14-15.926.log"), None);
        assert_eq!(at("audit.log"), None);
    }
}

//! The files of a log: the one that is written and those that were rotated away.

use jiff::Timestamp;

/// How a log's name may end, compressed or not.
const ENDINGS: [&str; 3] = [".log", ".json", ".jsonl"];

/// Of the names in a directory those that are logs, in the order in which they were written: for each log the rotated
/// files by their time, then the one that is written.
///
/// lumberjack, which rotates for the API server, renames `audit.log` to `audit-2026-11-21T03-14-15.000.log`, UTC, and
/// compresses it to `….log.gz` later (`lumberjack.v2`, `backupName`). It removes the file when the compressed one is
/// complete, so where both are there the compressed one is left out.
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

/// When the file `name` was rotated away from the log `log`, as `2026-11-21T03-14-15.000`, which sorts as text, in UTC;
/// `None` where it is no rotated file of that log. Compressed or not, the time is the same.
#[must_use]
pub fn rotated_at<'a>(name: &'a str, log: &str) -> Option<&'a str> {
    let (stem, ending) = log.split_at(log.rfind('.').unwrap_or(log.len()));
    let rest = name.strip_suffix(".gz").unwrap_or(name).strip_prefix(stem)?;
    let time = rest.strip_suffix(ending)?;
    is_time(time).then(|| time.trim_start_matches('-'))
}

/// The moment that stands in the name of a rotated file, compressed or not; `None` where none does.
#[must_use]
pub fn moment_of_rotation(name: &str) -> Option<Timestamp> {
    let Rotated::At(time) = Place::of(name)?.rotated else { return None };
    let (day, time) = time.trim_start_matches('-').split_once('T')?;
    format!("{day}T{}Z", time.replace('-', ":")).parse().ok()
}

/// The place of a file among the logs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    /// The name of the log without its ending.
    log: &'a str,
    ending: &'a str,
    rotated: Rotated<'a>,
}

/// When a file was rotated away. The order of the variants is the order of the files.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rotated<'a> {
    /// At this time; it sorts as text.
    At(&'a str),
    /// It is written to.
    NotYet,
}

impl<'a> Place<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let ending = ENDINGS.into_iter().find(|ending| name.ends_with(ending))?;
        let stem = name.strip_suffix(ending)?;
        let (log, rotated) = match stem.split_at_checked(stem.len().saturating_sub(TIME.len())) {
            Some((log, time)) if is_time(time) => (log, Rotated::At(time)),
            _ => (stem, Rotated::NotYet),
        };
        Some(Self { log, ending, rotated })
    }
}

/// What lumberjack puts before the ending.
const TIME: &str = "-2006-01-02T15-04-05.000";

fn is_time(text: &str) -> bool {
    let is_like = |(byte, model): (u8, u8)| {
        if model.is_ascii_digit() { byte.is_ascii_digit() } else { byte == model }
    };
    text.len() == TIME.len() && text.bytes().zip(TIME.bytes()).all(is_like)
}

#[cfg(test)]
mod tests {
    use super::{logs_among, moment_of_rotation, rotated_at};

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
            ("audit.log", "audit.log", None),
            ("audit-old.log", "audit.log", None),
            ("kube-audit-2026-11-21T03-14-15.000.log", "audit.log", None),
            ("audit-2026-11-21T03-14-15.000.json", "audit.log", None),
            ("audit-2026-11-21T03-14-15.000.log.gz.tmp", "audit.log", None),
        ] {
            assert_eq!(rotated_at(name, log), at, "{name}");
        }
    }

    #[test]
    fn a_rotated_file_says_when() {
        let at = |name: &str| moment_of_rotation(name).map(|moment| moment.to_string());
        let expected = Some("2026-11-21T03:14:15.926Z".to_owned());
        assert_eq!(at("/var/log/audit-2026-11-21T03-14-15.926.log"), expected);
        assert_eq!(at("audit-2026-11-21T03-14-15.926.log.gz"), expected);
        assert_eq!(at("audit-2026-13-21T03-14-15.926.log"), None);
        assert_eq!(at("audit.log"), None);
    }
}

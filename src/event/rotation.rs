//! The files of a log: the one that is written and those that were rotated away.

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
    use super::logs_among;

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
}

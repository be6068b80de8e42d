//! Parses a time on the command line: a duration before now, a day, or RFC 3339.

use crate::audit::pflag::parse_duration;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Parses `10m`, `2h30m`, `1d`, `2026-11-21` (the start of this day in UTC) or `2026-11-21T03:14:15Z`.
///
/// # Errors
/// The text has another format, or the time is out of range.
pub fn moment_of(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || "expected a time such as 10m, 2h, 1d, 2026-11-21 or 2026-11-21T03:14:15Z".to_owned();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Some(day) = day(text) {
        return Ok(day);
    }
    let ago = match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(days) => SignedDuration::from_hours(24 * i64::from(days.map_err(|_| wrong())?)),
        None => SignedDuration::from_nanos(parse_duration(text).map_err(|_| wrong())?),
    };
    if ago.is_negative() {
        return Err(wrong());
    }
    now.checked_sub(ago).map_err(|_| wrong())
}

/// The start of a day.
fn day(text: &str) -> Option<Timestamp> {
    // jiff would accept a time without an offset as a date.
    let date: Date = text.parse().ok().filter(|_| text.len() == "2026-11-21".len())?;
    format!("{date}T00:00:00Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let now: Timestamp = "2026-11-21T03:14:15Z".parse().unwrap();
        for (text, expected) in [
            ("10m", Some("2026-11-21T03:04:15Z")),
            ("2h30m", Some("2026-11-21T00:44:15Z")),
            ("90s", Some("2026-11-21T03:12:45Z")),
            ("1d", Some("2026-11-20T03:14:15Z")),
            ("0s", Some("2026-11-21T03:14:15Z")),
            ("2026-11-20", Some("2026-11-20T00:00:00Z")),
            ("2026-11-20T01:02:03Z", Some("2026-11-20T01:02:03Z")),
            ("2026-11-20T01:02:03.5+01:00", Some("2026-11-20T00:02:03.5Z")),
            ("2026-11-20T01:02:03", None),
            ("-10m", None),
            ("10", None),
            ("d", None),
            ("9999999d", None),
            ("yesterday", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(moment_of(text, now).ok(), expected, "{text}");
        }
    }
}

//! Evaluates the end of an audit log: when the last event was written, and how fast the log grows. Pure.

use crate::event::{Line, parse_line};
use jiff::{SignedDuration, Timestamp};

/// How much of a log's end is read. At the highest event rates this covers a few seconds, which is enough for a rate.
pub(super) const END_LIMIT: u64 = 1 << 20;
/// The period for which the growth is reported.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The recent activity of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Activity {
    /// The time of the last event.
    pub(super) last_event: Option<Timestamp>,
    /// The growth.
    pub(super) recent: Recent,
}

/// The growth in the last `seconds`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Recent {
    /// At most 60; less if the part of the log that was read covers less time.
    pub(super) seconds: i64,
    /// Events.
    pub(super) events: usize,
    /// Their bytes.
    pub(super) bytes: u64,
}

/// Reads the end of a log; unless `is_whole`, its first line is incomplete.
pub(super) fn activity(end: &[u8], is_whole: bool, now: Timestamp) -> Activity {
    let mut lines = end.split(|byte| *byte == b'\n');
    if !is_whole {
        lines.next();
    }
    let events: Vec<(Timestamp, u64)> =
        lines.filter_map(|line| Some((time_of(line)?, line.len() as u64 + 1))).collect();
    let begin = now.saturating_sub(WINDOW).unwrap_or(now);
    let begin = match events.first() {
        Some((oldest, _)) if !is_whole => begin.max(*oldest),
        _ => begin,
    };
    let recent = || events.iter().filter(|(time, _)| *time >= begin);
    Activity {
        last_event: events.last().map(|(time, _)| *time),
        recent: Recent {
            seconds: now.duration_since(begin).as_secs().max(1),
            events: recent().count(),
            bytes: recent().map(|(_, bytes)| bytes).sum(),
        },
    }
}

/// The time of one line: when a JSON event was written; in the legacy format the first field
/// (`k8s.io/apiserver/pkg/audit/format.go`).
fn time_of(line: &[u8]) -> Option<Timestamp> {
    if let Ok(Line::Event(event)) = parse_line(line) {
        return event.written_at().parse().ok();
    }
    let word = line.split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn event(received: &str, stage: &str) -> String {
        format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"stage\":\"ResponseComplete\",\"requestReceivedTimestamp\":\"{received}\",\"stageTimestamp\":\"{stage}\"}}\n"
        )
    }

    #[test]
    fn the_last_minute_is_counted() {
        let old = event("2026-11-21T03:13:00.000000Z", "2026-11-21T03:13:00.1Z");
        let new = event("2026-11-21T03:14:00.000000Z", "2026-11-21T03:14:05.123456Z");
        let text = format!("{old}{new}{new}");
        let now = at("2026-11-21T03:14:15Z");
        let seen = activity(text.as_bytes(), true, now);
        assert_eq!(seen.last_event, Some(at("2026-11-21T03:14:05.123456Z")));
        assert_eq!(seen.recent, Recent { seconds: 60, events: 2, bytes: 2 * new.len() as u64 });
        // The end of a larger file: its first line is half an event, and the rest reaches back ten seconds.
        let end = format!("Timestamp\":\"x\"}}\n{new}{new}");
        let seen = activity(end.as_bytes(), false, now);
        assert_eq!(seen.recent, Recent { seconds: 9, events: 2, bytes: 2 * new.len() as u64 });
        let half = format!("{old}{new}{{\"kind\":\"Ev");
        assert_eq!(activity(half.as_bytes(), true, now).recent.events, 1);
        assert_eq!(
            activity(b"", true, now),
            Activity { last_event: None, recent: Recent { seconds: 60, ..Recent::default() } }
        );
    }

    #[test]
    fn the_legacy_format_starts_with_the_time() {
        let text = "2026-11-21T03:14:05.123456789Z AUDIT: id=\"a\" stage=\"ResponseComplete\"\n";
        let seen = activity(text.as_bytes(), true, at("2026-11-21T03:14:15Z"));
        assert_eq!(seen.last_event, Some(at("2026-11-21T03:14:05.123456789Z")));
        assert_eq!(seen.recent.events, 1);
    }

    #[test]
    fn an_event_without_stage_has_the_time_of_its_request() {
        for time in [
            "\"requestReceivedTimestamp\":\"2026-11-21T03:14:05Z\"",
            "\"apiVersion\":\"audit.k8s.io/v1beta1\",\"metadata\":{\"creationTimestamp\":\"2026-11-21T03:14:05Z\"}",
        ] {
            let line = format!("{{\"level\":\"Metadata\",\"stage\":\"RequestReceived\",{time}}}");
            assert_eq!(time_of(line.as_bytes()), Some(at("2026-11-21T03:14:05Z")));
        }
        assert_eq!(time_of(b"{}"), None);
        assert_eq!(time_of(b"not an event"), None);
    }
}

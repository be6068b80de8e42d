//! Where a node's settings and a shipper's limits do not fit.

use super::{Collector, EventSize, Following, LogSettings};
use crate::diagnostic::Diagnostic;

/// Rotated files that outlast a short stop of the shipper, at least.
const FEW_BACKUPS: u64 = 3;

/// All remarks about one shipper on one node, in a fixed order.
#[must_use]
pub fn remark(collector: &Collector, settings: &LogSettings) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    notes.extend(remark_events(collector, settings));
    notes.extend(remark_hard_limit(collector, settings));
    notes.extend(remark_rotation(collector, settings));
    if !settings.is_json {
        notes.push(
            Diagnostic::warning(
                "--audit-log-format=legacy writes no JSON: the configuration takes lines of JSON apart",
            )
            .named("legacy-format")
            .help("kaudit enable --log-format json"),
        );
    }
    notes.push(
        Diagnostic::info(format!(
            "the log is readable for root alone, so {} needs to be root or to have CAP_DAC_READ_SEARCH",
            collector.title
        ))
        .named("collector-permission"),
    );
    notes
}

fn remark_events(collector: &Collector, settings: &LogSettings) -> Option<Diagnostic> {
    (settings.events == EventSize::Unbounded).then(|| {
        Diagnostic::warning(format!(
            "the node's events have no limit: a line over {} bytes {}",
            collector.line_limit(settings.events),
            collector.too_long
        ))
        .named("collector-unbounded-events")
        .help("kaudit enable --log-truncate-enabled bounds them, or choose another limit here with --max-event-size")
    })
}

fn remark_hard_limit(collector: &Collector, settings: &LogSettings) -> Option<Diagnostic> {
    let hard = collector.hard_limit?;
    let bytes = match settings.events {
        EventSize::AtMost(bytes) | EventSize::Chosen(bytes) => bytes,
        EventSize::Unbounded => u64::MAX,
    };
    (bytes > hard.bytes).then(|| {
        Diagnostic::warning(format!(
            "the node's events can be longer than the {} bytes that are taken by default: such a line {}",
            hard.bytes, collector.too_long
        ))
        .named("collector-line-limit")
        .help(hard.hint)
    })
}

fn remark_rotation(collector: &Collector, settings: &LogSettings) -> Option<Diagnostic> {
    // A file that is never rotated is never renamed.
    settings.maxsize?;
    match collector.following {
        Following::Path => Some(
            Diagnostic::info(format!(
                "what is rotated while {} is down, it does not read: the rest of that file, and the files after it up to the present one",
                collector.title
            ))
            .named("collector-down-at-rotation")
            .help(format!("after a stop send what is missing from {} once by hand", settings.file.rotated())),
        ),
        Following::File if settings.compress => Some(
            Diagnostic::warning(format!(
                "--audit-log-compress: what is rotated and compressed while {} is down, it does not read",
                collector.title
            ))
            .named("collector-compressed")
            .help("kaudit enable --log-compress=false"),
        ),
        Following::File => settings.maxbackup.filter(|count| *count < FEW_BACKUPS).map(|count| {
            Diagnostic::warning(format!(
                "--audit-log-maxbackup={count}: while {} is down, events are lost from the rotation after that on",
                collector.title
            ))
            .named("collector-few-backups")
            .help("kaudit enable --log-maxbackup 10")
        }),
    }
}

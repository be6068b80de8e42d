//! Conflicts between a node's settings and a shipper's limits.

use super::{Collector, EventSize, Following, LogSettings};
use crate::diagnostic::Diagnostic;

/// With fewer rotated files, events are lost even if the shipper stops only for a short time.
const FEW_BACKUPS: u64 = 3;

/// All warnings and remarks about a shipper on a node, in a fixed order.
#[must_use]
pub fn remark(collector: &Collector, settings: &LogSettings) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    notes.extend(remark_events(collector, settings));
    notes.extend(remark_hard_limit(collector, settings));
    notes.extend(remark_rotation(collector, settings));
    if !settings.is_json {
        notes.push(
            Diagnostic::warning(
                "--audit-log-format=legacy does not write JSON, but the configuration parses JSON",
            )
            .named("legacy-format")
            .help("kaudit enable --log-format json"),
        );
    }
    notes.push(
        Diagnostic::info(format!(
            "only root can read the log: {} must run as root or with CAP_DAC_READ_SEARCH",
            collector.title
        ))
        .named("collector-permission"),
    );
    notes
}

fn remark_events(collector: &Collector, settings: &LogSettings) -> Option<Diagnostic> {
    (settings.events == EventSize::Unbounded).then(|| {
        Diagnostic::warning(format!(
            "the size of events is not limited on this node: a line of more than {} bytes {}",
            collector.line_limit(settings.events),
            collector.too_long
        ))
        .named("collector-unbounded-events")
        .help("limit the size with kaudit enable --log-truncate-enabled, or choose another limit with --max-event-size")
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
            "events can be longer than the default limit of {} bytes: a longer line {}",
            hard.bytes, collector.too_long
        ))
        .named("collector-line-limit")
        .help(hard.help)
    })
}

fn remark_rotation(collector: &Collector, settings: &LogSettings) -> Option<Diagnostic> {
    // A file that is never rotated is never renamed.
    settings.maxsize?;
    match collector.following {
        Following::Path => Some(
            Diagnostic::info(format!(
                "{} does not read files that are rotated while it is stopped: neither the rest of the file that it was reading, nor later files",
                collector.title
            ))
            .named("collector-down-at-rotation")
            .help(format!("after a stop, send missing events from {} manually", settings.file.rotated())),
        ),
        Following::File if settings.compress => Some(
            Diagnostic::warning(format!(
                "--audit-log-compress: {} does not read files that are rotated and compressed while it is stopped",
                collector.title
            ))
            .named("collector-compressed")
            .help("kaudit enable --log-compress=false"),
        ),
        Following::File => settings.maxbackup.filter(|count| *count < FEW_BACKUPS).map(|count| {
            Diagnostic::warning(format!(
                "--audit-log-maxbackup={count}: events are lost if the log is rotated more often than that while {} is stopped",
                collector.title
            ))
            .named("collector-few-backups")
            .help("kaudit enable --log-maxbackup 10")
        }),
    }
}

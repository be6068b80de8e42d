//! The shippers.

use super::EventSize;
use crate::spelling::most_similar;

/// How a shipper recognises a file that was renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// It follows the path, and reads a rotated file to its end while it runs. What is rotated while it is down, it does not
    /// find again.
    Path,
    /// It knows a file by its inode or its first bytes, and goes on where it was, under any name.
    File,
}

/// A limit of the shipper, or of where it sends to, that no option of the configuration moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HardLimit {
    /// Bytes of a line.
    pub bytes: u64,
    /// What to do about it.
    pub hint: &'static str,
}

/// A log shipper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collector {
    /// As it is typed.
    pub name: &'static str,
    /// As its makers write it.
    pub title: &'static str,
    /// The port that is usual for what it sends.
    pub port: u16,
    /// How it recognises files.
    pub following: Following,
    /// What becomes of a line that is too long, for the end of a sentence.
    pub too_long: &'static str,
    /// Bytes of a line that it takes by itself: no lower limit is set, which would only cut more.
    pub takes_anyway: u64,
    /// What cannot be configured here.
    pub hard_limit: Option<HardLimit>,
    /// Its configuration with `{{names}}` to be filled in.
    pub template: &'static str,
}

impl Collector {
    /// Bytes of a line that its configuration provides for.
    #[must_use]
    pub fn line_limit(&self, events: EventSize) -> u64 {
        events.line_limit().max(self.takes_anyway)
    }
}

/// Sorted by name.
const COLLECTORS: [Collector; 9] = [
    Collector {
        name: "alloy",
        title: "Grafana Alloy",
        port: 3100,
        following: Following::Path,
        too_long: "is refused by Loki",
        takes_anyway: 0,
        hard_limit: Some(HardLimit {
            bytes: 256 << 10,
            hint: "raise limits_config.max_line_size of Loki, or set max_line_size_truncate there",
        }),
        template: include_str!("../../templates/collectors/alloy.alloy"),
    },
    Collector {
        name: "filebeat",
        title: "Filebeat",
        port: 5044,
        following: Following::File,
        too_long: "is cut off",
        takes_anyway: 10 << 20,
        hard_limit: None,
        template: include_str!("../../templates/collectors/filebeat.yml"),
    },
    Collector {
        name: "fluent-bit",
        title: "Fluent Bit",
        port: 24224,
        following: Following::Path,
        too_long: "is skipped",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/fluent-bit.yaml"),
    },
    Collector {
        name: "fluentd",
        title: "Fluentd",
        port: 24224,
        following: Following::File,
        too_long: "is skipped",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/fluentd.conf"),
    },
    Collector {
        name: "logtail",
        title: "LoongCollector (Logtail)",
        port: 443,
        following: Following::File,
        too_long: "is torn",
        takes_anyway: 0,
        hard_limit: Some(HardLimit {
            bytes: 512 << 10,
            hint: "set max_read_buffer_size in ilogtail_config.json, to 8388608 at most",
        }),
        template: include_str!("../../templates/collectors/logtail.yaml"),
    },
    Collector {
        name: "otel",
        title: "OpenTelemetry Collector",
        port: 4317,
        following: Following::File,
        too_long: "is torn",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/otel.yaml"),
    },
    Collector {
        name: "rsyslog",
        title: "rsyslog",
        port: 6514,
        following: Following::Path,
        too_long: "is truncated",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/rsyslog.conf"),
    },
    Collector {
        name: "syslog-ng",
        title: "syslog-ng",
        port: 6514,
        following: Following::Path,
        too_long: "is cut in pieces",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/syslog-ng.conf"),
    },
    Collector {
        name: "vector",
        title: "Vector",
        port: 6000,
        following: Following::File,
        too_long: "is dropped",
        takes_anyway: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/vector.yaml"),
    },
];

/// All of them, sorted by name.
#[must_use]
pub fn all() -> &'static [Collector] {
    &COLLECTORS
}

/// The shipper with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Collector> {
    COLLECTORS.iter().find(|collector| collector.name == name)
}

/// The one that a misspelled name most likely means.
#[must_use]
pub fn suggest(name: &str) -> Option<&'static Collector> {
    most_similar(name, &COLLECTORS, |collector| collector.name)
}

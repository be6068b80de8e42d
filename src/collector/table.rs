//! The supported log shippers.

use super::EventSize;
use crate::spelling::most_similar;

/// How a shipper tracks a file that is renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// By its path. While it runs, it reads a rotated file to its end. It does not find files that are rotated while it is
    /// stopped.
    Path,
    /// By its inode or its first bytes. It continues at the last position, under any name.
    File,
}

/// A limit of the shipper, or of its destination, that its configuration cannot change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HardLimit {
    /// The maximum length of a line in bytes.
    pub bytes: u64,
    /// How to raise it.
    pub help: &'static str,
}

/// A log shipper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collector {
    /// The name on the command line.
    pub name: &'static str,
    /// The name of the product.
    pub title: &'static str,
    /// The usual port of its protocol.
    pub port: u16,
    /// How it tracks files.
    pub following: Following,
    /// What happens to a line that is too long, for the end of a sentence.
    pub too_long: &'static str,
    /// Its default line limit in bytes, which is never lowered.
    pub default_limit: u64,
    /// A limit that cannot be configured here.
    pub hard_limit: Option<HardLimit>,
    /// Its configuration with placeholders such as `{{path}}`.
    pub template: &'static str,
}

impl Collector {
    /// The line limit of its configuration in bytes.
    #[must_use]
    pub fn line_limit(&self, events: EventSize) -> u64 {
        events.line_limit().max(self.default_limit)
    }
}

/// Sorted by name.
const COLLECTORS: [Collector; 9] = [
    Collector {
        name: "alloy",
        title: "Grafana Alloy",
        port: 3100,
        following: Following::Path,
        too_long: "is rejected by Loki",
        default_limit: 0,
        hard_limit: Some(HardLimit {
            bytes: 256 << 10,
            help: "increase limits_config.max_line_size in Loki, or set max_line_size_truncate",
        }),
        template: include_str!("../../templates/collectors/alloy.alloy"),
    },
    Collector {
        name: "filebeat",
        title: "Filebeat",
        port: 5044,
        following: Following::File,
        too_long: "is truncated",
        default_limit: 10 << 20,
        hard_limit: None,
        template: include_str!("../../templates/collectors/filebeat.yml"),
    },
    Collector {
        name: "fluent-bit",
        title: "Fluent Bit",
        port: 24224,
        following: Following::Path,
        too_long: "is skipped",
        default_limit: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/fluent-bit.yaml"),
    },
    Collector {
        name: "fluentd",
        title: "Fluentd",
        port: 24224,
        following: Following::File,
        too_long: "is skipped",
        default_limit: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/fluentd.conf"),
    },
    Collector {
        name: "logtail",
        title: "LoongCollector (Logtail)",
        port: 443,
        following: Following::File,
        too_long: "is torn",
        default_limit: 0,
        hard_limit: Some(HardLimit {
            bytes: 512 << 10,
            help: "increase max_read_buffer_size in ilogtail_config.json, at most to 8388608",
        }),
        template: include_str!("../../templates/collectors/logtail.yaml"),
    },
    Collector {
        name: "otel",
        title: "OpenTelemetry Collector",
        port: 4317,
        following: Following::File,
        too_long: "is torn",
        default_limit: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/otel.yaml"),
    },
    Collector {
        name: "rsyslog",
        title: "rsyslog",
        port: 6514,
        following: Following::Path,
        too_long: "is truncated",
        default_limit: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/rsyslog.conf"),
    },
    Collector {
        name: "syslog-ng",
        title: "syslog-ng",
        port: 6514,
        following: Following::Path,
        too_long: "is split into several messages",
        default_limit: 0,
        hard_limit: None,
        template: include_str!("../../templates/collectors/syslog-ng.conf"),
    },
    Collector {
        name: "vector",
        title: "Vector",
        port: 6000,
        following: Following::File,
        too_long: "is dropped",
        default_limit: 0,
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

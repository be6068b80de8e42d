//! Configurations for log shippers: how each of them reads the audit log of a node without losing or duplicating events,
//! and where its limits conflict with the node's settings.
//!
//! The API server rotates by renaming `audit.log` to `audit-<time>.log` and creating a new file
//! (`gopkg.in/natefinch/lumberjack.v2`). How rsyslog and syslog-ng handle this was measured (`cargo xtask shippers`); for
//! the others it is taken from their documentation.

mod notes;
mod settings;
mod table;
#[cfg(test)]
mod tests;

pub use notes::remark;
pub use settings::{EventSize, LogFile, LogSettings};
pub use table::{Collector, Following, all, find, suggest};

use crate::diagnostic::Diagnostic;
use std::net::Ipv6Addr;

/// Where a shipper sends the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// A reserved example name (RFC 2606), with the shipper's usual port.
    #[must_use]
    pub fn example(collector: &Collector) -> Self {
        Self { host: "logs.example.com".to_owned(), port: collector.port }
    }

    /// Parses `HOST`, `HOST:PORT`, `ADDRESS`, `[ADDRESS]` or `[ADDRESS]:PORT`. The default is the shipper's usual port.
    ///
    /// # Errors
    /// It has another form.
    pub fn parse(text: &str, collector: &Collector) -> Result<Self, Diagnostic> {
        let refuse = || {
            Diagnostic::error(format!("--to must have the form HOST:PORT, not {text}"))
                .help("for example: logs.example.com:6514 or [2001:db8::1]:6514")
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.starts_with('[') && host.ends_with(']') => {
                (host, port.parse().map_err(|_| refuse())?)
            }
            _ => (text, collector.port),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        let is_address = bare.unwrap_or(host).parse::<Ipv6Addr>().is_ok();
        let is_name = bare.is_none() && !host.is_empty() && host.chars().all(is_plain);
        if port == 0 || !(is_address || is_name) {
            return Err(refuse());
        }
        Ok(Self { host: bare.unwrap_or(host).to_owned(), port })
    }

    fn is_ipv6(&self) -> bool {
        self.host.contains(':')
    }

    /// The host as it is written before a port: an IPv6 address in brackets (RFC 3986, 3.2.2).
    fn bracketed(&self) -> String {
        if self.is_ipv6() { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// The configuration of one shipper for one node, ending in a newline.
#[must_use]
pub fn render(collector: &Collector, settings: &LogSettings, to: &Destination) -> String {
    let limit = collector.line_limit(settings.events);
    let values = [
        ("path", settings.file.path().to_owned()),
        ("rotated", settings.file.rotated()),
        ("rotation", settings.describe_rotation()),
        ("events", settings.describe_events()),
        ("compressed", settings.describe_compression().to_owned()),
        ("limit", limit.to_string()),
        ("limit_kib", limit.div_ceil(KIB).to_string()),
        ("twice_limit", limit.saturating_mul(2).to_string()),
        // Fluent Bit does not start if the initial buffer is larger than the maximum.
        ("first_buffer", limit.min(FIRST_BUFFER).to_string()),
        ("host", to.host.clone()),
        ("bracketed_host", to.bracketed()),
        ("host_port", format!("{}:{}", to.bracketed(), to.port)),
        ("ip_protocol", if to.is_ipv6() { " ip-protocol(6)" } else { "" }.to_owned()),
        ("port", to.port.to_string()),
    ];
    values.iter().fold(collector.template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

/// Bytes.
const KIB: u64 = 1024;
/// The initial buffer of Fluent Bit: large enough for most events.
const FIRST_BUFFER: u64 = 128 * KIB;

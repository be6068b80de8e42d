//! Configurations for log shippers: how each of them reads the audit log of a node without losing or doubling events,
//! and where its limits and the node's settings do not fit.
//!
//! The API server rotates by renaming `audit.log` to `audit-<time>.log` and beginning a new one
//! (`gopkg.in/natefinch/lumberjack.v2`). What a shipper makes of that was measured for rsyslog and syslog-ng
//! (`cargo xtask shippers`), and is what their makers document for the others.

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

/// Where a shipper sends what it has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// A name that nobody has (RFC 2606), with the port that is usual for the shipper.
    #[must_use]
    pub fn example(collector: &Collector) -> Self {
        Self { host: "logs.example.com".to_owned(), port: collector.port }
    }

    /// Reads `HOST`, `HOST:PORT`, `ADDRESS`, `[ADDRESS]`, `[ADDRESS]:PORT`; without a port it is the one that is usual for the shipper.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str, collector: &Collector) -> Result<Self, Diagnostic> {
        let refuse = || {
            Diagnostic::error(format!("--to {text} is no HOST:PORT"))
                .help("give it as logs.example.com:6514, or [2001:db8::1]:6514")
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

    /// The host as it stands before a port: an address of IPv6 in brackets (RFC 3986, 3.2.2).
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
        // Fluent Bit does not start with a first buffer that is larger than the largest.
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
/// What Fluent Bit begins with: most events fit.
const FIRST_BUFFER: u64 = 128 * KIB;

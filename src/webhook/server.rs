//! The URL that events are posted to, as client-go parses it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use std::net::IpAddr;

/// client-go's timeout for a webhook request, which it also sends to the receiver
/// (`apiserver/pkg/util/webhook/webhook.go`, `defaultRequestTimeout`; `client-go/rest/request.go`, `NewRequest`).
const TIMEOUT_PARAMETER: &str = "timeout=30s";

/// A receiver's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Whether the scheme is `https`, and not `http`.
    pub is_tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port, or the scheme's default.
    pub port: u16,
    /// Host and port as written.
    authority: String,
    /// The path as client-go sends it.
    path: String,
    /// What follows the path and is never sent: `a query` or `a fragment`. It may be a secret.
    pub dropped: Option<&'static str>,
    /// `Basic …` of a user and a password in the URL, which Go's HTTP client sends.
    userinfo: Option<String>,
}

impl Server {
    /// Parses a URL.
    ///
    /// # Errors
    /// Why it is invalid, as a clause that follows the key or option. A password in it is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (bare, fragment) = match text.split_once('#') {
            Some((bare, fragment)) => (bare, Some(fragment)),
            None => (text, None),
        };
        let uri: Uri = bare.parse().map_err(|error| format!("is not a valid URL: {error}"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(other) => return Err(format!("has the scheme {other}; it must be https or http")),
            None => return Err("does not begin with https:// or http://".to_owned()),
        };
        let authority = uri.authority().ok_or("has no host")?;
        let (userinfo, place) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority.as_str()),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port_text = place.strip_prefix(authority.host()).unwrap_or_default().trim_start_matches(':');
        let port = match port_text {
            "" if is_tls => 443,
            "" => 80,
            digits => digits
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| format!("has the invalid port {digits}"))?,
        };
        if host.is_empty() {
            return Err("has no host".to_owned());
        }
        let dropped = match (uri.query(), fragment) {
            (Some(_), _) => Some("a query"),
            (None, Some(_)) => Some("a fragment"),
            (None, None) => None,
        };
        Ok(Self {
            is_tls,
            host,
            port,
            authority: place.to_owned(),
            path: clean(uri.path()),
            dropped,
            userinfo: userinfo.map(basic_of_userinfo),
        })
    }

    /// Path and query of a delivery. client-go cleans the path, so that a trailing slash goes (`path.Join` in
    /// `client-go/rest/request.go`, `NewRequest`), and drops the URL's own query (`rest/client.go`, `NewRESTClient`).
    #[must_use]
    pub fn request_target(&self) -> String {
        format!("{}?{TIMEOUT_PARAMETER}", self.path)
    }

    /// The `Host` header.
    #[must_use]
    pub fn host_header(&self) -> &str {
        &self.authority
    }

    /// The host, if it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The `Authorization` header from user and password in the URL.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.userinfo.as_deref()
    }

    /// The URL with another address and port.
    #[must_use]
    pub fn url_at(&self, address: IpAddr, port: u16) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let host = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let path = if self.path == "/" { "" } else { &self.path };
        format!("{scheme}://{host}:{port}{path}")
    }
}

/// The header for a name and a password (RFC 7617).
#[must_use]
pub fn basic_authorization(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

fn basic_of_userinfo(userinfo: &str) -> String {
    let (name, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    basic_authorization(&percent_decoded(name), &percent_decoded(password))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| behind.split_first_chunk::<2>()).flatten();
        let code = |digits: &[u8; 2]| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
        let (byte, behind) =
            escaped.and_then(|(digits, behind)| Some((code(digits)?, behind))).unwrap_or((byte, behind));
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Go's `path.Clean` of an absolute path.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed_as_client_go_parses_them() {
        for (text, host, port, target, header) in [
            ("https://sink.example/events", "sink.example", 443, "/events?timeout=30s", "sink.example"),
            ("http://192.0.2.1:8080", "192.0.2.1", 8080, "/?timeout=30s", "192.0.2.1:8080"),
            ("https://[2001:db8::1]:9443/a/", "2001:db8::1", 9443, "/a?timeout=30s", "[2001:db8::1]:9443"),
            ("https://u:p%40@h/a//b/../c/?x=1#y", "h", 443, "/a/c?timeout=30s", "h"),
        ] {
            let server = Server::parse(text).unwrap();
            let found = (server.host.as_str(), server.port, server.request_target(), server.host_header());
            assert_eq!(found, (host, port, target.to_owned(), header), "{text}");
        }
        let server = Server::parse("https://u:p%40@h/a?x=1#y").unwrap();
        assert_eq!(server.dropped, Some("a query"));
        assert_eq!(server.authorization(), Some(basic_authorization("u", "p@").as_str()));
        assert_eq!(server.url_at("2001:db8::1".parse().unwrap(), 443), "https://[2001:db8::1]:443/a");
    }

    #[test]
    fn invalid_urls_are_refused() {
        for (text, why) in [
            ("", "is not a valid URL: empty string"),
            ("sink.example:443", "does not begin with https:// or http://"),
            ("/events", "does not begin with https:// or http://"),
            ("ftp://sink.example", "has the scheme ftp; it must be https or http"),
            ("https://sink.example:0/", "has the invalid port 0"),
            ("https://sink.example:70000/", "has the invalid port 70000"),
            ("https:///events", "is not a valid URL: invalid format"),
            ("https://sink .example/", "is not a valid URL: invalid uri character"),
        ] {
            assert_eq!(Server::parse(text).map(|server| server.host), Err(why.to_owned()), "{text}");
        }
    }
}

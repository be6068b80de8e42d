//! Whether the API server connects to its receiver through a proxy: client-go uses the kubeconfig's `proxy-url`, else the
//! container's environment, like Go's HTTP client (`golang.org/x/net/http/httpproxy`, `config.useProxy`).

use super::Server;
use crate::secret::mask_passwords_in_urls;
use std::net::IpAddr;

/// The proxy for this receiver, without a password, and where it is set; `None`: no proxy. `variable` gives an environment
/// entry of the API server's container.
#[must_use]
pub fn proxy_of(
    server: &Server,
    own: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(String, &'static str)> {
    if let Some(url) = own {
        return Some((mask_passwords_in_urls(url), "proxy-url"));
    }
    let names: [&str; 2] =
        if server.is_tls { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let (value, name) = match names.map(set) {
        [Some(value), _] => (value, if server.is_tls { "HTTPS_PROXY" } else { "HTTP_PROXY" }),
        [None, Some(value)] => (value, if server.is_tls { "https_proxy" } else { "http_proxy" }),
        [None, None] => return None,
    };
    let exceptions = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
    (!is_excepted(server, &exceptions)).then(|| (mask_passwords_in_urls(&value), name))
}

/// Whether `NO_PROXY` names the receiver, or it is this machine.
fn is_excepted(server: &Server, exceptions: &str) -> bool {
    let host = server.host.trim_end_matches('.').to_ascii_lowercase();
    let address = server.address();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    exceptions.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        let (entry, port) = split_port(&entry);
        if entry.is_empty() || port.is_some_and(|port| port != server.port.to_string()) {
            return false;
        }
        if let Some(address) = address {
            return entry == "*" || contains(entry, address);
        }
        // `.example.com` matches subdomains, `example.com` itself too.
        let below = entry.trim_start_matches('*').trim_start_matches('.');
        let is_exact = !entry.starts_with(['.', '*']) && host == below;
        entry == "*" || is_exact || host.ends_with(&format!(".{below}"))
    })
}

/// Host and port of `host:port`.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((host, port)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, port.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

/// Whether an address, or a network in CIDR notation, contains `address`.
fn contains(entry: &str, address: IpAddr) -> bool {
    let (network, length) =
        entry.split_once('/').map_or((entry, None), |(network, length)| (network, Some(length)));
    let Ok(network) = network.parse::<IpAddr>() else { return false };
    let (network, address, bits) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()), u128::from(address.to_bits()), 32_u32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let length = match length {
        None => bits,
        Some(text) => match text.parse::<u32>() {
            Ok(length) if length <= bits => length,
            _ => return false,
        },
    };
    // `checked_shr` gives `None` for a shift by all bits: then every address matches.
    (network ^ address).checked_shr(bits - length).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_proxied(url: &str, no_proxy: &str) -> bool {
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://u:secret@proxy:3128".to_owned()),
            "NO_PROXY" => Some(no_proxy.to_owned()),
            _ => None,
        };
        let proxy = proxy_of(&Server::parse(url).unwrap(), None, variable);
        assert!(proxy.as_ref().is_none_or(|found| found.0 == "http://u:***@proxy:3128"));
        proxy.is_some()
    }

    #[test]
    fn the_environment_names_a_proxy_and_exceptions() {
        let url = "https://sink.example.com:9443/";
        for no_proxy in
            ["", "other.com,10.0.0.0/8", "ink.example.com", "sink.example.com:443", ".sink.example.com"]
        {
            assert!(is_proxied(url, no_proxy), "{no_proxy}");
        }
        for no_proxy in [
            "*",
            "example.com",
            ".example.com",
            "*.example.com",
            "SINK.example.com",
            "a, sink.example.com:9443",
        ] {
            assert!(!is_proxied(url, no_proxy), "{no_proxy}");
        }
        assert!(
            !is_proxied("https://10.96.0.7/", "10.96.0.0/12")
                && is_proxied("https://10.112.0.1/", "10.96.0.0/12")
        );
        assert!(
            !is_proxied("https://10.96.0.7/", "10.96.0.7") && !is_proxied("https://10.96.0.7/", "0.0.0.0/0")
        );
        assert!(
            !is_proxied("https://[fd00::7]/", "fd00::/8") && is_proxied("https://[fd00::7]/", "10.0.0.0/8")
        );
        assert!(!is_proxied("https://127.0.0.1/", "") && !is_proxied("https://[::1]/", ""));
        assert!(!is_proxied("http://sink.example.com/", ""), "the variable is that of https");
    }

    #[test]
    fn the_kubeconfigs_own_proxy_comes_first() {
        let server = Server::parse("https://sink.example.com/").unwrap();
        let own = proxy_of(&server, Some("socks5://a:b@h"), |_| None);
        assert_eq!(own, Some(("socks5://a:***@h".to_owned(), "proxy-url")));
    }
}

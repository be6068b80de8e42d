//! Where this node's own API server listens, from its flags.
//!
//! Never the cluster's address from a kubeconfig: it belongs to a load balancer or a virtual IP, and another API server
//! would answer for the one that is unavailable.

use super::identity::host_file;
use crate::audit::argv::lookup;
use crate::audit::pflag::parse_int;
use crate::diagnostic::Diagnostic;
use crate::manifest::Mount;
use crate::node::Endpoint;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// kube-apiserver's default for `--secure-port` (`pkg/kubeapiserver/options/serving.go`).
const DEFAULT_PORT: u16 = 6443;

/// The address at which the API server with these arguments answers on its own node, and its certificate's file on the
/// host. `mounts` are those of its container.
///
/// It listens only on a specific `--bind-address`. Where it listens on every address, the loopback address is used: it
/// always belongs to this node, and firewall rules rarely concern it.
///
/// # Errors
/// The port or the address in the flags is invalid: such an API server does not start.
pub fn endpoint(arguments: &[&str], mounts: &[Mount]) -> Result<Endpoint, Diagnostic> {
    let value = |flag| lookup(arguments, flag).and_then(|found| found.value);
    let port = match value("secure-port") {
        None => DEFAULT_PORT,
        Some(text) => parse_int(&text)
            .ok()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0)
            .ok_or_else(|| {
                Diagnostic::error(format!("--secure-port={text}: invalid port"))
                    .help("kubeadm writes --secure-port=6443")
            })?,
    };
    let address = match value("bind-address") {
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(text) => match text.parse() {
            Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            Ok(address) => address,
            Err(_) => {
                return Err(Diagnostic::error(format!("--bind-address={text}: invalid IP address"))
                    .help("remove the flag to listen on every address"));
            }
        },
    };
    // Of several certificates the client's SNI decides which is presented (`--tls-sni-cert-key`), also for a client
    // without one (`dynamiccertificates/tlsconfig.go`, `GetConfigForClient`).
    let has_several = lookup(arguments, "tls-sni-cert-key").is_some();
    let certificate = if has_several { None } else { host_file(arguments, mounts, "tls-cert-file") };
    Ok(Endpoint { address: SocketAddr::new(address, port), certificate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn address(arguments: &[&str]) -> Result<String, String> {
        endpoint(arguments, &[]).map(|found| found.address.to_string()).map_err(|refusal| refusal.message)
    }

    #[test]
    fn flags_make_the_address() {
        for (arguments, expected) in [
            (&[][..], "127.0.0.1:6443"),
            (&["--secure-port=7443"], "127.0.0.1:7443"),
            (&["--secure-port", "0x1bb"], "127.0.0.1:443"),
            (&["--bind-address=0.0.0.0"], "127.0.0.1:6443"),
            (&["--bind-address=::"], "[::1]:6443"),
            (&["--bind-address=192.0.2.10", "--secure-port=443"], "192.0.2.10:443"),
            (&["--bind-address", "2001:db8::1"], "[2001:db8::1]:6443"),
            (&["--bind-address=192.0.2.10", "--bind-address=192.0.2.11"], "192.0.2.11:6443"),
            // The advertised address does not determine where it listens.
            (&["--advertise-address=192.0.2.10"], "127.0.0.1:6443"),
        ] {
            assert_eq!(address(arguments), Ok(expected.to_owned()), "{arguments:?}");
        }
    }

    #[test]
    fn invalid_ports_and_addresses_are_refused() {
        for text in ["0", "-1", "65536", "https", ""] {
            let reason = format!("--secure-port={text}: invalid port");
            assert_eq!(address(&[&format!("--secure-port={text}")]), Err(reason));
        }
        for text in ["localhost", "[::1]", "fe80::1%eth0", ""] {
            let reason = format!("--bind-address={text}: invalid IP address");
            assert_eq!(address(&[&format!("--bind-address={text}")]), Err(reason));
        }
    }

    #[test]
    fn a_manifest_of_kubeadm_has_its_certificate() {
        let manifest =
            Manifest::read(include_bytes!("../../templates/sample-node/kube-apiserver.yaml")).unwrap();
        let mut arguments = manifest.api_server().arguments();
        let found = endpoint(&arguments, &manifest.mounts()).unwrap();
        assert_eq!(found.address.to_string(), "127.0.0.1:6443");
        assert_eq!(found.certificate.unwrap().to_str(), Some("/etc/kubernetes/pki/apiserver.crt"));

        arguments.push("--tls-sni-cert-key=/etc/kubernetes/pki/other.crt,/etc/kubernetes/pki/other.key");
        assert_eq!(endpoint(&arguments, &manifest.mounts()).unwrap().certificate, None);
        assert_eq!(
            endpoint(&["--tls-cert-file=/in/the/image.crt"], &manifest.mounts()).unwrap().certificate,
            None
        );
    }
}

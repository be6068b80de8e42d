//! Where this node's own API server listens, from its flags.
//!
//! Never the cluster's address from a kubeconfig: behind that stands a load balancer or a virtual IP, and one of the
//! other API servers would answer for the one that is away.

use super::identity::host_file;
use crate::audit::argv::lookup;
use crate::audit::pflag::parse_int;
use crate::diagnostic::Diagnostic;
use crate::manifest::Mount;
use crate::node::Endpoint;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What kube-apiserver takes without `--secure-port` (`pkg/kubeapiserver/options/serving.go`).
const DEFAULT_PORT: u16 = 6443;

/// The address at which the API server with these arguments answers on its own node, and its certificate's file on the
/// host. `mounts` are those of its container.
///
/// A specific `--bind-address` is the only one on which it listens. Of "every address" the loopback address is taken:
/// it belongs to this node whatever happens to the others, and no rule about foreign traffic stands before it.
///
/// # Errors
/// The flags name no port or no address: such an API server does not start.
pub fn endpoint(arguments: &[&str], mounts: &[Mount]) -> Result<Endpoint, Diagnostic> {
    let value = |flag| lookup(arguments, flag).and_then(|found| found.value);
    let port = match value("secure-port") {
        None => DEFAULT_PORT,
        Some(text) => parse_int(&text)
            .ok()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0)
            .ok_or_else(|| {
                Diagnostic::error(format!("--secure-port={text} is no port on which an API server listens"))
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
                return Err(Diagnostic::error(format!("--bind-address={text} is no IP address"))
                    .help("leave it out to listen on every address"));
            }
        },
    };
    // Of several certificates the client's words decide which is presented (`--tls-sni-cert-key`), also for a client
    // that names no host (`dynamiccertificates/tlsconfig.go`, `GetConfigForClient`).
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
            // The address that others are told is no address to listen on.
            (&["--advertise-address=192.0.2.10"], "127.0.0.1:6443"),
        ] {
            assert_eq!(address(arguments), Ok(expected.to_owned()), "{arguments:?}");
        }
    }

    #[test]
    fn what_no_api_server_listens_on_is_refused() {
        for text in ["0", "-1", "65536", "https", ""] {
            let reason = format!("--secure-port={text} is no port on which an API server listens");
            assert_eq!(address(&[&format!("--secure-port={text}")]), Err(reason));
        }
        for text in ["localhost", "[::1]", "fe80::1%eth0", ""] {
            let reason = format!("--bind-address={text} is no IP address");
            assert_eq!(address(&[&format!("--bind-address={text}")]), Err(reason));
        }
    }

    #[test]
    fn a_manifest_of_kubeadms_names_its_certificate() {
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

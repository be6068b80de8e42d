//! Client certificates that every control-plane node has, and that kaudit can use for requests to the API server.

use super::subject::subject;
use crate::audit::argv::lookup;
use crate::manifest::{Coverage, Mount};
use crate::node::ClientIdentity;
use crate::policy::User;
use std::path::{Path, PathBuf};

/// Where the kubelet keeps its client certificate and key, both in one file
/// (`client-go/util/certificate/certificate_store.go`). kubeadm sets no other directory.
const KUBELET_CLIENT: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";
/// The group that the API server adds for every authenticated user
/// (`apiserver/pkg/authentication/group/authenticated_group_adder.go`).
const AUTHENTICATED: &str = "system:authenticated";

/// A client certificate and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its files on the host.
    pub files: ClientIdentity,
    /// The user and the groups as the API server's policy sees them.
    pub user: User,
}

impl Identity {
    /// The identity whose certificate, in `files`, is this DER; `None` where it has no valid user.
    #[must_use]
    pub fn of(files: ClientIdentity, certificate: &[u8]) -> Option<Self> {
        let mut user = subject(certificate)?;
        if !user.groups.iter().any(|group| group == AUTHENTICATED) {
            user.groups.push(AUTHENTICATED.to_owned());
        }
        Some(Self { files, user })
    }
}

/// The files of client certificates that may be there, on the host, the one with the fewest rights first: the
/// kubelet's own (`system:node:…`), and the one with which the API server speaks to kubelets, whose group is
/// `kubeadm:cluster-admins` since kubeadm 1.29 and `system:masters` before (`cmd/kubeadm/app/phases/certs/certlist.go`).
///
/// `arguments` are the API server's, `mounts` those of its container.
#[must_use]
pub fn client_certificates(arguments: &[&str], mounts: &[Mount]) -> Vec<ClientIdentity> {
    let kubelet = ClientIdentity { certificate: KUBELET_CLIENT.into(), key: KUBELET_CLIENT.into() };
    let certificate = host_file(arguments, mounts, "kubelet-client-certificate");
    let key = host_file(arguments, mounts, "kubelet-client-key");
    let to_kubelets = certificate.zip(key).map(|(certificate, key)| ClientIdentity { certificate, key });
    [Some(kubelet), to_kubelets].into_iter().flatten().collect()
}

/// The host's path of the file that a flag names in the API server's container; `None` where the flag is not given, or
/// the file is not the host's.
pub(super) fn host_file(arguments: &[&str], mounts: &[Mount], flag: &str) -> Option<PathBuf> {
    let path = lookup(arguments, flag)?.value.filter(|path| !path.is_empty())?;
    Coverage::of(mounts, Path::new(&path))?.host
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::MountSource;

    fn pki(container: &str, host: &str) -> Mount {
        Mount {
            index: 0,
            volume: "k8s-certs".to_owned(),
            path: container.into(),
            read_only: true,
            source: MountSource::Host { path: host.into(), kind: String::new(), volume: 0 },
            shared: false,
        }
    }

    fn files(certificate: &str, key: &str) -> ClientIdentity {
        ClientIdentity { certificate: certificate.into(), key: key.into() }
    }

    #[test]
    fn files_are_the_hosts() {
        let arguments = ["--kubelet-client-certificate=/pki/a.crt", "--kubelet-client-key=/pki/a.key"];
        let kubelet = files(KUBELET_CLIENT, KUBELET_CLIENT);
        let mounts = [pki("/pki", "/etc/kubernetes/pki")];
        assert_eq!(
            client_certificates(&arguments, &mounts),
            [kubelet.clone(), files("/etc/kubernetes/pki/a.crt", "/etc/kubernetes/pki/a.key")]
        );
        // A certificate without a key is not usable, and a path that no mount covers is not on the host.
        assert_eq!(client_certificates(&arguments[..1], &mounts), std::slice::from_ref(&kubelet));
        assert_eq!(client_certificates(&arguments, &[]), [kubelet]);
    }

    #[test]
    fn authenticated_users_are_in_one_more_group() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/node/net/api/testdata");
        let node = crate::node::Node::at(directory);
        let certificate = node.read_certificate(Path::new("/kubelet-client-current.pem")).unwrap().unwrap();
        let identity = Identity::of(files("/a", "/b"), &certificate).unwrap();
        assert_eq!(identity.user.name, "system:node:cp0");
        assert_eq!(identity.user.groups, ["system:nodes", "system:authenticated"]);
        assert_eq!(Identity::of(files("/a", "/b"), b"no certificate"), None);
    }
}

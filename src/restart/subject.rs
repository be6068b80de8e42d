//! The user of a client certificate: the API server takes the subject's common name as the user and its organisations
//! as the groups (`apiserver/pkg/authentication/request/x509/x509.go`, `CommonNameUserConversion`).

use crate::certificate::subject_attributes;
use crate::policy::User;

/// `id-at-commonName`
const COMMON_NAME: &str = "2.5.4.3";
/// `id-at-organizationName`
const ORGANIZATION: &str = "2.5.4.10";

/// The user and the groups of a certificate (DER), in its order; `None` where it is not a certificate or has no common
/// name: the API server does not authenticate a user by it.
#[must_use]
pub fn subject(certificate: &[u8]) -> Option<User> {
    user_of(subject_attributes(certificate)?)
}

fn user_of(attributes: impl IntoIterator<Item = (String, Option<String>)>) -> Option<User> {
    let mut user = User::default();
    for (kind, text) in attributes {
        // The last common name counts, as in Go (`crypto/x509/pkix`, `FillFromRDNSequence`).
        match kind.as_str() {
            COMMON_NAME => user.name = text?,
            ORGANIZATION => user.groups.push(text?),
            _ => {}
        }
    }
    (!user.name.is_empty()).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use proptest::prelude::*;
    use std::path::Path;

    fn certificate(name: &str) -> Vec<u8> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/node/net/api/testdata");
        Node::at(directory).read_certificate(Path::new(name)).unwrap().unwrap()
    }

    fn user(name: &str, groups: &[&str]) -> User {
        User { name: name.to_owned(), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
    }

    #[test]
    fn real_certificates_name_their_users() {
        for (file, expected) in [
            ("/kubelet-client-current.pem", user("system:node:cp0", &["system:nodes"])),
            (
                "/apiserver-kubelet-client.crt",
                user("kube-apiserver-kubelet-client", &["kubeadm:cluster-admins"]),
            ),
            ("/server.crt", user("kube-apiserver", &[])),
        ] {
            assert_eq!(subject(&certificate(file)), Some(expected), "{file}");
        }
    }

    #[test]
    fn names_are_read_as_go_reads_them() {
        let (name, group, country) = (COMMON_NAME, ORGANIZATION, "2.5.4.6");
        for (attributes, expected) in [
            (
                [(group, Some("b")), (name, Some("x")), (group, Some("ä")), (name, Some("y"))].as_slice(),
                Some(user("y", &["b", "ä"])),
            ),
            (&[(country, None), (name, Some("x"))], Some(user("x", &[]))),
            (&[(group, Some("nobody"))], None),
            (&[(name, Some(""))], None),
            (&[], None),
            // A string type that is not UTF-8, such as BMPString.
            (&[(name, None)], None),
        ] {
            let owned = attributes.iter().map(|(kind, text)| ((*kind).to_owned(), text.map(str::to_owned)));
            assert_eq!(user_of(owned), expected, "{attributes:?}");
        }
    }

    #[test]
    fn a_truncated_certificate_has_no_user() {
        let whole = certificate("/kubelet-client-current.pem");
        for end in 0..whole.len() {
            assert_eq!(subject(&whole[..end]), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_safe(position: usize, byte: u8, noise: Vec<u8>) {
            let mut bytes = certificate("/apiserver-kubelet-client.crt");
            let position = position % bytes.len();
            bytes[position] = byte;
            let _ = subject(&bytes);
            let _ = subject(&noise);
        }
    }
}

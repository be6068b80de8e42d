//! The user of a client certificate: the API server takes the subject's common name as the user and its organisations
//! as the groups (`apiserver/pkg/authentication/request/x509/x509.go`, `CommonNameUserConversion`).
//!
//! A parser for the parts of DER (X.690) and of a certificate (RFC 5280, 4.1) that are needed for the subject. Anything
//! else gives no user, and any input is safe.

use crate::policy::User;

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0] EXPLICIT Version`, absent in a certificate of version 1.
const VERSION: u8 = 0xA0;
/// `UTF8String`, `PrintableString`, `IA5String`: the strings whose bytes are UTF-8.
const STRINGS: [u8; 3] = [0x0C, 0x13, 0x16];

/// `id-at-commonName`, 2.5.4.3
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// `id-at-organizationName`, 2.5.4.10
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0A];

/// The user and the groups of a certificate (DER), in its order; `None` where it is not a certificate or has no common
/// name: the API server does not authenticate a user by it.
#[must_use]
pub fn subject(certificate: &[u8]) -> Option<User> {
    let (certificate, _) = take(certificate, SEQUENCE)?;
    let (mut rest, _) = take(certificate, SEQUENCE)?;
    if let Some((_, behind)) = take(rest, VERSION) {
        rest = behind;
    }
    // Serial number, signature algorithm, issuer, validity.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] {
        (_, rest) = take(rest, tag)?;
    }
    let (mut names, _) = take(rest, SEQUENCE)?;

    let mut user = User::default();
    while !names.is_empty() {
        let (mut attributes, behind) = take(names, SET)?;
        names = behind;
        while !attributes.is_empty() {
            let (attribute, behind) = take(attributes, SEQUENCE)?;
            attributes = behind;
            let (kind, value) = take(attribute, OBJECT_IDENTIFIER)?;
            // The last common name counts, as in Go (`crypto/x509/pkix`, `FillFromRDNSequence`).
            if kind == COMMON_NAME {
                user.name = text(value)?;
            } else if kind == ORGANIZATION {
                user.groups.push(text(value)?);
            }
        }
    }
    (!user.name.is_empty()).then_some(user)
}

fn text(value: &[u8]) -> Option<String> {
    let (bytes, _) = STRINGS.into_iter().find_map(|tag| take(value, tag))?;
    Some(str::from_utf8(bytes).ok()?.to_owned())
}

/// The content of the element at the beginning of `bytes`, if it has this tag, and the bytes after it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    // The long form has the number of bytes of the length first. Four are enough for any file.
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x0F))?;
            (
                length
                    .iter()
                    .try_fold(0_usize, |sum, byte| Some(sum.checked_mul(256)? + usize::from(*byte)))?,
                rest,
            )
        }
        0x80 | 0x85.. => return None,
    };
    rest.split_at_checked(length)
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

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], length.as_slice(), content].concat()
    }

    /// A certificate as far as the subject; a name is its object identifier's last number, its string's tag and bytes.
    fn with_subject(names: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let names: Vec<u8> = names
            .iter()
            .flat_map(|(kind, tag, value)| {
                let kind = element(OBJECT_IDENTIFIER, &[0x55, 0x04, *kind]);
                element(SET, &element(SEQUENCE, &[kind, element(*tag, value)].concat()))
            })
            .collect();
        let before = [element(INTEGER, &[1]), element(SEQUENCE, &[]).repeat(3)].concat();
        element(SEQUENCE, &element(SEQUENCE, &[before, element(SEQUENCE, &names)].concat()))
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
        for (names, expected) in [
            (
                [(10, 0x0C, "b"), (3, 0x13, "x"), (10, 0x16, "ä"), (3, 0x0C, "y")].as_slice(),
                Some(user("y", &["b", "ä"])),
            ),
            (&[(6, 0x13, "DE"), (3, 0x0C, "x")], Some(user("x", &[]))),
            (&[(10, 0x0C, "nobody")], None),
            (&[(3, 0x0C, "")], None),
            (&[], None),
            // BMPString is not supported.
            (&[(3, 0x1E, "x")], None),
        ] {
            let bytes: Vec<(u8, u8, &[u8])> =
                names.iter().map(|(kind, tag, value)| (*kind, *tag, value.as_bytes())).collect();
            assert_eq!(subject(&with_subject(&bytes)), expected, "{names:?}");
        }
        assert_eq!(subject(&with_subject(&[(3, 0x0C, &[0xFF])])), None);
    }

    #[test]
    fn a_length_has_few_forms() {
        for (bytes, expected) in [
            (&[0x30, 0x01, 7, 8][..], Some((&[7][..], &[8][..]))),
            (&[0x30, 0x81, 0x01, 7], Some((&[7], &[]))),
            (&[0x30, 0x84, 0, 0, 0, 1, 7], Some((&[7], &[]))),
            (&[0x30, 0x80, 7, 0, 0], None),
            (&[0x30, 0x85, 0, 0, 0, 0, 1, 7], None),
            (&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 7], None),
            (&[0x30, 0x82, 1], None),
            (&[0x30, 0x02, 7], None),
            (&[0x31, 0x00], None),
            (&[0x30], None),
            (&[], None),
        ] {
            assert_eq!(take(bytes, SEQUENCE), expected, "{bytes:?}");
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

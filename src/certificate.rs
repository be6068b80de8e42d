//! The subject, names and validity of an X.509 certificate. Signatures are verified by TLS.

use jiff::{Timestamp, Unit};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::IpAddr;
use std::time::Duration;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::{Decode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The DER encoding.
    pub der: Vec<u8>,
    /// The subject in RFC 4514 form.
    pub subject: String,
    /// The issuer in RFC 4514 form.
    pub issuer: String,
    /// The start of the validity.
    pub not_before: Timestamp,
    /// The end of the validity.
    pub not_after: Timestamp,
    /// DNS names and addresses of `subjectAltName`; only these are used since Go 1.15.
    pub names: Vec<String>,
}

/// The validity at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is valid.
    Valid {
        /// Full days until the end of the validity.
        days_left: i64,
    },
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYet,
}

impl Certificate {
    /// Parses one certificate.
    ///
    /// # Errors
    /// The certificate is invalid; the reason in one line.
    pub fn of_der(der: &[u8]) -> Result<Self, String> {
        // Like Go, `Raw` accepts serial numbers of any length.
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(|error| format!("{error}"))?;
        let certificate = parsed.tbs_certificate();
        let validity = certificate.validity();
        let alternative =
            certificate.get_extension::<SubjectAltName>().map_err(|error| format!("{error}"))?;
        let names = alternative.map(|(_, names)| names.0).unwrap_or_default();
        Ok(Self {
            der: der.to_vec(),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_before: moment(validity.not_before.to_unix_duration())?,
            not_after: moment(validity.not_after.to_unix_duration())?,
            names: names.iter().filter_map(name).collect(),
        })
    }

    /// The first certificate of a PEM file; `None` if there is none.
    ///
    /// # Errors
    /// The certificate is invalid.
    pub fn first_of(pem: &[u8]) -> Result<Option<Self>, String> {
        blocks(pem).first().map(|der| Self::of_der(der)).transpose()
    }

    /// The validity at `now`.
    #[must_use]
    pub fn validity(&self, now: Timestamp) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else {
            let seconds = self.not_after.as_second() - now.as_second();
            Validity::Valid { days_left: seconds / (24 * 60 * 60) }
        }
    }

    /// The subject, or the names if it is empty.
    #[must_use]
    pub fn title(&self) -> String {
        if self.subject.is_empty() { self.names.join(", ") } else { self.subject.clone() }
    }
}

/// The attributes of a certificate's subject (DER) in their order: object identifier and text. `None` where it is not a
/// certificate; the text of an attribute is `None` where its type is not a UTF-8 string.
#[must_use]
pub fn subject_attributes(der: &[u8]) -> Option<Vec<(String, Option<String>)>> {
    let parsed = CertificateInner::<Raw>::from_der(der).ok()?;
    let attributes = parsed.tbs_certificate().subject().iter().map(|attribute| {
        let is_text =
            matches!(attribute.value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String);
        let text = str::from_utf8(attribute.value.value()).ok().filter(|_| is_text);
        (attribute.oid.to_string(), text.map(str::to_owned))
    });
    Some(attributes.collect())
}

/// The certificates (DER) of a PEM file, in their order. Everything else in it is ignored, as in Go (`crypto/x509`,
/// `AppendCertsFromPEM`).
#[must_use]
pub fn blocks(pem: &[u8]) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem).filter_map(|der| Some(der.ok()?.to_vec())).collect()
}

fn moment(since_1970: Duration) -> Result<Timestamp, String> {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let moment = Timestamp::from_second(seconds).map_err(|error| format!("{error}"))?;
    moment.round(Unit::Second).map_err(|error| format!("{error}"))
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
            v4.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())
                .map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &[u8] = include_bytes!("node/net/api/testdata/server.crt");

    #[test]
    fn subject_names_and_validity() {
        let certificate = Certificate::first_of(SERVER).unwrap().unwrap();
        assert_eq!(certificate.subject, "CN=kube-apiserver");
        assert_eq!(certificate.names, ["127.0.0.1"]);
        let at = |shift: i64| Timestamp::from_second(certificate.not_after.as_second() + shift).unwrap();
        assert_eq!(certificate.validity(at(0)), Validity::Valid { days_left: 0 });
        assert_eq!(certificate.validity(at(-86_400)), Validity::Valid { days_left: 1 });
        assert_eq!(certificate.validity(at(1)), Validity::Expired);
        let before = Timestamp::from_second(certificate.not_before.as_second() - 1).unwrap();
        assert_eq!(certificate.validity(before), Validity::NotYet);
    }

    #[test]
    fn other_blocks_are_ignored() {
        let key: &[u8] = include_bytes!("node/net/api/testdata/server.key");
        let text = [b"Subject: someone\n", SERVER, key, SERVER].concat();
        assert_eq!(blocks(&text).len(), 2);
        assert_eq!(blocks(key).len(), 0);
    }

    #[test]
    fn an_invalid_certificate_is_an_error() {
        assert_eq!(Certificate::first_of(b"nothing"), Ok(None));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(Certificate::first_of(broken).is_err());
        assert!(Certificate::of_der(&[]).is_err());
    }
}

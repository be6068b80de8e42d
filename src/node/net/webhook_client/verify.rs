//! Verification of a receiver's certificate as Go's `crypto/x509` does it; all details are kept for the report.

use super::delivery::{PairError, Presented, ReceiverTls, Trust};
use crate::certificate::{Certificate, Validity};
use crate::node::moment;
use crate::node::net::tls::{
    CertificateCheck, ClientError, PresentedChain, client_config, read_chain, read_key,
};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};
use std::sync::{Arc, Mutex, PoisonError};

/// What the receiver presented, available after the handshake also if it failed.
pub(super) type Seen = Arc<Mutex<Option<Presented>>>;

/// The client configuration; it stores in `seen` what the receiver presents.
///
/// # Errors
/// The client certificate cannot be used.
pub(super) fn configuration(tls: &ReceiverTls, seen: &Seen) -> Result<ClientConfig, PairError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(tls.authorities.iter().map(|der| CertificateDer::from(der.as_slice())));
    let recorder = Recorder {
        roots,
        authorities: tls.authorities.clone(),
        is_insecure: tls.is_insecure,
        seen: Arc::clone(seen),
    };
    let client = match &tls.client {
        None => None,
        Some((certificate, key)) => {
            let chain = read_chain(certificate).map_err(|error| PairError::Unverified(error.to_string()))?;
            Some((chain, read_key(key).map_err(|error| PairError::NoKey(error.to_string()))?))
        }
    };
    let mut configuration = client_config(recorder, client).map_err(|error| match error {
        ClientError::KeyMismatch => PairError::Mismatch,
        ClientError::Pair(other) | ClientError::Provider(other) => PairError::Unverified(other.to_string()),
    })?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

/// See [`super::Node::check_pair`].
pub(super) fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), PairError> {
    let client = Some((certificate.to_vec(), key.to_vec()));
    let tls = ReceiverTls { name: String::new(), authorities: Vec::new(), is_insecure: true, client };
    configuration(&tls, &Seen::default()).map(drop)
}

/// Verifies a chain, and stores it.
#[derive(Debug)]
struct Recorder {
    roots: RootCertStore,
    authorities: Vec<Vec<u8>>,
    is_insecure: bool,
    seen: Seen,
}

impl Recorder {
    fn verify(&self, shown: &PresentedChain<'_>) -> Presented {
        let PresentedChain { end_entity, intermediates, name, now, algorithms } = *shown;
        let chain = [end_entity].into_iter().chain(intermediates).map(|der| der.to_vec()).collect();
        let parsed = match ParsedCertificate::try_from(end_entity) {
            Ok(parsed) => parsed,
            Err(error) => {
                return Presented { chain, trust: Trust::Unverified(error.to_string()), fits_name: true };
            }
        };
        let fits_name = verify_server_name(&parsed, name).is_ok();
        let trust = if self.authorities.iter().any(|der| der.as_slice() == end_entity.as_ref()) {
            // Go accepts a certificate that is itself among the authorities, whatever its signature, during its validity
            // (`crypto/x509/verify.go`, `Verify`).
            check_dates(end_entity)
        } else {
            let verified = verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                now,
                algorithms.all,
            );
            verified.map_or_else(|error| self.trust_of(&error, end_entity), |()| Trust::Sound)
        };
        Presented { chain, trust, fits_name }
    }

    /// The meaning of a verification error in Go.
    fn trust_of(&self, error: &TlsError, end_entity: &[u8]) -> Trust {
        let TlsError::InvalidCertificate(kind) = error else { return Trust::Unverified(error.to_string()) };
        match kind {
            CertificateError::UnknownIssuer => Trust::UnknownIssuer,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::BadSignature
            | CertificateError::InvalidPurpose
            | CertificateError::InvalidPurposeContext { .. } => Trust::Unsound(kind.to_string()),
            // webpki rejects a CA certificate of a server, Go does not. A self-signed certificate is trusted only if
            // it is an authority itself.
            _ if self.is_self_signed_and_unknown(end_entity) => Trust::UnknownIssuer,
            // Elliptic curves and key lengths that Go supports and ring does not.
            other => Trust::Unverified(other.to_string()),
        }
    }

    /// Whether it is self-signed, and no authority has its name.
    fn is_self_signed_and_unknown(&self, end_entity: &[u8]) -> bool {
        let Ok(own) = Certificate::of_der(end_entity) else { return false };
        let mut others = self.authorities.iter().filter_map(|der| Certificate::of_der(der).ok());
        own.subject == own.issuer && !others.any(|other| other.subject == own.issuer)
    }
}

fn check_dates(der: &[u8]) -> Trust {
    match Certificate::of_der(der).map(|certificate| certificate.validity(moment())) {
        Ok(Validity::Valid { .. }) => Trust::Sound,
        Ok(Validity::Expired) => Trust::Unsound("expired".to_owned()),
        Ok(Validity::NotYet) => Trust::Unsound("not valid yet".to_owned()),
        Err(why) => Trust::Unverified(why),
    }
}

impl CertificateCheck for Recorder {
    fn accepts(&self, shown: &PresentedChain<'_>) -> bool {
        let presented = self.verify(shown);
        let is_accepted = self.is_insecure || (presented.trust == Trust::Sound && presented.fits_name);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        is_accepted
    }
}

//! TLS for all parts of kaudit: chains and keys from PEM, one crypto provider, and clients with their own certificate
//! verification.
//!
//! A [`CertificateCheck`] decides about the certificate. The provider verifies that the server holds the key.

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, InconsistentKeys,
    SignatureScheme,
};
use std::fmt::Debug;
use std::sync::Arc;

/// A certificate chain, starting with the end-entity certificate.
pub(crate) type Chain = Vec<CertificateDer<'static>>;

/// The certificates of a PEM file, in their order; may be empty.
///
/// # Errors
/// A block is not valid PEM.
pub(crate) fn read_chain(pem: &[u8]) -> Result<Chain, pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

/// The first key of a PEM file (PKCS #1, PKCS #8 or SEC 1).
///
/// # Errors
/// There is no key, or a block is not valid PEM.
pub(crate) fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, pem::Error> {
    PrivateKeyDer::from_pem_slice(pem)
}

/// The crypto provider of every connection.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What a server presents in the handshake.
pub(in crate::node) struct PresentedChain<'a> {
    /// The server's certificate.
    pub(in crate::node) end_entity: &'a CertificateDer<'a>,
    /// The other certificates that it sent.
    pub(in crate::node) intermediates: &'a [CertificateDer<'a>],
    /// The name or address of the connection.
    pub(in crate::node) name: &'a ServerName<'a>,
    /// The current time.
    pub(in crate::node) now: UnixTime,
    /// The supported signature algorithms.
    pub(in crate::node) algorithms: WebPkiSupportedAlgorithms,
}

/// Decides whether a server's certificate is accepted.
pub(in crate::node) trait CertificateCheck: Debug + Send + Sync + 'static {
    /// Whether the certificate is accepted, provided that the server proves to hold its key. If not, the handshake
    /// ends with [`CertificateError::ApplicationVerificationFailure`], and nothing is sent.
    fn accepts(&self, presented: &PresentedChain<'_>) -> bool;
}

/// Why a client configuration cannot be made.
#[derive(Debug)]
pub(in crate::node) enum ClientError {
    /// The key does not match the certificate.
    KeyMismatch,
    /// The client certificate and its key cannot be used.
    Pair(TlsError),
    /// The provider supports no protocol version.
    Provider(TlsError),
}

/// A client that accepts the servers that `check` accepts, with the client certificate `identity` if given. It keeps
/// no state between connections.
///
/// # Errors
/// `identity` cannot be used.
pub(in crate::node) fn client_config(
    check: impl CertificateCheck,
    identity: Option<(Chain, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, ClientError> {
    let provider = provider();
    let verifier = Verifier { check, algorithms: provider.signature_verification_algorithms };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut configuration = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => ClientError::KeyMismatch,
            other => ClientError::Pair(other),
        })?,
    };
    configuration.resumption = Resumption::disabled();
    Ok(configuration)
}

/// Delegates the certificate to the check, and everything else to the provider.
#[derive(Debug)]
struct Verifier<C> {
    check: C,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<C: CertificateCheck> ServerCertVerifier for Verifier<C> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let presented = PresentedChain { end_entity, intermediates, name, now, algorithms: self.algorithms };
        if self.check.accepts(&presented) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

//! What all TLS of kaudit takes: chains and keys from PEM, one provider, and clients that judge a server by themselves.
//!
//! A client here never asks the ordinary question alone. What it asks instead is a [`Judge`]; the rest, that the server
//! holds the key of what it presents, is the same for all and stays in the provider's hands.

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

/// A certificate chain, its own first.
pub(crate) type Chain = Vec<CertificateDer<'static>>;

/// The certificates of PEM, in their order; there may be none.
///
/// # Errors
/// A block is no PEM.
pub(crate) fn read_chain(pem: &[u8]) -> Result<Chain, pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

/// The first key of PEM, in any of its three forms (PKCS #1, PKCS #8, SEC 1).
///
/// # Errors
/// There is none, or a block is no PEM.
pub(crate) fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, pem::Error> {
    PrivateKeyDer::from_pem_slice(pem)
}

/// The algorithms of every connection.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What a server shows in the handshake.
pub(in crate::node) struct Shown<'a> {
    /// Its own certificate.
    pub(in crate::node) end_entity: &'a CertificateDer<'a>,
    /// The others that it sends.
    pub(in crate::node) intermediates: &'a [CertificateDer<'a>],
    /// The name or address that was connected to.
    pub(in crate::node) name: &'a ServerName<'a>,
    /// When.
    pub(in crate::node) now: UnixTime,
    /// What a signature may be made by.
    pub(in crate::node) algorithms: WebPkiSupportedAlgorithms,
}

/// Decides whether a server is believed.
pub(in crate::node) trait Judge: Debug + Send + Sync + 'static {
    /// Whether a server that shows this is believed, if it proves that it holds the key. Where it is not, the handshake
    /// ends in [`CertificateError::ApplicationVerificationFailure`], and nothing is sent.
    fn believes(&self, shown: &Shown<'_>) -> bool;
}

/// Why there is no configuration of a client.
#[derive(Debug)]
pub(in crate::node) enum ClientError {
    /// The key is another certificate's.
    KeyMismatch,
    /// The client certificate and its key cannot be used.
    Pair(TlsError),
    /// The provider has no protocol version.
    Provider(TlsError),
}

/// A client that believes whom `judge` believes, and is `identity`, where that is given. It keeps no state between
/// connections.
///
/// # Errors
/// `identity` cannot be used.
pub(in crate::node) fn client_config(
    judge: impl Judge,
    identity: Option<(Chain, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, ClientError> {
    let provider = provider();
    let verifier = Verifier { judge, algorithms: provider.signature_verification_algorithms };
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

/// Asks its judge about the certificate, and the provider about everything else.
#[derive(Debug)]
struct Verifier<J> {
    judge: J,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<J: Judge> ServerCertVerifier for Verifier<J> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = Shown { end_entity, intermediates, name, now, algorithms: self.algorithms };
        if self.judge.believes(&shown) {
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

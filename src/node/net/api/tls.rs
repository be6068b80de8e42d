//! Verification of this node's API server, and client authentication to it.
//!
//! Ordinary TLS verification answers "is this the server of that name, according to a trusted authority". Here the
//! question is "is this the process that the manifest starts". kaudit runs as root on the node and connects to one of
//! the node's own addresses, so there is no network in between; only another program on the same port could answer
//! instead. So:
//!
//! - If the manifest names a certificate file, the server must present exactly its first certificate, and prove that
//!   it holds the key. Name, dates and issuer do not matter: an expired certificate is a problem for clients, but it
//!   identifies this server.
//! - If it names none, the API server generated a certificate, in memory or in the container's `--cert-dir`, that is
//!   unknown outside. Any certificate is accepted then. This is safe because nothing secret is sent: no token, and of a
//!   client certificate only the public part and a signature that is valid for this handshake only. The results are also
//!   verified by other means: the arguments of the process, and an event in the node's own log.

use super::ask::{ClientIdentity, Endpoint};
use crate::node::Node;
use crate::node::net::tls::{
    CertificateCheck, Chain, ClientError, PresentedChain, client_config, read_chain, read_key,
};
use anyhow::{Context as _, Result, anyhow};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// The size limit of a PEM file.
const PEM_LIMIT: u64 = 1 << 20;

impl Node {
    /// The first certificate of a PEM file, as DER; `None` if the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read, or contains no certificate.
    pub fn read_certificate(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.read_file(path, PEM_LIMIT)? else { return Ok(None) };
        let certificate = CertificateDer::from_pem_slice(&file.bytes)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("reading a certificate from {}", path.display()))?;
        Ok(Some(certificate.to_vec()))
    }
}

/// The configuration to connect to `endpoint` as `identity`. Files are read each time: the kubelet and `kubeadm certs
/// renew` replace them.
///
/// # Errors
/// A file cannot be used; the reason in one line.
pub(super) fn configuration(
    node: &Node,
    endpoint: &Endpoint,
    identity: Option<&ClientIdentity>,
) -> Result<Arc<ClientConfig>, String> {
    let expected =
        match &endpoint.certificate {
            None => None,
            Some(path) => {
                let certificate = node.read_certificate(path).map_err(|error| format!("{error:#}"))?;
                Some(certificate.ok_or_else(|| {
                    format!("the API server's certificate {} does not exist", path.display())
                })?)
            }
        };
    let client = identity.map(|identity| load(node, identity)).transpose();
    let client = client.map_err(|error| format!("{error:#}"))?;
    let configuration = client_config(ThisServer { expected }, client);
    configuration.map(Arc::new).map_err(|error| match (error, identity) {
        (ClientError::KeyMismatch, Some(identity)) => format!(
            "the key {} does not match the certificate {}",
            identity.key.display(),
            identity.certificate.display()
        ),
        (ClientError::Pair(error), Some(identity)) => {
            format!("{} cannot be used: {error}", identity.certificate.display())
        }
        (ClientError::Pair(error) | ClientError::Provider(error), _) => error.to_string(),
        (ClientError::KeyMismatch, None) => "no client certificate".to_owned(),
    })
}

/// The chain and the key of a client certificate.
fn load(node: &Node, identity: &ClientIdentity) -> Result<(Chain, PrivateKeyDer<'static>)> {
    let read = |path: &Path| -> Result<Vec<u8>> {
        let file = node.read_file(path, PEM_LIMIT)?;
        file.map(|file| file.bytes).ok_or_else(|| anyhow!("{} does not exist", path.display()))
    };
    let chain = read_chain(&read(&identity.certificate)?).map_err(|error| {
        anyhow!("reading the certificates in {}: {error}", identity.certificate.display())
    })?;
    let key = read_key(&read(&identity.key)?)
        .map_err(|error| anyhow!("reading a key from {}: {error}", identity.key.display()))?;
    Ok((chain, key))
}

/// Accepts only a server that presents `expected`, or any server if it is unknown.
#[derive(Debug)]
struct ThisServer {
    expected: Option<Vec<u8>>,
}

impl CertificateCheck for ThisServer {
    fn accepts(&self, presented: &PresentedChain<'_>) -> bool {
        self.expected.as_deref().is_none_or(|expected| expected == presented.end_entity.as_ref())
    }
}

//! Whom kaudit believes to be this node's API server, and as whom it speaks to it.
//!
//! The ordinary rules of TLS answer "is this the server of that name, says an authority that I trust". Here the
//! question is another: "is this the process that the manifest starts". kaudit runs as root on the very node and
//! connects to one of its own addresses, so nobody stands between; what could answer instead is another program on
//! the same port. So:
//!
//! - Where the manifest names a certificate file, the server has to present exactly its first certificate, and to
//!   prove that it holds the key. No name, date or authority adds anything to that: an expired certificate is a
//!   trouble of the clients, but it is this server.
//! - Where it names none, the API server made itself a certificate, in memory or in the container's `--cert-dir`, that
//!   nobody outside can know. Any certificate is accepted then. That is sound because nothing secret is sent: no
//!   token, and of a client certificate only the public half and a signature over this one handshake, which is of no
//!   use in another. And what an answer proves, it proves by more than itself: the process's own arguments, and an
//!   event in the node's own log.

use super::ask::{ClientIdentity, Endpoint};
use crate::node::Node;
use crate::node::net::tls::{Chain, ClientError, Judge, Shown, client_config, read_chain, read_key};
use anyhow::{Context as _, Result, anyhow};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// A chain and a key are some KiB.
const PEM_LIMIT: u64 = 1 << 20;

impl Node {
    /// The first certificate of a PEM file, as DER; `None` where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate.
    pub fn read_certificate(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.read_file(path, PEM_LIMIT)? else { return Ok(None) };
        let certificate = CertificateDer::from_pem_slice(&file.bytes)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("reading a certificate from {}", path.display()))?;
        Ok(Some(certificate.to_vec()))
    }
}

/// How to connect to `endpoint` as `identity`. Files are read each time: the kubelet and `kubeadm certs renew` replace
/// them.
///
/// # Errors
/// A file cannot be used; one line that says which and why.
pub(super) fn configuration(
    node: &Node,
    endpoint: &Endpoint,
    identity: Option<&ClientIdentity>,
) -> Result<Arc<ClientConfig>, String> {
    let expected = match &endpoint.certificate {
        None => None,
        Some(path) => {
            let certificate = node.read_certificate(path).map_err(|error| format!("{error:#}"))?;
            Some(
                certificate
                    .ok_or_else(|| format!("the API server's certificate {} is not there", path.display()))?,
            )
        }
    };
    let client = identity.map(|identity| load(node, identity)).transpose();
    let client = client.map_err(|error| format!("{error:#}"))?;
    let configuration = client_config(ThisServer { expected }, client);
    configuration.map(Arc::new).map_err(|error| match (error, identity) {
        (ClientError::KeyMismatch, Some(identity)) => format!(
            "the key {} belongs to another certificate than {}",
            identity.key.display(),
            identity.certificate.display()
        ),
        (ClientError::Pair(error), Some(identity)) => {
            format!("{} cannot be used: {error}", identity.certificate.display())
        }
        (ClientError::Pair(error) | ClientError::Provider(error), _) => error.to_string(),
        (ClientError::KeyMismatch, None) => "there is no client certificate".to_owned(),
    })
}

/// The chain and the key of a client certificate.
fn load(node: &Node, identity: &ClientIdentity) -> Result<(Chain, PrivateKeyDer<'static>)> {
    let read = |path: &Path| -> Result<Vec<u8>> {
        let file = node.read_file(path, PEM_LIMIT)?;
        file.map(|file| file.bytes).ok_or_else(|| anyhow!("{} is not there", path.display()))
    };
    let chain = read_chain(&read(&identity.certificate)?).map_err(|error| {
        anyhow!("reading the certificates in {}: {error}", identity.certificate.display())
    })?;
    let key = read_key(&read(&identity.key)?)
        .map_err(|error| anyhow!("reading a key from {}: {error}", identity.key.display()))?;
    Ok((chain, key))
}

/// Believes the one server that presents `expected`, or any where nothing is known.
#[derive(Debug)]
struct ThisServer {
    expected: Option<Vec<u8>>,
}

impl Judge for ThisServer {
    fn believes(&self, shown: &Shown<'_>) -> bool {
        self.expected.as_deref().is_none_or(|expected| expected == shown.end_entity.as_ref())
    }
}

//! TLS configuration of the event server.

use super::options::TlsFiles;
use super::stamp::Stamp;
use crate::node::Node;
use crate::node::net::tls::{Chain, provider, read_chain, read_key};
use anyhow::{Context as _, Result, anyhow, ensure};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;

/// The size limit of a PEM file: a chain and a key are a few KiB, a CA bundle a few hundred.
const PEM_LIMIT: u64 = 4 << 20;

/// The configuration for new connections, reloaded when its files change.
pub(super) struct Tls {
    files: TlsFiles,
    stamp: Stamp,
    configuration: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, or the key does not match the certificate.
    pub(super) fn read(files: TlsFiles) -> Result<Self> {
        let paths = [Some(&files.certificate), Some(&files.key), files.client_authorities.as_ref()];
        let stamp = Stamp::of(paths.into_iter().flatten().cloned().collect());
        let configuration = configure(&files)?;
        Ok(Self { files, stamp, configuration })
    }

    /// The configuration for the next connection.
    pub(super) fn configuration(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.configuration)
    }

    /// Reloads the files if one changed. Returns whether it did.
    ///
    /// # Errors
    /// The files cannot be used now, for example between the replacement of a certificate and of its key; the previous
    /// configuration stays in use.
    pub(super) fn refresh(&mut self) -> Result<bool> {
        if !self.stamp.changed() {
            return Ok(false);
        }
        self.configuration = configure(&self.files)?;
        Ok(true)
    }

    /// Whether requests need a client certificate.
    pub(super) fn asks_for_certificate(&self) -> bool {
        self.files.client_authorities.is_some()
    }
}

fn configure(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("TLS")?;
    let builder = match &files.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).with_context(|| {
                    format!("a certificate in {} cannot be used as a certificate authority", path.display())
                })?;
            }
            // A client without a certificate gets status 401 and is counted; failing the handshake would only close
            // the connection.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .with_context(|| format!("using the client CA bundle {}", path.display()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = read_key(&read(&files.key)?)
        .map_err(|error| anyhow!("reading a key from {}: {error}", files.key.display()))?;
    let mut configuration =
        builder.with_single_cert(certificates(&files.certificate)?, key).with_context(|| {
            format!("{} and {} cannot be used together", files.certificate.display(), files.key.display())
        })?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(configuration))
}

fn certificates(path: &Path) -> Result<Chain> {
    let found = read_chain(&read(path)?)
        .map_err(|error| anyhow!("reading the certificates in {}: {error}", path.display()))?;
    ensure!(!found.is_empty(), "{} contains no certificate", path.display());
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    Node::read_operators_file(path, PEM_LIMIT)
}

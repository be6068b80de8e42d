//! A client of a node's API server, from inside the node's network. It shares no code with kaudit, so that a bug in
//! one of them cannot hide a bug in the other.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CloneFlags, setns};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::api_server::{ApiServer, CERTIFICATE, KEY};
use crate::node::configuration::ADDRESS;

const AUTHORITY: &str = "/etc/kubernetes/pki/ca.crt";
const PORT: u16 = 6443;

/// More than the size of a response head.
const HEAD_LIMIT: usize = 16 * 1024;

/// A connection.
pub(super) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client.
#[derive(Clone)]
pub(super) struct Client {
    network: PathBuf,
    tls: Arc<ClientConfig>,
}

/// A response whose head has arrived, and perhaps a part of its body.
pub(super) struct Answer {
    pub(super) status: u16,
    stream: Stream,
}

impl Client {
    /// A client without credentials. The health endpoints answer unauthenticated requests.
    ///
    /// # Errors
    ///
    /// When the cluster's authority cannot be read.
    pub(super) fn anonymous(api_server: &ApiServer<'_>) -> Result<Client> {
        Client::new(api_server, None)
    }

    /// A client with an administrator's certificate.
    ///
    /// # Errors
    ///
    /// When a certificate or a key cannot be read.
    pub(super) fn administrator(api_server: &ApiServer<'_>) -> Result<Client> {
        api_server.write_certificate()?;
        let certificate = certificate(api_server, CERTIFICATE)?;
        let key = PrivateKeyDer::from_pem_file(api_server.path(KEY)).context("reading the key")?;
        Client::new(api_server, Some((certificate, key)))
    }

    fn new(
        api_server: &ApiServer<'_>,
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> Result<Client> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(api_server, AUTHORITY)?).context("taking the cluster's authority")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("choosing the versions of TLS")?
            .with_root_certificates(roots);
        let mut tls = match identity {
            Some((certificate, key)) => {
                builder.with_client_auth_cert(vec![certificate], key).context("taking the key")?
            }
            None => builder.with_no_client_auth(),
        };
        // Every connection stands for a client that comes for the first time.
        tls.resumption = Resumption::disabled();
        Ok(Client { network: api_server.node.network(), tls: Arc::new(tls) })
    }

    /// The same client in another network.
    pub(super) fn within(self, network: PathBuf) -> Client {
        Client { network, ..self }
    }

    /// Moves the calling thread, and only that, into the client's network, which is the node's by default: the API server
    /// is reachable only from there.
    ///
    /// # Errors
    ///
    /// When the node has ended.
    pub(super) fn enter_network(&self) -> Result<()> {
        let network =
            File::open(&self.network).with_context(|| format!("opening {}", self.network.display()))?;
        setns(network, CloneFlags::CLONE_NEWNET).context("entering the node's network")
    }

    /// Makes a connection. Nothing that is done with it may take longer than `limit`.
    ///
    /// # Errors
    ///
    /// When no process listens. The TLS handshake happens later, with the first byte.
    pub(super) fn connect(&self, limit: Duration) -> Result<Stream> {
        let address: IpAddr = ADDRESS.parse().context("reading the node's address")?;
        let socket =
            TcpStream::connect_timeout(&SocketAddr::new(address, PORT), limit).context("connecting")?;
        socket.set_read_timeout(Some(limit))?;
        socket.set_write_timeout(Some(limit))?;
        socket.set_nodelay(true)?;
        let connection = ClientConnection::new(Arc::clone(&self.tls), ServerName::from(address))?;
        Ok(StreamOwned::new(connection, socket))
    }

    /// Requests `path` on a new connection. No step takes longer than `limit`.
    ///
    /// # Errors
    ///
    /// When no response arrives in time, or it is not HTTP.
    pub(super) fn get(&self, path: &str, limit: Duration) -> Result<Answer> {
        let mut stream = self.connect(limit)?;
        stream.write_all(
            format!("GET {path} HTTP/1.1\r\nHost: {ADDRESS}:{PORT}\r\nConnection: close\r\n\r\n").as_bytes(),
        )?;
        let status = read_status(&mut stream)?;
        Ok(Answer { status, stream })
    }
}

impl Answer {
    /// Reads on, and drops what it reads, until the answer or the connection ends; false where only the time was up.
    pub(super) fn is_over(&mut self) -> bool {
        match self.stream.read(&mut [0; 4096]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => {
                !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
            }
        }
    }
}

/// Reads an answer's head, and returns the status of its first line: `HTTP/1.1 200 OK`.
fn read_status(stream: &mut impl std::io::Read) -> Result<u16> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let length = stream.read(&mut part)?;
        if length == 0 || head.len() > HEAD_LIMIT {
            bail!("no answer, but {} bytes", head.len());
        }
        head.extend(part.iter().take(length));
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    status.and_then(|status| status.parse().ok()).with_context(|| format!("no status in {head:?}"))
}

fn certificate(api_server: &ApiServer<'_>, path: &str) -> Result<CertificateDer<'static>> {
    CertificateDer::from_pem_file(api_server.path(path)).with_context(|| format!("reading {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_status() {
        assert_eq!(read_status(&mut &b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nok"[..]).unwrap(), 200);
        assert_eq!(read_status(&mut &b"HTTP/1.1 500 Internal Server Error\r\n\r\n"[..]).unwrap(), 500);
        for broken in [&b"HTTP/1.1 200 OK\r\n"[..], b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1\r\n\r\n"] {
            read_status(&mut &*broken).unwrap_err();
        }
    }
}

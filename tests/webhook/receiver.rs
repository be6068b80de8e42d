//! A receiver on the loopback interface that answers one connection as configured, and returns the received request.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

pub(crate) fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/webhook/certificates").join(name)
}

/// A receiver that is waiting for its connection.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<Option<Request>>,
}

/// What it got.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Receiver {
    /// Plain HTTP.
    pub(crate) fn plain(answer: &'static str) -> Self {
        Self::listen(move |socket| serve(socket, answer))
    }

    /// TLS with the certificate of that name; with `wants_client`, one of the authority's clients.
    pub(crate) fn tls(certificate: &str, wants_client: bool, answer: &'static str) -> Self {
        let chain = vec![CertificateDer::from_pem_file(testdata(&format!("{certificate}.crt"))).unwrap()];
        let key = PrivateKeyDer::from_pem_file(testdata(&format!("{certificate}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(testdata("authority.crt")).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let configuration = Arc::new(builder.with_single_cert(chain, key).unwrap());
        Self::listen(move |socket| {
            let connection = ServerConnection::new(configuration).unwrap();
            serve(StreamOwned::new(connection, socket), answer)
        })
    }

    /// Whatever `behave` does with the connection.
    pub(crate) fn listen(behave: impl FnOnce(TcpStream) -> Option<Request> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || behave(listener.accept().unwrap().0));
        Self { address, thread }
    }

    /// What it got; nothing where the connection ended before a request.
    pub(crate) fn got(self) -> Option<Request> {
        self.thread.join().unwrap()
    }
}

/// Reads a request and answers it; nothing where there is none.
fn serve(mut stream: impl Read + Write, answer: &str) -> Option<Request> {
    let mut reader = BufReader::new(&mut stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let length =
        head.iter().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(answer.as_bytes()).ok()?;
    stream.flush().ok()?;
    Some(Request { head, body: String::from_utf8(body).unwrap() })
}

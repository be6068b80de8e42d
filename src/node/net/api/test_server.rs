//! A TLS server on the loopback interface, for tests. What made its certificates is in `testdata/make.sh`.

use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error as TlsError, ServerConfig, ServerConnection,
    SignatureScheme, StreamOwned, SupportedProtocolVersion,
};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

pub(crate) fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/node/net/api/testdata")
}

/// Takes whatever client certificate comes, as the API server does at the handshake.
#[derive(Debug)]
struct AnyClient(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What the server was asked.
pub(crate) struct Asked {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
    pub(crate) client: Option<Vec<u8>>,
}

pub(crate) fn read_request(stream: &mut Stream) -> Asked {
    let mut reader = BufReader::new(&mut *stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.strip_suffix("\r\n").unwrap().to_owned();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let length =
        head.iter().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let client = stream.conn.peer_certificates().map(|chain| chain[0].to_vec());
    Asked { head, body: String::from_utf8(body).unwrap(), client }
}

pub(crate) fn serve(behave: impl FnOnce(Stream) + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    serve_version(&TLS13, behave)
}

/// One connection, with the certificate of `server.crt`.
pub(crate) fn serve_version(
    version: &'static SupportedProtocolVersion,
    behave: impl FnOnce(Stream) + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let provider = Arc::new(ring::default_provider());
    let certificate = CertificateDer::from_pem_file(testdata().join("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(testdata().join("server.key")).unwrap();
    let configuration = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(Arc::new(AnyClient(provider)))
        .with_single_cert(vec![certificate], key)
        .unwrap();
    listen(move |socket| {
        let connection = ServerConnection::new(Arc::new(configuration)).unwrap();
        behave(StreamOwned::new(connection, socket));
    })
}

pub(crate) fn listen(behave: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || behave(listener.accept().unwrap().0));
    (address, server)
}

/// Answers once with `text`, without a word of farewell, and returns what it was asked.
pub(crate) fn answering(text: String) -> (SocketAddr, JoinHandle<Asked>) {
    let (send, receive) = mpsc::channel();
    let (address, server) = serve(move |mut stream| {
        send.send(read_request(&mut stream)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
    });
    let asked = thread::spawn(move || {
        server.join().unwrap();
        receive.recv().unwrap()
    });
    (address, asked)
}

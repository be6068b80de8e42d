//! A client of the receiver that sends HTTP as the API server does, or invalid requests.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A test fails after this time instead of waiting forever.
const PATIENCE: Duration = Duration::from_mins(1);
/// Enough time for data on the loopback interface to arrive.
const MOMENT: Duration = Duration::from_millis(300);

/// A stream in both directions.
pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A socket whose options can be changed during a connection.
struct Shared(Arc<TcpStream>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_ref().read(buffer)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_ref().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection, and its socket without TLS.
pub(crate) struct Client(BufReader<Box<dyn Stream>>, Option<Arc<TcpStream>>);

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

pub(crate) fn socket(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

impl Client {
    /// Without TLS.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self::over(socket(address))
    }

    pub(crate) fn over(socket: TcpStream) -> Self {
        let socket = Arc::new(socket);
        Self(BufReader::new(Box::new(Shared(Arc::clone(&socket)))), Some(socket))
    }

    /// With TLS; `identity` is the name of a certificate in `directory`.
    pub(crate) fn tls(address: SocketAddr, directory: &Path, identity: Option<&str>) -> Self {
        Self(BufReader::new(Box::new(tls(address, directory, identity))), None)
    }

    /// Sends a request without reading its answer.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)?;
        self.0.get_mut().flush()
    }

    /// Posts a body with additional header lines, each with its line ending.
    pub(crate) fn post(&mut self, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head =
            format!("POST /audit HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n");
        // The receiver may reject a body before it is read.
        let _ = self.send(&[head.as_bytes(), body].concat());
        self.answer().unwrap()
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    pub(crate) fn request(&mut self, text: &str) -> Answer {
        self.send(text.as_bytes()).unwrap();
        self.answer().unwrap()
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" if head.first().is_some_and(|line: &String| line.contains(" 100 ")) => head.clear(),
                "" => break,
                line => head.push(line.to_ascii_lowercase()),
            }
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body)?;
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, head, body: String::from_utf8(body).unwrap() })
    }

    /// Sends as much as the other side accepts within a moment.
    pub(crate) fn send_until_full(&mut self, bytes: &[u8]) {
        let socket = self.1.clone().unwrap();
        socket.set_write_timeout(Some(MOMENT)).unwrap();
        let _ = self.send(bytes);
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
    }

    /// Whether the connection is still open.
    pub(crate) fn is_open(&mut self) -> bool {
        let socket = self.1.clone().unwrap();
        socket.set_read_timeout(Some(MOMENT)).unwrap();
        let read = self.0.fill_buf().map(<[u8]>::is_empty);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether the other side closes the connection without sending anything more.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            // Over TLS possibly without close_notify.
            Err(error) => {
                matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof)
            }
        }
    }
}

pub(crate) fn tls(
    address: SocketAddr,
    directory: &Path,
    identity: Option<&str>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(directory, "server-ca")).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let configuration = match identity {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let key = PrivateKeyDer::from_pem_file(directory.join(format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(vec![certificate(directory, name)], key).unwrap()
        }
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(configuration), name).unwrap();
    StreamOwned::new(connection, socket(address))
}

pub(crate) fn certificate(directory: &Path, name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(directory.join(format!("{name}.crt"))).unwrap()
}

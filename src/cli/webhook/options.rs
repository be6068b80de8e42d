//! The options that make a webhook kubeconfig. The operator's own files are read here.

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::plan::WebhookWanted;
use crate::webhook::{ClientConfig, IGNORABLE, Kubeconfig, Made};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const HEADING: &str = "Webhook receiver";

/// A certificate, a key or a token is some KiB.
const FILE_LIMIT: u64 = 1 << 20;

/// How the API server is to reach a receiver, as it is typed.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct WebhookOptions {
    /// Post events to this URL: https://HOST:PORT/PATH; kaudit makes the kubeconfig
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    pub(in crate::cli) webhook_url: Option<String>,
    /// Believe a receiver whose certificate is signed by this one (PEM) [default: the API server's system authorities]
    #[arg(long, value_name = "FILE", requires = "webhook_url", help_heading = HEADING)]
    webhook_ca_file: Option<PathBuf>,
    /// Show the receiver this token
    #[arg(long, value_name = "FILE", requires = "webhook_url", help_heading = HEADING)]
    webhook_token_file: Option<PathBuf>,
    /// Show the receiver this client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "webhook_url", requires = "webhook_client_key", help_heading = HEADING)]
    webhook_client_certificate: Option<PathBuf>,
    /// The key of the client certificate (PEM, not encrypted)
    #[arg(long, value_name = "FILE", requires = "webhook_client_certificate", help_heading = HEADING)]
    webhook_client_key: Option<PathBuf>,
    /// Show the receiver user and password: one line, USER:PASSWORD
    #[arg(long, value_name = "FILE", requires = "webhook_url", conflicts_with = "webhook_token_file", help_heading = HEADING)]
    webhook_basic_auth_file: Option<PathBuf>,
    /// The name in the receiver's certificate, where it is not the host of the URL
    #[arg(long, value_name = "NAME", requires = "webhook_url", help_heading = HEADING)]
    webhook_tls_server_name: Option<String>,
    /// The URL names a Service (NAME.NAMESPACE.svc): ask the API server for its address, and write that
    #[arg(long, requires = "webhook_url", help_heading = HEADING)]
    pub(in crate::cli) resolve_service: bool,
}

/// Which checks may fail.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct IgnoreOptions {
    /// Go on although these checks of the receiver fail, separated by commas; all of them: all
    #[arg(
        long,
        value_name = "CHECKS",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(IGNORABLE.into_iter().chain(["all"])),
        help_heading = HEADING
    )]
    pub(in crate::cli) ignore_preflight_errors: Vec<String>,
}

impl WebhookOptions {
    /// How to reach the receiver that is asked for; `None`: none is.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub(in crate::cli) fn client_config(&self) -> Result<Option<ClientConfig>, Diagnostic> {
        let Some(url) = &self.webhook_url else { return Ok(None) };
        let read = |path: &Option<PathBuf>, option: &str| {
            path.as_ref().map(|path| read(path, &format!("--{option} {}", path.display()))).transpose()
        };
        let certificate = read(&self.webhook_client_certificate, "webhook-client-certificate")?;
        let key = read(&self.webhook_client_key, "webhook-client-key")?;
        let basic = read(&self.webhook_basic_auth_file, "webhook-basic-auth-file")?;
        Ok(Some(ClientConfig {
            url: url.clone(),
            authority: read(&self.webhook_ca_file, "webhook-ca-file")?,
            server_name: self.webhook_tls_server_name.clone(),
            token: read(&self.webhook_token_file, "webhook-token-file")?,
            client: certificate.zip(key),
            basic: basic.as_deref().map(basic_of).transpose()?,
        }))
    }
}

/// The kubeconfig by which the API server reaches a receiver, and its files.
///
/// # Errors
/// Its URL is none.
pub(in crate::cli) fn made(client: &ClientConfig) -> Result<WebhookWanted, Diagnostic> {
    let Made { text, files } = client.kubeconfig()?;
    Ok(WebhookWanted { name: "--webhook-url".to_owned(), bytes: text.into_bytes(), files })
}

/// A kubeconfig that was made elsewhere, with the files that it names as far as they lie on this machine.
///
/// # Errors
/// It is none with which the API server would start; a file is there and cannot be read.
pub(in crate::cli) fn made_elsewhere(name: &str, bytes: Vec<u8>) -> Result<WebhookWanted, Diagnostic> {
    let kubeconfig = Kubeconfig::read(&bytes).map_err(|refusal| refusal.without_excerpt().in_file(name))?;
    let directory = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut files = BTreeMap::new();
    for reference in kubeconfig.references() {
        // An absolute path replaces the directory.
        let path = directory.join(&reference.path);
        match Node::find_operators_file(&path, FILE_LIMIT) {
            Ok(found) => files.extend(found.map(|bytes| (reference.kind, bytes))),
            Err(error) => {
                let refusal = Diagnostic::error(format!("{}: {error:#}", reference.kind.key()));
                return Err(kubeconfig.point(refusal, reference.kind).without_excerpt().in_file(name));
            }
        }
    }
    Ok(WebhookWanted { name: name.to_owned(), bytes, files })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Diagnostic> {
    let bytes = Node::read_operators_file(path, FILE_LIMIT)
        .map_err(|error| Diagnostic::error(format!("{what}: {error:#}")))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= FILE_LIMIT) {
        Ok(bytes)
    } else {
        Err(Diagnostic::error(format!("{what} is larger than 1 MiB")))
    }
}

fn basic_of(bytes: &[u8]) -> Result<(String, String), Diagnostic> {
    let wrong = || {
        Diagnostic::error("--webhook-basic-auth-file has to hold one line: USER:PASSWORD")
            .help("the user has no colon in it, the password may")
    };
    let text = str::from_utf8(bytes).map_err(|_| wrong())?.trim_end_matches(['\n', '\r']);
    let (user, password) = text.split_once(':').ok_or_else(wrong)?;
    if user.is_empty() || text.chars().any(char::is_control) {
        return Err(wrong());
    }
    Ok((user.to_owned(), password.to_owned()))
}

//! The options for a webhook kubeconfig. The operator's files are read here.

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

/// How the API server reaches a receiver.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct WebhookOptions {
    /// URL to which the API server posts events (https://HOST:PORT/PATH); kaudit creates the kubeconfig
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    pub(in crate::cli) webhook_url: Option<String>,
    /// CA bundle (PEM) used to verify the receiver [default: the API server's system CAs]
    #[arg(long, value_name = "FILE", requires = "webhook_url", help_heading = HEADING)]
    webhook_ca_file: Option<PathBuf>,
    /// Bearer token file for the receiver
    #[arg(long, value_name = "FILE", requires = "webhook_url", help_heading = HEADING)]
    webhook_token_file: Option<PathBuf>,
    /// Client certificate (PEM) for the receiver
    #[arg(long, value_name = "FILE", requires = "webhook_url", requires = "webhook_client_key", help_heading = HEADING)]
    webhook_client_certificate: Option<PathBuf>,
    /// Key of the client certificate (PEM, unencrypted)
    #[arg(long, value_name = "FILE", requires = "webhook_client_certificate", help_heading = HEADING)]
    webhook_client_key: Option<PathBuf>,
    /// File with user and password for the receiver: one line, USER:PASSWORD
    #[arg(long, value_name = "FILE", requires = "webhook_url", conflicts_with = "webhook_token_file", help_heading = HEADING)]
    webhook_basic_auth_file: Option<PathBuf>,
    /// Name in the receiver's certificate, if it is not the host of the URL
    #[arg(long, value_name = "NAME", requires = "webhook_url", help_heading = HEADING)]
    webhook_tls_server_name: Option<String>,
    /// Resolve a Service in the URL (NAME.NAMESPACE.svc) to its cluster IP, by a request to the API server
    #[arg(long, requires = "webhook_url", help_heading = HEADING)]
    pub(in crate::cli) resolve_service: bool,
}

/// Checks whose failures are ignored.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct IgnoreOptions {
    /// Checks of the receiver whose failures are ignored, separated by commas, or `all`
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
    /// The requested receiver; `None`: none is requested.
    ///
    /// # Errors
    /// A file cannot be read, or is invalid.
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

/// The generated kubeconfig for a receiver, and its files.
///
/// # Errors
/// The URL is invalid.
pub(in crate::cli) fn made(client: &ClientConfig) -> Result<WebhookWanted, Diagnostic> {
    let Made { text, files } = client.kubeconfig()?;
    Ok(WebhookWanted { name: "--webhook-url".to_owned(), bytes: text.into_bytes(), files })
}

/// A kubeconfig of the operator, with the files that it refers to as far as they exist on this machine.
///
/// # Errors
/// The API server would not start with it; a file exists and cannot be read.
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
        Diagnostic::error("--webhook-basic-auth-file must contain one line: USER:PASSWORD")
            .help("the user must not contain a colon")
    };
    let text = str::from_utf8(bytes).map_err(|_| wrong())?.trim_end_matches(['\n', '\r']);
    let (user, password) = text.split_once(':').ok_or_else(wrong)?;
    if user.is_empty() || text.chars().any(char::is_control) {
        return Err(wrong());
    }
    Ok((user.to_owned(), password.to_owned()))
}

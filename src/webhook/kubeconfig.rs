//! A webhook kubeconfig, parsed and validated as client-go does.

use super::entries::{Entries, Sources, at, flag, some, text};
use super::reference::{Kind, Reference, Source};
use super::server::{Server, basic_authorization};
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Document, Edit, Path};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::fmt;

/// The parts of a kubeconfig that its current context refers to: client-go uses nothing else.
#[derive(Clone)]
pub struct Kubeconfig {
    document: Document,
    cluster: Path,
    user: Option<Path>,
    /// The name of the context.
    pub context: String,
    /// Where events are posted to.
    pub server: Server,
    /// The CA bundle to verify the receiver; `None`: the system's.
    pub authority: Option<Source>,
    /// The name that the receiver's certificate must have; `None`: the host of its URL.
    pub server_name: Option<String>,
    /// Whether the receiver's certificate is not verified.
    pub is_insecure: bool,
    /// Its `proxy-url`.
    pub proxy: Option<String>,
    /// A bearer token.
    pub token: Option<Source>,
    /// A client certificate.
    pub certificate: Option<Source>,
    /// Its key.
    pub key: Option<Source>,
    /// The `Authorization` header of user and password.
    pub basic: Option<String>,
    /// A plugin for credentials: `exec` or `auth-provider`.
    pub plugin: Option<&'static str>,
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubeconfig").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Kubeconfig {
    /// Reads a kubeconfig and refuses one that the API server's webhook backend would not start with
    /// (`apiserver/pkg/util/webhook/webhook.go`, `LoadKubeconfig`; `client-go/tools/clientcmd/validation.go`).
    ///
    /// # Errors
    /// The first error, with its position.
    pub fn read(bytes: &[u8]) -> Result<Self, Diagnostic> {
        let document = Document::parse(yaml::decode(bytes)?)?;
        let entries = Entries::find(&document)?;
        let cluster = entries.cluster(&document)?;
        let user = entries.user(&document)?;
        let (server_path, server_text) = (cluster.key("server"), text(&document, &cluster, "server"));
        let server = Server::parse(&server_text).map_err(|why| {
            let refusal =
                Diagnostic::error(format!("the server URL of the cluster {} {why}", entries.cluster_name));
            let refusal =
                refusal.help("set server: https://HOST:PORT/PATH, the URL to which events are posted");
            document.point(refusal, &server_path).without_excerpt()
        })?;
        let read = Sources { document: &document };
        let authority = read.source(&cluster, Kind::Authority)?;
        let is_insecure = flag(&document, &cluster, "insecure-skip-tls-verify");
        if authority.is_some() && is_insecure {
            let refusal = Diagnostic::error(
                "insecure-skip-tls-verify and a certificate authority are both set; client-go accepts only one of them",
            )
            .help("remove insecure-skip-tls-verify, so that the receiver is verified");
            return Err(document.point(refusal, &cluster.key("insecure-skip-tls-verify")));
        }
        let mut kubeconfig = Self {
            context: entries.context.clone(),
            server,
            authority,
            server_name: some(text(&document, &cluster, "tls-server-name")),
            is_insecure,
            proxy: some(text(&document, &cluster, "proxy-url")),
            token: None,
            certificate: None,
            key: None,
            basic: None,
            plugin: None,
            cluster,
            user: None,
            document: document.clone(),
        };
        if let Some(user) = user {
            kubeconfig.read_user(&read, user)?;
        }
        Ok(kubeconfig)
    }

    fn read_user(&mut self, read: &Sources<'_>, user: Path) -> Result<(), Diagnostic> {
        let document = read.document;
        self.token = read.source(&user, Kind::Token)?;
        self.certificate = read.source(&user, Kind::Certificate)?;
        self.key = read.source(&user, Kind::Key)?;
        let (name, password) = (text(document, &user, "username"), text(document, &user, "password"));
        if !(name.is_empty() && password.is_empty()) {
            self.basic = Some(basic_authorization(&name, &password));
        }
        if self.certificate.is_some() && self.key.is_none() {
            let refusal = Diagnostic::error("the client certificate has no key")
                .help("set client-key or client-key-data");
            return Err(document.point(refusal, &user));
        }
        // A token file is ignored over plain HTTP (`tools/clientcmd/client_config.go`, `ClientConfig`).
        let is_read = self.server.is_tls || !text(document, &user, "token").is_empty();
        if self.basic.is_some() && self.token.is_some() && is_read {
            let refusal =
                Diagnostic::error("token and username are both set; client-go accepts only one of them");
            return Err(document.point(refusal.help("remove one of them"), &user));
        }
        let has = |key: &'static str| at(document, &user).get(key).is_some_and(|value| !value.is_null());
        self.plugin = ["exec", "auth-provider"].into_iter().find(|key| has(key));
        self.user = Some(user);
        Ok(())
    }

    /// The files that it refers to.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let sources = [&self.authority, &self.token, &self.certificate, &self.key];
        sources.into_iter().flatten().filter_map(Source::file).collect()
    }

    /// Whether it has credentials.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.token.is_some()
            || self.certificate.is_some()
            || self.basic.is_some()
            || self.plugin.is_some()
            || self.server.authorization().is_some()
    }

    /// The refusal with the position of a file's key.
    #[must_use]
    pub fn point(&self, refusal: Diagnostic, kind: Kind) -> Diagnostic {
        let entry = if kind == Kind::Authority { Some(&self.cluster) } else { self.user.as_ref() };
        match entry {
            Some(entry) => self.document.point(refusal, &entry.key(kind.key())),
            None => refusal,
        }
    }

    /// The text with changed files: each with the given path, or with its content embedded. Comments, order and everything
    /// else stay.
    ///
    /// # Errors
    /// The editor refuses.
    pub fn with(&self, changes: &[(Kind, Place)]) -> Result<Vec<u8>, Diagnostic> {
        let mut edits = Vec::new();
        for (kind, place) in changes {
            let entry = if *kind == Kind::Authority { Some(&self.cluster) } else { self.user.as_ref() };
            let Some(entry) = entry else { continue };
            match place {
                Place::Path(path) => {
                    edits.push(Edit::Set { path: entry.key(kind.key()), value: Value::String(path.clone()) });
                }
                Place::Inline(bytes) => {
                    edits.push(Edit::Remove { path: entry.key(kind.key()) });
                    edits.push(Edit::Put {
                        path: entry.clone(),
                        key: kind.inline_key().to_owned(),
                        value: Value::String(BASE64_STANDARD.encode(bytes)),
                    });
                }
            }
        }
        self.document.edit(&edits).map(String::into_bytes)
    }
}

/// Where a file's content goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file at this path.
    Path(String),
    /// In the kubeconfig.
    Inline(Vec<u8>),
}

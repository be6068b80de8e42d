//! Generates the kubeconfig for `--webhook-url` and the related options.

use super::reference::Kind;
use super::server::Server;
use crate::diagnostic::Diagnostic;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The options for a receiver, with the contents of the files.
#[derive(Clone, Default)]
pub struct ClientConfig {
    /// Its URL.
    pub url: String,
    /// The CA bundle to verify it, PEM.
    pub authority: Option<Vec<u8>>,
    /// The name in its certificate.
    pub server_name: Option<String>,
    /// The API server's bearer token.
    pub token: Option<Vec<u8>>,
    /// Its client certificate and key, PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
    /// Its user and password.
    pub basic: Option<(String, String)>,
}

/// A kubeconfig, and the files beside it.
#[derive(Clone)]
pub struct Made {
    /// Its text.
    pub text: String,
    /// The files that it refers to; secrets.
    pub files: BTreeMap<Kind, Vec<u8>>,
}

impl ClientConfig {
    /// The kubeconfig, and the files beside it. The same input gives the same bytes.
    ///
    /// # Errors
    /// The URL is invalid.
    pub fn kubeconfig(&self) -> Result<Made, Diagnostic> {
        let option = "--webhook-url";
        let server = Server::parse(&self.url).map_err(|why| {
            Diagnostic::error(format!("{option} {why}")).help(format!("use {option} https://HOST:PORT/PATH"))
        })?;
        if server.authorization().is_some() {
            return Err(Diagnostic::error(format!("{option} contains a user"))
                .help("write USER:PASSWORD to a file and use --webhook-basic-auth-file FILE"));
        }
        if let Some(dropped) = server.dropped {
            return Err(Diagnostic::error(format!(
                "{option} has {dropped}, which the API server never sends"
            ))
            .help("use the path, or credentials such as --webhook-token-file, to identify the cluster"));
        }
        let mut files = BTreeMap::new();
        let mut cluster = vec![("server", quoted(&self.url))];
        if let Some(pem) = &self.authority {
            cluster.push((Kind::Authority.inline_key(), BASE64_STANDARD.encode(pem)));
        }
        if let Some(name) = &self.server_name {
            cluster.push(("tls-server-name", quoted(name)));
        }
        let mut user = Vec::new();
        let mut beside = |kind: Kind, bytes: &[u8]| {
            user.push((kind.key(), kind.copy_name().unwrap_or_default().to_owned()));
            files.insert(kind, bytes.to_vec());
        };
        if let Some(token) = &self.token {
            beside(Kind::Token, token);
        }
        if let Some((certificate, key)) = &self.client {
            beside(Kind::Certificate, certificate);
            beside(Kind::Key, key);
        }
        if let Some((name, password)) = &self.basic {
            user.push(("username", quoted(name)));
            user.push(("password", quoted(password)));
        }
        let mut text = String::from(HEAD);
        let mut put = |line: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line}");
        };
        put("clusters:\n- name: receiver\n  cluster:");
        for (key, value) in cluster {
            put(&format!("    {key}: {value}"));
        }
        if !user.is_empty() {
            put("users:\n- name: kube-apiserver\n  user:");
            for (key, value) in &user {
                put(&format!("    {key}: {value}"));
            }
        }
        put("contexts:\n- name: audit\n  context:\n    cluster: receiver");
        if !user.is_empty() {
            put("    user: kube-apiserver");
        }
        put("current-context: audit");
        Ok(Made { text, files })
    }
}

const HEAD: &str = "\
# Made by kaudit: where kube-apiserver posts its audit events (--audit-webhook-config-file). It reads this file when it
# starts; token and client certificate lie beside it, and it reads them again when they change.
apiVersion: v1
kind: Config
";

/// A JSON string, which is a YAML string whatever is in it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

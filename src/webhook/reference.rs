//! The files and contents that a kubeconfig refers to.

/// Where a content is.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// In the kubeconfig.
    Inline(Vec<u8>),
    /// In a file that it refers to.
    File(Reference),
}

impl Source {
    /// The file, where it is one.
    pub(super) fn file(&self) -> Option<&Reference> {
        match self {
            Self::File(reference) => Some(reference),
            Self::Inline(_) => None,
        }
    }
}

/// A file that a kubeconfig refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it holds.
    pub kind: Kind,
    /// The path as it is written. A relative one starts at the kubeconfig's directory
    /// (`client-go/tools/clientcmd/loader.go`, `ResolveLocalPaths`).
    pub path: String,
}

/// The kind of a file that a kubeconfig refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Certificate authorities.
    Authority,
    /// A bearer token.
    Token,
    /// A client certificate.
    Certificate,
    /// Its key.
    Key,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Authority, Self::Token, Self::Certificate, Self::Key];

    /// The key with the path of the file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Authority => "certificate-authority",
            Self::Token => "tokenFile",
            Self::Certificate => "client-certificate",
            Self::Key => "client-key",
        }
    }

    /// The key with the content instead.
    #[must_use]
    pub fn inline_key(self) -> &'static str {
        match self {
            Self::Authority => "certificate-authority-data",
            Self::Token => "token",
            Self::Certificate => "client-certificate-data",
            Self::Key => "client-key-data",
        }
    }

    /// The name of kaudit's copy beside the kubeconfig, of files that a running API server reloads. CA certificates are not
    /// reloaded; they are embedded in the kubeconfig, whose digest is in the manifest.
    #[must_use]
    pub fn copy_name(self) -> Option<&'static str> {
        match self {
            Self::Authority => None,
            Self::Token => Some("webhook-token"),
            Self::Certificate => Some("webhook-client.crt"),
            Self::Key => Some("webhook-client.key"),
        }
    }
}

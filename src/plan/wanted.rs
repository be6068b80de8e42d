//! What is asked, after the command line was understood and the operator's own files were read.

use crate::audit::settings::RequestedFlag;
use crate::audit::version::KubernetesVersion;
use crate::webhook::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What `enable` and `diff` are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The policy, where one is named.
    pub policy: Option<PolicyWanted>,
    /// The webhook kubeconfig, where one is named.
    pub webhook: Option<WebhookWanted>,
    /// Drop the webhook that is there.
    pub no_webhook: bool,
    /// Audit flags other than the two above.
    pub flags: Vec<RequestedFlag>,
    /// Environment entries for the API server's container, `NAME=VALUE` as typed: which names are allowed depends on
    /// the version.
    pub environment: Vec<String>,
    /// The cluster id of Alibaba's log agent.
    pub logtail_cluster_id: Option<String>,
    /// Overrules the version that the image tag tells.
    pub version: Option<KubernetesVersion>,
    /// Drop the audit flags that are there and not named, and such environment entries of kaudit's.
    pub reset: bool,
    /// Refuse a policy in which `policy lint` finds something.
    pub strict: bool,
}

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyWanted {
    /// A preset by name; its text depends on the version.
    Preset(&'static str),
    /// A text that kaudit writes to [`super::POLICY_PATH`].
    Text {
        /// Where it comes from, for messages: a path or `standard input`.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A file that lies on the node and is used where it is, if the API server can see it there.
    InPlace {
        /// Its path on the node.
        path: PathBuf,
    },
}

/// A webhook kubeconfig that kaudit made, or that was made elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookWanted {
    /// Where it comes from, for messages.
    pub name: String,
    /// The bytes; they hold secrets.
    pub bytes: Vec<u8>,
    /// What the operator has of the files that it names; secrets as well.
    pub files: BTreeMap<Kind, Vec<u8>>,
}

impl fmt::Debug for WebhookWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookWanted").field("name", &self.name).finish_non_exhaustive()
    }
}

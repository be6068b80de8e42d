//! The audit policy as the API server holds it after decoding: plain data.

use std::fmt;

/// How much of a request is logged, from nothing to everything.
///
/// The order is the order of the amount, so `level >= Level::Request` asks whether a body is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    None,
    /// Who, what, when, from where and the answer code.
    Metadata,
    /// Metadata and the request's body.
    Request,
    /// Metadata and both bodies.
    RequestResponse,
}

impl Level {
    /// All levels, in the order in which the API server lists them.
    pub const ALL: [Self; 4] = [Self::None, Self::Metadata, Self::Request, Self::RequestResponse];

    /// The name in a policy file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }

    /// The level with this name. Upper and lower case count, as for the API server.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A point in the life of a request at which an event can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The request has arrived; nothing is known about its answer.
    RequestReceived,
    /// The answer's headers are out; only for long-running requests, for example a watch.
    ResponseStarted,
    /// The answer is complete.
    ResponseComplete,
    /// The handler panicked.
    Panic,
}

impl Stage {
    /// All stages, in the order in which the API server lists them.
    pub const ALL: [Self; 4] =
        [Self::RequestReceived, Self::ResponseStarted, Self::ResponseComplete, Self::Panic];

    /// The name in a policy file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
            Self::Panic => "Panic",
        }
    }

    /// The stage with this name. Upper and lower case count, as for the API server.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version of the group `audit.k8s.io` in which a policy can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// From 1.7 to 1.23.
    V1alpha1,
    /// From 1.8 to 1.23.
    V1beta1,
    /// From 1.12 on.
    V1,
}

impl ApiVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V1alpha1, Self::V1beta1, Self::V1];

    /// The version's own name, without the group.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1alpha1 => "v1alpha1",
            Self::V1beta1 => "v1beta1",
            Self::V1 => "v1",
        }
    }

    /// Whether the API server 1.`minor` reads policies of this version.
    #[must_use]
    pub const fn is_read_by(self, minor: u32) -> bool {
        match self {
            Self::V1alpha1 => minor >= 7 && minor < FIRST_MINOR_WITHOUT_BETA,
            Self::V1beta1 => minor >= 8 && minor < FIRST_MINOR_WITHOUT_BETA,
            Self::V1 => minor >= FIRST_MINOR_WITH_V1,
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{API_GROUP}/{}", self.name())
    }
}

/// The group of the policy's `apiVersion`.
pub const API_GROUP: &str = "audit.k8s.io";

/// The first minor version whose API server reads `audit.k8s.io/v1`.
pub(super) const FIRST_MINOR_WITH_V1: u32 = 12;

/// The first minor version whose API server no longer reads `audit.k8s.io/v1beta1` and `v1alpha1`.
pub(super) const FIRST_MINOR_WITHOUT_BETA: u32 = 24;

/// An audit policy. The first rule that matches a request decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The version it was written in.
    pub api_version: ApiVersion,
    /// The rules, in order; never empty in a policy that would load.
    pub rules: Vec<Rule>,
    /// Stages that no rule logs.
    pub omit_stages: Vec<Stage>,
    /// Whether logged bodies lack `managedFields`, for rules that do not say it themselves. From 1.23 on.
    pub omit_managed_fields: bool,
}

/// A rule: all of its fields that are not empty must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How much is logged of the requests that it matches.
    pub level: Level,
    /// User names, exactly.
    pub users: Vec<String>,
    /// Groups, exactly; one of them is enough.
    pub user_groups: Vec<String>,
    /// Verbs, exactly.
    pub verbs: Vec<String>,
    /// Resources by API group.
    pub resources: Vec<GroupResources>,
    /// Namespaces, exactly; the empty name is that of objects without a namespace.
    pub namespaces: Vec<String>,
    /// Paths of requests that are not about a resource.
    pub non_resource_urls: Vec<String>,
    /// Stages that this rule does not log, beside those of the policy.
    pub omit_stages: Vec<Stage>,
    /// Overrides the policy's `omit_managed_fields`.
    pub omit_managed_fields: Option<bool>,
}

impl Rule {
    /// The rule that matches every request and sets nothing but the level.
    #[must_use]
    pub const fn for_everything(level: Level) -> Self {
        Self {
            level,
            users: Vec::new(),
            user_groups: Vec::new(),
            verbs: Vec::new(),
            resources: Vec::new(),
            namespaces: Vec::new(),
            non_resource_urls: Vec::new(),
            omit_stages: Vec::new(),
            omit_managed_fields: None,
        }
    }
}

/// Resources of one API group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupResources {
    /// The group; empty for the core group, `*` for every group (from 1.36 on).
    pub group: String,
    /// `resource`, `resource/subresource`, `*`, `*/subresource` or `resource/*`; none means all of the group.
    pub resources: Vec<String>,
    /// Names of objects; none means all.
    pub resource_names: Vec<String>,
}

/// The verbs of requests for resources; the verb for anything else is the first that no rule mentions.
pub(in crate::policy) const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

//! The API server's settings that concern its webhook: flags, environment, policy.

use crate::audit::argv::lookup;
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::plan::audit_flags_there;
use crate::policy::{Level, Rule, examine};
use crate::webhook::{check, check_limits};
use crate::yaml;
use std::collections::BTreeMap;

/// From 1.18 on an API server may use an egress proxy.
const EGRESS: &str = "egress-selector-config-file";

/// See the module.
#[derive(Debug)]
pub(super) struct ApiServerSettings {
    flags: BTreeMap<String, String>,
    /// Entries of the container's environment with a literal value.
    pub(super) environment: BTreeMap<String, String>,
    minor: u16,
    logs_bodies: bool,
    has_egress: bool,
}

impl Default for ApiServerSettings {
    fn default() -> Self {
        Self {
            flags: BTreeMap::new(),
            environment: BTreeMap::new(),
            minor: NEWEST_KNOWN_MINOR,
            logs_bodies: false,
            has_egress: false,
        }
    }
}

impl ApiServerSettings {
    /// Those of a manifest's API server.
    pub(super) fn of(manifest: &Manifest, policy: Option<&[u8]>) -> Self {
        let flags = audit_flags_there(manifest.api_server())
            .into_iter()
            .map(|found| (found.flag, found.value.unwrap_or_else(|| "true".to_owned())))
            .collect();
        let entries = manifest.container().into_iter().flat_map(|container| container.env.iter().flatten());
        let environment =
            entries.filter_map(|entry| Some((entry.name.clone(), entry.value.clone()?))).collect();
        let version = KubernetesVersion::from_image(&manifest.api_server().image);
        let minor = version.map_or(NEWEST_KNOWN_MINOR, |version| version.minor.min(NEWEST_KNOWN_MINOR));
        let policy = policy.and_then(|bytes| examine(yaml::decode(bytes).ok()?, u32::from(minor)).policy);
        // Bodies of only some kinds of objects, such as RBAC, are small.
        let has_body = |rule: &Rule| {
            rule.level == Level::RequestResponse
                || (rule.level == Level::Request && rule.resources.is_empty())
        };
        Self {
            logs_bodies: policy.is_some_and(|policy| policy.rules.iter().any(has_body)),
            has_egress: lookup(&manifest.api_server().arguments(), EGRESS).is_some(),
            flags,
            environment,
            minor,
        }
    }

    /// The API version of the lists that are posted.
    pub(super) fn list_version(&self) -> &str {
        self.flags.get("audit-webhook-version").map_or("audit.k8s.io/v1", String::as_str)
    }

    /// Checks the settings, without contacting the receiver.
    pub(super) fn check(&self) -> Vec<Diagnostic> {
        let value = |name: &str| self.flags.get(name).map(String::as_str);
        let mut findings = check_limits(value, self.minor, self.logs_bodies);
        if self.has_egress {
            findings.push(check::warning(
                "webhook-egress",
                format!("--{EGRESS} is set: the API server may use an egress proxy to the receiver, which this check does not"),
            ));
        }
        findings
    }
}

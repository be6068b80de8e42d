//! The table of kube-apiserver's audit flags.
//!
//! Source: `pkg/server/options/audit.go` of `k8s.io/apiserver`: names, kinds and help from `AddFlags`, defaults from
//! `NewAuditOptions`, `NewAuditTruncateOptions`, `defaultLogBatchConfig` and `defaultWebhookBatchConfig`, releases from
//! comparing the branches release-1.8 to release-1.36.

use crate::audit::definition::{AuditFlag, Backend, Kind};

/// `AllowedModes`.
pub(super) const MODES: &[&str] = &["batch", "blocking", "blocking-strict"];
/// `AllowedFormats` of `plugin/pkg/audit/log`.
pub(super) const FORMATS: &[&str] = &["legacy", "json"];
/// `knownGroupVersions`, in its order; only the last one since 1.24.
pub(super) const GROUP_VERSIONS: &[&str] =
    &["audit.k8s.io/v1alpha1", "audit.k8s.io/v1beta1", "audit.k8s.io/v1"];

/// A flag that every release from `since` on has.
const fn flag(
    name: &'static str,
    kind: Kind,
    backend: Backend,
    since: u16,
    defaults: &'static [(u16, &'static str)],
    help: &'static str,
) -> AuditFlag {
    AuditFlag { name, kind, backend, since, until: None, defaults, filled: None, deprecated: None, help }
}

/// All flags, ordered by name.
pub(crate) const AUDIT_FLAGS: &[AuditFlag] = &[
    AuditFlag {
        until: Some(18),
        ..flag(
            "audit-dynamic-configuration",
            Kind::Bool,
            Backend::Dynamic,
            13,
            &[(13, "false")],
            "Webhooks configured with AuditSink objects (alpha, 1.13 to 1.18)",
        )
    },
    flag(
        "audit-log-batch-buffer-size",
        Kind::Int { unit: "events" },
        Backend::Log,
        10,
        &[(10, "10000")],
        "Number of events held in memory before further events are dropped, in batch mode",
    ),
    flag(
        "audit-log-batch-max-size",
        Kind::Int { unit: "events" },
        Backend::Log,
        10,
        &[(10, "400"), (12, "1")],
        "Maximum number of events in a batch, in batch mode",
    ),
    flag(
        "audit-log-batch-max-wait",
        Kind::Duration,
        Backend::Log,
        10,
        &[(10, "30s"), (12, "0s")],
        "Maximum delay before a batch that is not full is sent, in batch mode; with unit: 5s",
    ),
    flag(
        "audit-log-batch-throttle-burst",
        Kind::Int { unit: "batches" },
        Backend::Log,
        10,
        &[(10, "15"), (12, "0")],
        "Maximum number of batches sent in a burst, in batch mode",
    ),
    flag(
        "audit-log-batch-throttle-enable",
        Kind::Bool,
        Backend::Log,
        10,
        &[(10, "false")],
        "Whether batches are throttled, in batch mode",
    ),
    flag(
        "audit-log-batch-throttle-qps",
        Kind::Float,
        Backend::Log,
        10,
        &[(10, "10"), (12, "0")],
        "Maximum average number of batches per second, in batch mode",
    ),
    flag(
        "audit-log-compress",
        Kind::Bool,
        Backend::Log,
        20,
        &[(20, "false")],
        "Whether rotated log files are compressed with gzip",
    ),
    flag(
        "audit-log-format",
        Kind::Choice(FORMATS),
        Backend::Log,
        8,
        &[(8, "json")],
        "Format of the log lines: json, or legacy, which does not contain bodies",
    ),
    AuditFlag {
        filled: Some("30"),
        ..flag(
            "audit-log-maxage",
            Kind::Int { unit: "days" },
            Backend::Log,
            8,
            &[(8, "0"), (36, "366")],
            "Days that rotated log files are kept; 0 means no limit",
        )
    },
    AuditFlag {
        filled: Some("10"),
        ..flag(
            "audit-log-maxbackup",
            Kind::Int { unit: "files" },
            Backend::Log,
            8,
            &[(8, "0"), (36, "100")],
            "Number of rotated log files to keep; 0 means no limit",
        )
    },
    AuditFlag {
        filled: Some("100"),
        ..flag(
            "audit-log-maxsize",
            Kind::Int { unit: "MB" },
            Backend::Log,
            8,
            &[(8, "0"), (36, "100")],
            "Size in MB at which the log file is rotated; 0 means 100, or no rotation since 1.36",
        )
    },
    flag(
        "audit-log-mode",
        Kind::Choice(MODES),
        Backend::Log,
        10,
        &[(10, "blocking")],
        "How events are delivered: batch, blocking or blocking-strict (since 1.13)",
    ),
    AuditFlag {
        filled: Some("/var/log/kubernetes/audit/audit.log"),
        ..flag(
            "audit-log-path",
            Kind::Path,
            Backend::Log,
            8,
            &[(8, "")],
            "Absolute path of the log file; - means standard output",
        )
    },
    flag(
        "audit-log-truncate-enabled",
        Kind::Bool,
        Backend::Log,
        10,
        &[(10, "false")],
        "Whether events and batches that are too large are truncated",
    ),
    flag(
        "audit-log-truncate-max-batch-size",
        Kind::Int { unit: "bytes" },
        Backend::Log,
        10,
        &[(10, "10485760")],
        "Maximum batch size in bytes, if truncation is enabled; at least the maximum event size",
    ),
    flag(
        "audit-log-truncate-max-event-size",
        Kind::Int { unit: "bytes" },
        Backend::Log,
        10,
        &[(10, "102400")],
        "Maximum event size in bytes, if truncation is enabled: bodies are dropped first",
    ),
    flag(
        "audit-log-version",
        Kind::Choice(GROUP_VERSIONS),
        Backend::Log,
        11,
        &[(11, "audit.k8s.io/v1beta1"), (13, "audit.k8s.io/v1")],
        "API version of the events; only audit.k8s.io/v1 since 1.24",
    ),
    flag(
        "audit-policy-file",
        Kind::Path,
        Backend::Policy,
        8,
        &[(8, "")],
        "Path of the audit policy; without one no events are logged",
    ),
    flag(
        "audit-webhook-batch-buffer-size",
        Kind::Int { unit: "events" },
        Backend::Webhook,
        9,
        &[(9, "10000")],
        "Number of events held in memory before further events are dropped, in batch mode",
    ),
    AuditFlag {
        deprecated: Some("audit-webhook-initial-backoff"),
        ..flag(
            "audit-webhook-batch-initial-backoff",
            Kind::Duration,
            Backend::Webhook,
            9,
            &[(9, "10s")],
            "Deprecated name of --webhook-initial-backoff",
        )
    },
    flag(
        "audit-webhook-batch-max-size",
        Kind::Int { unit: "events" },
        Backend::Webhook,
        9,
        &[(9, "400")],
        "Maximum number of events in a batch, in batch mode",
    ),
    flag(
        "audit-webhook-batch-max-wait",
        Kind::Duration,
        Backend::Webhook,
        9,
        &[(9, "30s")],
        "Maximum delay before a batch that is not full is sent, in batch mode; with unit: 5s",
    ),
    flag(
        "audit-webhook-batch-throttle-burst",
        Kind::Int { unit: "batches" },
        Backend::Webhook,
        9,
        &[(9, "15")],
        "Maximum number of batches sent in a burst, in batch mode",
    ),
    flag(
        "audit-webhook-batch-throttle-enable",
        Kind::Bool,
        Backend::Webhook,
        10,
        &[(10, "true")],
        "Whether batches are throttled, in batch mode",
    ),
    flag(
        "audit-webhook-batch-throttle-qps",
        Kind::Float,
        Backend::Webhook,
        9,
        &[(9, "10")],
        "Maximum average number of batches per second, in batch mode",
    ),
    flag(
        "audit-webhook-config-file",
        Kind::Path,
        Backend::Webhook,
        8,
        &[(8, "")],
        "Path of the kubeconfig with the webhook's address and credentials",
    ),
    flag(
        "audit-webhook-initial-backoff",
        Kind::Duration,
        Backend::Webhook,
        10,
        &[(10, "10s")],
        "Delay before the first retry of a failed delivery; with unit: 10s",
    ),
    flag(
        "audit-webhook-mode",
        Kind::Choice(MODES),
        Backend::Webhook,
        8,
        &[(8, "batch")],
        "How events are delivered: batch, blocking or blocking-strict (since 1.13)",
    ),
    flag(
        "audit-webhook-truncate-enabled",
        Kind::Bool,
        Backend::Webhook,
        10,
        &[(10, "false")],
        "Whether events and batches that are too large are truncated",
    ),
    flag(
        "audit-webhook-truncate-max-batch-size",
        Kind::Int { unit: "bytes" },
        Backend::Webhook,
        10,
        &[(10, "10485760")],
        "Maximum batch size in bytes, if truncation is enabled; at least the maximum event size",
    ),
    flag(
        "audit-webhook-truncate-max-event-size",
        Kind::Int { unit: "bytes" },
        Backend::Webhook,
        10,
        &[(10, "102400")],
        "Maximum event size in bytes, if truncation is enabled: bodies are dropped first",
    ),
    flag(
        "audit-webhook-version",
        Kind::Choice(GROUP_VERSIONS),
        Backend::Webhook,
        11,
        &[(11, "audit.k8s.io/v1beta1"), (13, "audit.k8s.io/v1")],
        "API version of the events; only audit.k8s.io/v1 since 1.24",
    ),
];

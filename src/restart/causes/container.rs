//! Errors in the API server's log.

use super::{Rule, rule};

const POLICY: &str = "loading audit policy file";
const LOG: &str = "ensureLogFile: ";
const WEBHOOK: &str = "initializing audit webhook";
const ETCD: &str = "createTransport failed to connect";

/// The more specific ones first.
pub(in crate::restart) const CONTAINER: &[Rule] = &[
    rule(
        "policy-missing",
        &[POLICY, "no such file or directory"],
        "the audit policy file does not exist in the container",
        "mount the directory of the policy into the container, and check the host path of that mount",
    ),
    rule(
        "policy-is-directory",
        &[POLICY, "is a directory"],
        "the path of the audit policy is a directory",
        "the container runtime creates a directory when a hostPath does not exist: remove it and write the policy there",
    ),
    rule(
        "policy-permission",
        &[POLICY, "permission denied"],
        "the API server has no permission to read the audit policy",
        "with runAsUser, make the policy readable for that user; with SELinux, give it a container label",
    ),
    rule(
        "policy-version",
        &[POLICY, "no kind \"Policy\" is registered for version"],
        "this release does not support the API version of the audit policy",
        "use `apiVersion: audit.k8s.io/v1`; older versions were removed in 1.24",
    ),
    rule(
        "policy-empty",
        &[POLICY, "loaded illegal policy with 0 rules"],
        "the audit policy has no rules",
        "a policy needs at least one rule, such as `- level: Metadata`",
    ),
    rule(
        "policy-no-kind",
        &[POLICY, "unknown group version field"],
        "the audit policy is empty or has no apiVersion and kind",
        "start it with `apiVersion: audit.k8s.io/v1` and `kind: Policy`",
    ),
    rule(
        "policy-omit-stages",
        &[POLICY, "cannot unmarshal", "Policy.omitStages"],
        "omitStages of the audit policy is not a list of stages; the rules may be indented below it",
        "indent `rules:` like `omitStages:`",
    ),
    rule(
        "policy-syntax",
        &[POLICY, "failed decoding: yaml:"],
        "the audit policy is not valid YAML",
        "correct the reported line",
    ),
    rule(
        "policy-invalid",
        &[POLICY],
        "the API server rejects the audit policy",
        "correct the reported field of the policy",
    ),
    rule(
        "log-read-only",
        &[LOG, "read-only file system"],
        "the audit log's directory is read-only for the API server",
        "remove `readOnly: true` from its mount, and check that the node's file system is not mounted read-only",
    ),
    rule(
        "log-immutable",
        &[LOG, "operation not permitted"],
        "the audit log or its directory is immutable",
        "check with `lsattr -d DIRECTORY`, and remove the attribute with `chattr -i`",
    ),
    rule(
        "log-permission",
        &[LOG, "permission denied"],
        "the API server has no permission to write to the audit log's directory",
        "with runAsUser, make that user the owner of the directory; with SELinux, give it a container label",
    ),
    rule(
        "log-is-directory",
        &[LOG, "is a directory"],
        "the path of the audit log is a directory",
        "mount the log's directory instead of the log file, and remove the directory at the path of the file",
    ),
    rule(
        "log-no-space",
        &[LOG, "no space left on device"],
        "the audit log's file system is full",
        "free disk space, or choose another path for the log",
    ),
    rule(
        "log-missing",
        &[LOG],
        "the audit log cannot be created",
        "mount a writable directory of the node at the directory of --audit-log-path",
    ),
    rule(
        "webhook-missing",
        &[WEBHOOK, "stat ", "no such file or directory"],
        "the kubeconfig of the audit webhook does not exist in the container",
        "mount its directory into the container, and check the host path of that mount",
    ),
    rule(
        "webhook-ca",
        &[WEBHOOK, "certificate-authority"],
        "the CA file in the audit webhook's kubeconfig does not exist in the container",
        "embed the certificate in the kubeconfig: certificate-authority-data",
    ),
    rule(
        "webhook-ca",
        &[WEBHOOK, "root certificates"],
        "the CA certificate in the audit webhook's kubeconfig is invalid",
        "it must be PEM; in certificate-authority-data, base64-encoded PEM",
    ),
    rule(
        "webhook-empty",
        &[WEBHOOK, "no configuration has been provided"],
        "the kubeconfig of the audit webhook has no server",
        "current-context must name a context, and that context a cluster with a server",
    ),
    rule(
        "webhook-invalid",
        &[WEBHOOK],
        "the API server rejects the kubeconfig of the audit webhook",
        "correct the reported entry; often a file does not exist in the container",
    ),
    rule(
        "log-no-space",
        &["Error in audit plugin", "no space left on device"],
        "the audit log's file system is full: the API server is running, but its events are lost",
        "free disk space, or choose another path for the log",
    ),
    rule(
        "log-rotation",
        &["can't rename log file"],
        "the audit log cannot be rotated, because the log file itself is mounted",
        "mount its directory instead",
    ),
    rule("audit-backend", &["Error in audit plugin"], "the API server cannot deliver its audit events", ""),
    rule(
        "flag-unknown",
        &["unknown flag: --"],
        "this release of kube-apiserver does not support one of its flags",
        "remove the flag",
    ),
    rule(
        "flag-value",
        &["invalid argument ", " flag: "],
        "a flag of kube-apiserver has an invalid value",
        "correct the value",
    ),
    rule(
        "audit-flags",
        &["invalid audit "],
        "kube-apiserver rejects a setting of its audit log or webhook",
        "correct the reported value",
    ),
    rule(
        "audit-flags",
        &["--audit-log-max", "can't be a negative number"],
        "kube-apiserver rejects a setting of its audit log",
        "correct the reported value",
    ),
    rule(
        "audit-flags",
        &["invalid group version, allowed versions are", "audit.k8s.io"],
        "kube-apiserver rejects the API version for audit events",
        "remove --audit-log-version and --audit-webhook-version",
    ),
    rule(
        "port-in-use",
        &["address already in use"],
        "another process listens on the API server's port",
        "find it with `ss -ltnp`; usually it is an API server that was started by hand or has not exited yet",
    ),
    rule(
        "etcd-certificate",
        &[ETCD, "x509: "],
        "the API server and etcd do not trust each other's certificates",
        "check the dates and issuers of the certificates in --etcd-cafile and --etcd-certfile, and of etcd itself",
    ),
    rule(
        "etcd-unreachable",
        &[ETCD, "connection refused"],
        "etcd does not answer; this is not caused by the audit configuration",
        "check etcd's container, and --etcd-servers",
    ),
    rule(
        "etcd-unreachable",
        &["context deadline exceeded"],
        "etcd did not answer in time; this is not caused by the audit configuration",
        "check etcd's container, and --etcd-servers",
    ),
    rule(
        "certificate-expired",
        &["x509: certificate has expired"],
        "a certificate has expired",
        "find it with `kubeadm certs check-expiration`",
    ),
    rule(
        "certificate-key",
        &["tls: private key does not match public key"],
        "a certificate and its key do not match",
        "check --tls-cert-file and --tls-private-key-file",
    ),
    rule(
        "memory",
        &["out of memory"],
        "the API server ran out of memory",
        "add memory to the node, or raise the container's limit",
    ),
    rule("disk-full", &["no space left on device"], "a file system is full", "free disk space"),
    rule(
        "file-missing",
        &["open ", "no such file or directory"],
        "a file in kube-apiserver's flags does not exist in the container",
        "check the mounts, and the file on the node",
    ),
    rule(
        "file-permission",
        &["open ", "permission denied"],
        "kube-apiserver has no permission to read a file in its flags",
        "check the file's owner and mode, and with SELinux its label",
    ),
];

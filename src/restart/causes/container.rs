//! What the API server itself says.

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
        "the audit policy is not in the container",
        "mount the directory of the policy into the container, and look at the host path of that mount",
    ),
    rule(
        "policy-is-directory",
        &[POLICY, "is a directory"],
        "where the audit policy should be, there is a directory",
        "the runtime makes one where a hostPath has nothing to mount: remove it, and put the policy there",
    ),
    rule(
        "policy-permission",
        &[POLICY, "permission denied"],
        "the API server may not read the audit policy",
        "a pod with runAsUser needs a policy that this user may read; under SELinux it needs a container's label",
    ),
    rule(
        "policy-version",
        &[POLICY, "no kind \"Policy\" is registered for version"],
        "the audit policy is of an API version that this release does not have",
        "write `apiVersion: audit.k8s.io/v1`; the older versions are gone since 1.24",
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
        "the audit policy is empty or names no apiVersion and kind",
        "begin it with `apiVersion: audit.k8s.io/v1` and `kind: Policy`",
    ),
    rule(
        "policy-omit-stages",
        &[POLICY, "cannot unmarshal", "Policy.omitStages"],
        "in the audit policy omitStages is no list of stages: the rules may be indented below it",
        "indent `rules:` as far as `omitStages:`",
    ),
    rule(
        "policy-syntax",
        &[POLICY, "failed decoding: yaml:"],
        "the audit policy is not valid YAML",
        "correct it at the line that is named",
    ),
    rule(
        "policy-invalid",
        &[POLICY],
        "the API server does not accept the audit policy",
        "correct the policy at the place that is named",
    ),
    rule(
        "log-read-only",
        &[LOG, "read-only file system"],
        "the audit log's directory is read-only for the API server",
        "its mount must not have `readOnly: true`, and the node's file system must be writable",
    ),
    rule(
        "log-immutable",
        &[LOG, "operation not permitted"],
        "the audit log or its directory is immutable",
        "look with `lsattr -d DIRECTORY`, and take the attribute away with `chattr -i`",
    ),
    rule(
        "log-permission",
        &[LOG, "permission denied"],
        "the API server may not write to the audit log's directory",
        "a pod with runAsUser needs a directory of this user; under SELinux it needs a container's label",
    ),
    rule(
        "log-is-directory",
        &[LOG, "is a directory"],
        "where the audit log should be, there is a directory",
        "mount the log's directory, not the log file, and remove the directory of the file's name",
    ),
    rule(
        "log-no-space",
        &[LOG, "no space left on device"],
        "the audit log's file system is full",
        "make room on it, or put the log elsewhere",
    ),
    rule(
        "log-missing",
        &[LOG],
        "the audit log cannot be made where it should be",
        "mount a directory of the node, writable, at the directory of --audit-log-path",
    ),
    rule(
        "webhook-missing",
        &[WEBHOOK, "stat ", "no such file or directory"],
        "the kubeconfig of the audit webhook is not in the container",
        "mount its directory into the container, and look at the host path of that mount",
    ),
    rule(
        "webhook-ca",
        &[WEBHOOK, "certificate-authority"],
        "the CA file that the audit webhook's kubeconfig names is not in the container",
        "put the certificate into the kubeconfig: certificate-authority-data",
    ),
    rule(
        "webhook-ca",
        &[WEBHOOK, "root certificates"],
        "the CA certificate in the audit webhook's kubeconfig cannot be read",
        "it is PEM, in certificate-authority-data encoded once more as base64",
    ),
    rule(
        "webhook-empty",
        &[WEBHOOK, "no configuration has been provided"],
        "the kubeconfig of the audit webhook leads to no server",
        "its current-context must name a context, and that a cluster with a server",
    ),
    rule(
        "webhook-invalid",
        &[WEBHOOK],
        "the API server does not accept the kubeconfig of the audit webhook",
        "correct what is named, a file that the container does not see above all",
    ),
    rule(
        "log-no-space",
        &["Error in audit plugin", "no space left on device"],
        "the audit log's file system is full: the API server runs, and its events are lost",
        "make room on it, or put the log elsewhere",
    ),
    rule(
        "log-rotation",
        &["can't rename log file"],
        "the audit log cannot be rotated: the log file itself is mounted",
        "mount its directory instead",
    ),
    rule("audit-backend", &["Error in audit plugin"], "the API server cannot deliver its audit events", ""),
    rule(
        "flag-unknown",
        &["unknown flag: --"],
        "this release of kube-apiserver does not have a flag that it is started with",
        "remove the flag",
    ),
    rule(
        "flag-value",
        &["invalid argument ", " flag: "],
        "a flag of kube-apiserver has a value that it cannot read",
        "correct the value",
    ),
    rule(
        "audit-flags",
        &["invalid audit "],
        "kube-apiserver does not accept a setting of its audit log or webhook",
        "correct the value that is named",
    ),
    rule(
        "audit-flags",
        &["--audit-log-max", "can't be a negative number"],
        "kube-apiserver does not accept a setting of its audit log",
        "correct the value that is named",
    ),
    rule(
        "audit-flags",
        &["invalid group version, allowed versions are", "audit.k8s.io"],
        "kube-apiserver does not accept the version that audit events are to be written in",
        "leave --audit-log-version and --audit-webhook-version out",
    ),
    rule(
        "port-in-use",
        &["address already in use"],
        "another process listens on the API server's port",
        "find it with `ss -ltnp`; an API server that was started by hand or has not ended yet is the usual one",
    ),
    rule(
        "etcd-certificate",
        &[ETCD, "x509: "],
        "the API server and etcd do not accept each other's certificates",
        "look at the dates and issuers of the certificates of --etcd-cafile, --etcd-certfile and of etcd itself",
    ),
    rule(
        "etcd-unreachable",
        &[ETCD, "connection refused"],
        "etcd does not answer; the audit configuration has nothing to do with it",
        "look at etcd's own container, and at --etcd-servers",
    ),
    rule(
        "etcd-unreachable",
        &["context deadline exceeded"],
        "etcd did not answer in time; the audit configuration was accepted",
        "look at etcd's own container, and at --etcd-servers",
    ),
    rule(
        "certificate-expired",
        &["x509: certificate has expired"],
        "a certificate has expired",
        "`kubeadm certs check-expiration` tells which",
    ),
    rule(
        "certificate-key",
        &["tls: private key does not match public key"],
        "a certificate and its key do not belong together",
        "look at --tls-cert-file and --tls-private-key-file",
    ),
    rule(
        "memory",
        &["out of memory"],
        "it ran out of memory",
        "give the node or the container's limit more memory",
    ),
    rule("disk-full", &["no space left on device"], "a file system is full", "make room on it"),
    rule(
        "file-missing",
        &["open ", "no such file or directory"],
        "a file that kube-apiserver is started with is not in the container",
        "look at the mounts, and at the file on the node",
    ),
    rule(
        "file-permission",
        &["open ", "permission denied"],
        "kube-apiserver may not read a file that it is started with",
        "look at the file's owner and mode, and under SELinux at its label",
    ),
];

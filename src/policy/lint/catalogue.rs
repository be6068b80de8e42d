//! Every check with its id. An id never changes its meaning, and the id of a removed check is not used again.

use crate::diagnostic::Severity;

/// Something that is looked for in a policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// For example `KA201`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// A title of one line.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it, without a capital letter and a full stop.
    pub fix: &'static str,
    /// Where the API server's behaviour is written.
    pub link: &'static str,
}

/// All checks, by id.
#[must_use]
pub fn all() -> &'static [Check] {
    &CHECKS
}

/// The check with this id. Upper and lower case do not count.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id.eq_ignore_ascii_case(id))
}

const DOCS: &str = "https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy";
const READER: &str = "https://github.com/kubernetes/kubernetes/blob/v1.36.0/staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go";
const CHECKER: &str = "https://github.com/kubernetes/kubernetes/blob/v1.36.0/staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go";
const VALIDATION: &str = "https://github.com/kubernetes/kubernetes/blob/v1.36.0/staging/src/k8s.io/apiserver/pkg/apis/audit/validation/validation.go";
const VERBS: &str =
    "https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb";
const USERS: &str = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects";
const RESOURCES: &str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris";
const CIS: &str = "https://www.cisecurity.org/benchmark/kubernetes";

macro_rules! checks {
    ($($name:ident $id:literal $severity:ident $link:ident $title:literal $why:literal $fix:literal)*) => {
        $(pub(super) const $name: &Check = &Check {
            id: $id, severity: Severity::$severity, title: $title, why: $why, fix: $fix, link: $link,
        };)*
        static CHECKS: [Check; [$($id),*].len()] = [$(Check {
            id: $id, severity: Severity::$severity, title: $title, why: $why, fix: $fix, link: $link,
        }),*];
    };
}

checks! {
    REFUSED "KA101" Error VALIDATION
        "the API server would not start with this file"
        "kube-apiserver loads the policy once, when it starts, and exits if it cannot: the control plane stays down."
        "correct what the message says; validation errors are quoted from the API server"
    UNDECIDED "KA102" Error READER
        "kaudit cannot tell what the API server would read"
        "YAML parsers disagree on some forms, or refuse them. A policy should not depend on that."
        "write the line in a simpler form"
    UNKNOWN_KEY "KA103" Warning READER
        "unknown key"
        "The API server ignores a key that it does not know, and so the condition is missing: a rule with `usergroups` instead of `userGroups` matches every user. Keys are case-sensitive. From 1.26 on it logs a warning, before it does not."
        "correct the name, or remove the key"
    DUPLICATE_KEY "KA104" Warning READER
        "duplicate key"
        "The API server uses the last value of a duplicate key and ignores the first."
        "keep one, with the values of both"
    FURTHER_DOCUMENT "KA105" Warning READER
        "more than one YAML document"
        "The API server reads only the first document of the file and logs no warning about the others."
        "move the rules into the first document"
    TOO_NEW_KEY "KA106" Warning READER
        "omitManagedFields before 1.23"
        "An older API server ignores the key and logs managed fields with every body."
        "remove it for these versions"
    OLD_VERSION "KA107" Warning DOCS
        "audit.k8s.io/v1beta1 or v1alpha1"
        "Both were removed in 1.24: after an upgrade the API server would not start with this file."
        "write audit.k8s.io/v1, which every version from 1.12 on reads: kaudit policy migrate FILE"
    BAD_ALLOW "KA108" Warning DOCS
        "an allow comment that allows nothing"
        "`# kaudit: allow KA201 reason` needs an id that exists, a reason, and a finding at its place."
        "correct or remove the comment"
    STAR "KA201" Warning CHECKER
        "`*` where it is not a wildcard"
        "`*` is a wildcard only in resources, nonResourceURLs and, from 1.36 on, as a whole group. Users, user groups, verbs, namespaces and object names are compared exactly, so a value with `*` matches nothing."
        "leave the field out to match everything, or list the values"
    VERB "KA202" Warning VERBS
        "unknown verb"
        "Verbs are compared exactly: get, list, watch, create, update, patch, delete and deletecollection for resources (exec and port-forward are create, or get over a WebSocket), the HTTP method in lower case for paths."
        "write the verb that the API server uses"
    RESOURCE_NAME "KA203" Warning RESOURCES
        "a kind, a singular or a short name instead of the plural resource name"
        "Resources are compared with the name in the URL: the plural in lower case. `Pod`, `pod` and `po` match nothing."
        "write the plural in lower case"
    WRONG_GROUP "KA204" Warning RESOURCES
        "a resource in the wrong group"
        "An entry without a group applies only to the core group: `deployments` there match nothing, because they are in `apps`."
        "name the group that serves the resource"
    UNKNOWN_RESOURCE "KA205" Warning RESOURCES
        "unknown resource in this group"
        "No version of the API server serves it in this group, and a CustomResourceDefinition cannot add resources to the core group."
        "correct the name"
    UNKNOWN_SUBRESOURCE "KA206" Warning RESOURCES
        "unknown subresource of this resource"
        "No version of the API server serves it, so the pattern matches nothing."
        "correct the name, or write `resource/*` for the resource with all of its subresources"
    STAR_IN_RESOURCE "KA207" Warning CHECKER
        "`*` in a resource where it matches nothing"
        "Only `*`, `*/subresource` and `resource/*` are wildcards. `*/*` matches no request, and `po*` matches only a resource with exactly this name."
        "write `*` for every resource with all subresources"
    NOT_SERVED "KA208" Info RESOURCES
        "a resource that this version does not serve"
        "Only other versions served it in this group, so nothing matches."
        "name the group that serves it now; keep the old one if the policy is used with old clusters too"
    GROUP "KA209" Warning RESOURCES
        "unknown API group"
        "The core group is \"\". Groups are written without a version, and all except apps, batch, autoscaling, policy and extensions contain a dot."
        "write the group's full name without version"
    ANY_GROUP "KA210" Info VALIDATION
        "group `*` needs 1.36"
        "Older API servers do not start with it."
        "name each group, if the policy is used with older clusters too"
    CLUSTER_SCOPED "KA211" Warning CHECKER
        "a namespace for a cluster-scoped resource"
        "Requests for cluster-scoped objects have the namespace \"\", so a rule with other namespaces never matches them."
        "write a separate rule without namespaces for this resource"
    USER_OR_GROUP "KA212" Warning USERS
        "a group among users, or a user among groups"
        "`users` is compared only with the user name, and `userGroups` only with the groups: `users: [\"system:nodes\"]` matches no user."
        "move it to the other field"
    RESOURCE_PATH "KA213" Warning RESOURCES
        "a resource path in nonResourceURLs"
        "Paths below /api/VERSION/ and /apis/GROUP/VERSION/ are resource requests, and nonResourceURLs do not match them."
        "name the resource in a rule with `resources`"
    NAME_OF_CREATED "KA214" Warning CHECKER
        "resourceNames with create"
        "A request that creates an object has the name only in its body, so a rule with resourceNames never matches it."
        "write a separate rule without resourceNames for create"
    UNREACHABLE "KA301" Warning CHECKER
        "unreachable rule"
        "The first matching rule decides, and earlier rules match every request that this one matches. This is computed exactly from all conditions of the rules."
        "move the rule up, or remove it"
    SHADOWED "KA302" Warning CHECKER
        "part of a rule is shadowed"
        "The rule decides some requests, but never one with this value: earlier rules match all of them."
        "move the rule up, or remove the value"
    MATCHES_NOTHING "KA303" Warning CHECKER
        "a rule that matches nothing"
        "No request meets all of its conditions, at any position in the policy."
        "correct its conditions, or remove it"
    NO_CATCH_ALL "KA304" Info CHECKER
        "no rule for everything else"
        "A request that no rule matches is not logged, as if the policy ended with `level: None`."
        "end the policy with a rule that has only a level: `- level: Metadata`"
    LOGS_NOTHING "KA305" Warning CHECKER
        "the policy logs nothing"
        "Every request gets the level None, or every stage is omitted."
        "add a rule with the level Metadata; to switch audit logging off: kaudit disable"
    TOO_COMPLEX "KA306" Info CHECKER
        "too complex to analyse"
        "kaudit computes which requests a rule can decide from combinations of the values in the rules, and this policy has too many. The findings are correct, but some may be missing."
        "merge rules that differ in only one condition"
    BODIES "KA401" Warning CIS
        "bodies with credentials are logged"
        "The log then contains Secrets, ConfigMaps, the tokens in TokenReviews, or tokens issued for service accounts, readable by anyone who can read the log. Request logs the request body (create, update, patch), RequestResponse the response body too. CIS 3.2.2 requires at most Metadata."
        "add a rule before it that logs these resources at Metadata"
    REQUEST_RECEIVED "KA402" Info DOCS
        "RequestReceived is logged"
        "Every request creates two events, and the first has no information that the second does not have. The volume is twice as large."
        "write `omitStages: [\"RequestReceived\"]`"
    VOLUME "KA403" Info DOCS
        "heartbeats and bookkeeping are logged"
        "Every node and controller writes leases, events and endpoint slices every few seconds: most of the log volume of an idle cluster."
        "add a rule with level None for them before the rules that log them"
    ABOVE_METADATA "KA404" Info CIS
        "above Metadata for a resource with credentials"
        "No body that this rule logs contains credentials, because of its verbs or because only responses contain them. A later edit may change that, and CIS 3.2.2 and scanners (kubescape C-0161) require Metadata for Secrets, ConfigMaps and TokenReviews anyway."
        "add a rule before it that logs these resources at Metadata"
}

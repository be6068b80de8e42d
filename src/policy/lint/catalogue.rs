//! Every check with its id. An id keeps its meaning for ever; a check that goes leaves a gap.

use crate::diagnostic::Severity;

/// Something that is looked for in a policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// For example `KA201`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in one line.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it, without a capital letter and a full stop: it stands after `fix:`.
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
        "kube-apiserver loads the policy once, at its start, and ends if it cannot: the control plane stays down."
        "do what the finding says; the words are the API server's own"
    UNDECIDED "KA102" Error READER
        "what the API server would read cannot be told"
        "Its YAML reader takes forms that others read differently or not at all; a policy must not depend on that."
        "write the line in a plainer form"
    UNKNOWN_KEY "KA103" Warning READER
        "unknown key"
        "The API server drops a key that it does not know, and with it a condition: `usergroups` instead of `userGroups` makes a rule that matches everybody. Upper and lower case count. It warns in its log from 1.26 on and is silent before."
        "correct the name, or remove the key"
    DUPLICATE_KEY "KA104" Warning READER
        "duplicate key"
        "Of a key that is there twice the API server takes the last one, and drops the first with its values."
        "keep one, with the values of both"
    FURTHER_DOCUMENT "KA105" Warning READER
        "a further YAML document is ignored"
        "The API server reads the first document of the file and says nothing about the others."
        "move the rules into the first document"
    TOO_NEW_KEY "KA106" Warning READER
        "omitManagedFields before 1.23"
        "An older API server drops the key, and logs managed fields with every body."
        "remove it for these versions"
    OLD_VERSION "KA107" Warning DOCS
        "audit.k8s.io/v1beta1 or v1alpha1"
        "Both were removed in 1.24: after an upgrade the API server would not start with this file."
        "write audit.k8s.io/v1, which every version from 1.12 on reads: kaudit policy migrate FILE"
    BAD_ALLOW "KA108" Warning DOCS
        "an allow comment that allows nothing"
        "`# kaudit: allow KA201 reason` needs an id that exists, a reason, and a finding at its place."
        "correct it, or remove it"
    STAR "KA201" Warning CHECKER
        "`*` where it is no wildcard"
        "`*` is a wildcard only in resources, nonResourceURLs and, from 1.36 on, as a whole group. Users, groups of users, verbs, namespaces and names of objects are compared letter by letter, so a value with `*` matches nothing."
        "leave the field out to match everything, or list the values"
    VERB "KA202" Warning VERBS
        "unknown verb"
        "Verbs are compared letter by letter: get, list, watch, create, update, patch, delete and deletecollection for resources (exec and port-forward are create, or get over a WebSocket), the HTTP method in lower case for paths."
        "write the verb as the API server calls it"
    RESOURCE_NAME "KA203" Warning RESOURCES
        "a kind, a singular or a short name instead of the plural resource name"
        "Resources are compared with the name in the URL: the plural in lower case. `Pod`, `pod` and `po` match nothing."
        "write the plural in lower case"
    WRONG_GROUP "KA204" Warning RESOURCES
        "a resource in the wrong group"
        "An entry without group is about the core group alone: `deployments` there match nothing, because they are in `apps`."
        "name the group that serves the resource"
    UNKNOWN_RESOURCE "KA205" Warning RESOURCES
        "a resource that this group does not have"
        "No release of the API server serves it in this group, and a CustomResourceDefinition does not add to the core group."
        "correct the name"
    UNKNOWN_SUBRESOURCE "KA206" Warning RESOURCES
        "a subresource that this resource does not have"
        "No release of the API server serves it, so the pattern matches nothing."
        "correct the name, or write `resource/*` for the resource with all of its subresources"
    STAR_IN_RESOURCE "KA207" Warning CHECKER
        "`*` in a resource where it matches nothing"
        "`*`, `*/subresource` and `resource/*` are all there is. `*/*` matches no request, and `po*` means a resource of that very name."
        "write `*` for every resource with all subresources"
    NOT_SERVED "KA208" Info RESOURCES
        "a resource that this version does not serve"
        "It was served in this group by other releases only, so nothing matches now."
        "name the group that serves it now; keep the old one if the policy is for old clusters too"
    GROUP "KA209" Warning RESOURCES
        "a group that does not exist"
        "The core group is \"\", groups are written without version, and but for apps, batch, autoscaling, policy and extensions each has a dot in its name."
        "write the group's full name without version"
    ANY_GROUP "KA210" Info VALIDATION
        "group `*` needs 1.36"
        "An older API server does not start with it."
        "name each group, if the policy is for older clusters too"
    CLUSTER_SCOPED "KA211" Warning CHECKER
        "a namespace for a resource that has none"
        "Requests for cluster-scoped objects have the namespace \"\", so a rule with other namespaces never matches them."
        "give the resource a rule without namespaces"
    USER_OR_GROUP "KA212" Warning USERS
        "a group among users, or a user among groups"
        "Users and groups have names of their own kind, and each field is compared with one of them: `users: [\"system:nodes\"]` matches nobody."
        "move it to the other field"
    RESOURCE_PATH "KA213" Warning RESOURCES
        "a path of resources among nonResourceURLs"
        "Below /api/VERSION/ and /apis/GROUP/VERSION/ the API server takes a path for a resource, and nonResourceURLs are not looked at."
        "name the resource in a rule with `resources`"
    NAME_OF_CREATED "KA214" Warning CHECKER
        "the name of an object that is created"
        "A request that creates an object has the name in its body only, so a rule with resourceNames never matches it."
        "leave resourceNames out for create: give it a rule of its own"
    UNREACHABLE "KA301" Warning CHECKER
        "unreachable rule"
        "The first matching rule decides, and earlier rules take every request that this one matches. Decided exactly, over all conditions of the rules."
        "move the rule up, or remove it"
    SHADOWED "KA302" Warning CHECKER
        "part of a rule is shadowed"
        "The rule decides of some requests, but never of one with this value: earlier rules take them all."
        "move the rule up, or remove the value"
    MATCHES_NOTHING "KA303" Warning CHECKER
        "a rule that matches nothing"
        "No request meets all of its conditions, wherever it stands."
        "correct its conditions, or remove it"
    NO_CATCH_ALL "KA304" Info CHECKER
        "no rule for everything else"
        "A request that no rule matches is not logged, as if the policy ended with `level: None`."
        "end the policy with a rule that has a level and nothing else: `- level: Metadata`"
    LOGS_NOTHING "KA305" Warning CHECKER
        "the policy logs nothing"
        "Every request gets the level None, or every stage is omitted."
        "give it a rule with the level Metadata; to switch audit logging off: kaudit disable"
    TOO_COMPLEX "KA306" Info CHECKER
        "too complex to decide"
        "Which requests a rule can decide is found out by going through combinations of the values that rules name, and this policy has too many. What is said of it is right, but not all that there is to say."
        "merge rules that differ in one condition only"
    BODIES "KA401" Warning CIS
        "bodies with credentials are logged"
        "The log then holds Secrets, ConfigMaps, tokens that TokenReviews ask about, or tokens made for service accounts: who reads the log has them. What a request sends is logged at Request (create, update, patch), what it gets at RequestResponse too. CIS 3.2.2 wants Metadata at most."
        "put a rule before it that logs these resources at Metadata"
    REQUEST_RECEIVED "KA402" Info DOCS
        "RequestReceived is logged"
        "Every request makes two events, and the first tells nothing that the second does not tell: it doubles the volume."
        "write `omitStages: [\"RequestReceived\"]`"
    VOLUME "KA403" Info DOCS
        "heartbeats and bookkeeping are logged"
        "Leases, events and endpoint slices are written by every node and controller every few seconds: most of the volume of an idle cluster."
        "put a rule with level None for them before the rules that log them"
    ABOVE_METADATA "KA404" Info CIS
        "above Metadata for a resource with credentials"
        "No body that this rule logs has credentials, because of its verbs or because only answers have them. The next edit may change that, and CIS 3.2.2 and scanners (kubescape C-0161) want Metadata for Secrets, ConfigMaps and TokenReviews all the same."
        "put a rule before it that logs these resources at Metadata"
}

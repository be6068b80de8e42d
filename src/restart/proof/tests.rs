use super::*;
use crate::policy::examine;
use crate::policy::presets::preset;

fn identity(name: &str, groups: &[&str]) -> Identity {
    let path = |end: &str| format!("/{name}.{end}").into();
    Identity {
        files: ClientIdentity { certificate: path("crt"), key: path("key") },
        user: User {
            name: name.to_owned(),
            groups: groups.iter().copied().chain(["system:authenticated"]).map(str::to_owned).collect(),
        },
    }
}

/// The identities of a node that kubeadm made.
fn identities() -> Vec<Identity> {
    vec![
        identity("system:node:cp0", &["system:nodes"]),
        identity("kube-apiserver-kubelet-client", &["kubeadm:cluster-admins"]),
    ]
}

/// A policy of these rules, in flow style.
fn policy(head: &str, rules: &[&str]) -> Policy {
    let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{head}\nrules: [{}]\n", rules.join(", "));
    examine(&text, 36).policy.unwrap_or_else(|| panic!("{text}"))
}

/// Method, path and asker of each request.
fn lines(policy: &Policy, anonymous: Anonymous) -> Vec<String> {
    let found = requests(Some(policy), anonymous, &identities()).unwrap_or_default();
    let line = |request: ProofRequest| {
        let asker = request.identity.map_or("-".to_owned(), |files| files.key.display().to_string());
        format!("{} {} {asker}", request.method, request.path)
    };
    found.into_iter().map(line).collect()
}

const CONFIG_MAP: &str = "/api/v1/namespaces/default/configmaps/kaudit-proof";
const ALL: [Anonymous; 3] = [Anonymous::Known, Anonymous::Rejected, Anonymous::Unknown];

#[test]
fn every_preset_logs_something_that_may_be_asked() {
    for preset in preset::all() {
        let policy = examine(preset.text, 36).policy.unwrap();
        for anonymous in ALL {
            // Nobody can do without client certificates, and so can kaudit.
            for identities in [Vec::new(), identities()] {
                let found = requests(Some(&policy), anonymous, &identities).unwrap();
                let first = found.first().unwrap();
                assert_eq!((first.method, first.path.as_str()), ("GET", CONFIG_MAP), "{}", preset.name);
                assert_eq!(first.identity, None);
            }
        }
        assert_eq!(requests(Some(&policy), Anonymous::Known, &identities()).unwrap().len(), 9);
    }
}

#[test]
fn the_most_harmless_comes_first() {
    let everything = policy("", &["{level: Metadata}"]);
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let dry_run = "/api/v1/namespaces/default/configmaps?dryRun=All";
    assert_eq!(
        lines(&everything, Anonymous::Known),
        [
            format!("GET {CONFIG_MAP} -"),
            format!("GET {CONFIG_MAP} /system:node:cp0.key"),
            format!("GET {CONFIG_MAP} /kube-apiserver-kubelet-client.key"),
            format!("POST {reviews} -"),
            format!("POST {reviews} /system:node:cp0.key"),
            format!("POST {reviews} /kube-apiserver-kubelet-client.key"),
            format!("POST {dry_run} -"),
            format!("POST {dry_run} /system:node:cp0.key"),
            format!("POST {dry_run} /kube-apiserver-kubelet-client.key"),
        ]
    );
    let unknown = requests(None, Anonymous::Unknown, &identities()).unwrap();
    assert_eq!(unknown.len(), 9, "of a policy that is not known, one of each kind");
    for request in unknown.iter().filter(|request| request.method == "POST") {
        let body = request.body.as_deref().unwrap();
        serde_json::from_str::<serde_json::Value>(body).unwrap();
        assert!(body == "{}" && request.path.ends_with("?dryRun=All") || request.path.ends_with("reviews"));
    }
}

#[test]
fn a_rule_is_met_where_one_may_ask_what_it_names() {
    for (rule, expected) in [
        // By what it names.
        (
            "resources: [{group: '', resources: [secrets]}], verbs: [get]",
            "GET /api/v1/namespaces/default/secrets/kaudit-proof -",
        ),
        (
            "resources: [{group: example.com}]",
            "GET /apis/example.com/v1/namespaces/default/kaudit-proof/kaudit-proof -",
        ),
        (
            "resources: [{group: '', resources: [services]}], namespaces: [a, b]",
            "GET /api/v1/namespaces/a/services/kaudit-proof -",
        ),
        (
            "resources: [{group: '', resources: [nodes]}], namespaces: ['']",
            "GET /api/v1/nodes/kaudit-proof -",
        ),
        ("resources: [{group: '', resources: [namespaces]}]", "GET /api/v1/namespaces/kaudit-proof -"),
        ("resources: [{group: '', resources: [namespaces]}], namespaces: [a]", "GET /api/v1/namespaces/a -"),
        (
            "resources: [{group: '', resources: [namespaces]}], namespaces: ['']",
            "GET /api/v1/namespaces?limit=1 -",
        ),
        (
            "resources: [{group: '', resources: [pods/exec]}]",
            "GET /api/v1/namespaces/default/pods/kaudit-proof/exec -",
        ),
        (
            "resources: [{group: '', resources: ['pods/*']}], verbs: [list]",
            "GET /api/v1/namespaces/default/pods?limit=1 -",
        ),
        (
            "resources: [{group: '', resources: [secrets], resourceNames: [mine]}]",
            "GET /api/v1/namespaces/default/secrets/mine -",
        ),
        (
            "resources: [{group: '', resources: [serviceaccounts/token]}], verbs: [create]",
            "POST /api/v1/namespaces/default/serviceaccounts/kaudit-proof/token?dryRun=All -",
        ),
        (
            "resources: [{group: rbac.authorization.k8s.io}], verbs: [create]",
            "POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/kaudit-proof?dryRun=All -",
        ),
        ("nonResourceURLs: ['/healthz*']", "GET /healthz -"),
        ("nonResourceURLs: ['/logs/*']", "GET /logs/kaudit-proof -"),
        ("nonResourceURLs: ['*']", "GET /api -"),
        // By who asks.
        ("users: ['system:anonymous']", "GET /api/v1/namespaces/default/configmaps/kaudit-proof -"),
        (
            "userGroups: ['system:nodes']",
            "GET /api/v1/namespaces/default/configmaps/kaudit-proof /system:node:cp0.key",
        ),
        (
            "userGroups: ['kubeadm:cluster-admins'], verbs: [create]",
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews /kube-apiserver-kubelet-client.key",
        ),
        (
            "userGroups: ['system:nodes'], verbs: [create], resources: [{group: '', resources: [pods]}]",
            "POST /api/v1/namespaces/default/pods?dryRun=All /system:node:cp0.key",
        ),
    ] {
        let policy = policy("", &[&format!("{{level: Metadata, {rule}}}")]);
        let found = lines(&policy, Anonymous::Known);
        assert_eq!(found.first().map(String::as_str), Some(expected), "{rule}");
    }
}

#[test]
fn what_may_not_be_asked_is_not() {
    for rule in [
        "verbs: [delete]",
        "verbs: [watch]",
        "users: [alice]",
        // With rights these could do something, or bring a body into the log.
        "userGroups: ['system:authenticated'], resources: [{group: '', resources: [pods/exec]}]",
        "userGroups: ['system:authenticated'], resources: [{group: '', resources: [secrets], resourceNames: [mine]}]",
        "userGroups: ['system:authenticated'], resources: [{group: '', resources: [secrets]}], verbs: [list]",
        "userGroups: ['system:authenticated'], nonResourceURLs: ['/debug/pprof/profile']",
        // No path means these.
        "resources: [{group: '', resources: ['a b']}]",
        "resources: [{group: '', resources: ['..']}]",
        "resources: [{group: '', resources: [watch]}]",
        "resources: [{group: '', resources: [namespaces/log]}]",
        "nonResourceURLs: [/api/v1/pods]",
        "nonResourceURLs: ['/a?b']",
    ] {
        let policy = policy("", &[&format!("{{level: Metadata, {rule}}}")]);
        assert_eq!(
            requests(Some(&policy), Anonymous::Known, &identities()),
            Err("the policy logs no request that kaudit can make without changing anything: rules[0] is for other \
                 users, verbs, resources or stages"
                .to_owned()),
            "{rule}"
        );
    }
    let silent = policy("", &["{level: None, verbs: [get]}", "{level: None}"]);
    assert_eq!(
        requests(Some(&silent), Anonymous::Known, &[]),
        Err("the policy logs nothing: the level of every rule is None".to_owned())
    );
}

#[test]
fn a_stage_must_be_left() {
    let first = |stages: &str, anonymous| {
        let policy = policy(&format!("omitStages: [{stages}]"), &["{level: Metadata}"]);
        lines(&policy, anonymous)
            .into_iter()
            .next()
            .map(|line| line.split(' ').next_back().unwrap().to_owned())
    };
    let (anonymous, node) = (Some("-".to_owned()), Some("/system:node:cp0.key".to_owned()));
    for (stages, known, rejected, unknown) in [
        ("", &anonymous, &anonymous, &anonymous),
        ("RequestReceived", &anonymous, &anonymous, &anonymous),
        ("ResponseComplete, Panic", &anonymous, &anonymous, &anonymous),
        // A failed authentication has no other stage.
        ("ResponseStarted", &anonymous, &node, &node),
        ("RequestReceived, ResponseComplete", &None, &anonymous, &None),
    ] {
        assert_eq!(first(stages, Anonymous::Known), *known, "{stages}");
        assert_eq!(first(stages, Anonymous::Rejected), *rejected, "{stages}");
        assert_eq!(first(stages, Anonymous::Unknown), *unknown, "{stages}");
    }
    // The rule's own stages count as well; and a user who is not authenticated is in no group.
    let rules = ["{level: Metadata, userGroups: ['system:unauthenticated']}", "{level: None}"];
    assert_eq!(lines(&policy("", &rules), Anonymous::Rejected), Vec::<String>::new());
    assert_eq!(lines(&policy("", &rules), Anonymous::Known).len(), 3);
    let omitting = "{level: Metadata, omitStages: [RequestReceived, ResponseComplete]}";
    assert_eq!(lines(&policy("", &[omitting]), Anonymous::Known), Vec::<String>::new());
}

#[test]
fn the_reason_names_rule_level_and_asker() {
    let policy = policy("", &["{level: None, users: ['system:anonymous']}", "{level: Request}"]);
    let found = requests(Some(&policy), Anonymous::Known, &identities()).unwrap();
    assert_eq!(
        found[0].why,
        "a read of configmaps kaudit-proof, as system:node:cp0: rules[1] of the policy logs it at level Request"
    );
}

#[test]
fn flags_say_what_becomes_of_anonymous_requests() {
    let rbac = "--authorization-mode=Node,RBAC";
    for (arguments, expected) in [
        (&[rbac][..], Anonymous::Known),
        (&[rbac, "--anonymous-auth=true"], Anonymous::Known),
        (&[rbac, "--anonymous-auth=false"], Anonymous::Rejected),
        (&[rbac, "--anonymous-auth=0"], Anonymous::Rejected),
        (&[rbac, "--anonymous-auth=false", "--anonymous-auth"], Anonymous::Known),
        (&["--authorization-config=/a.yaml"], Anonymous::Known),
        (&[], Anonymous::Rejected),
        (&[rbac, "--authorization-mode=AlwaysAllow"], Anonymous::Rejected),
        (&[rbac, "--authentication-config=/a.yaml"], Anonymous::Unknown),
    ] {
        assert_eq!(Anonymous::of(arguments), expected, "{arguments:?}");
    }
}

//! The decisions of the presets about important requests, and the benchmarks that they pass.

use kaudit::policy::check;
use kaudit::policy::presets::benchmark::{self, Assessment};
use kaudit::policy::presets::preset;
use kaudit::policy::{Level, Policy, Request, Resource, Stage, Target, User, decide};

const MINOR: u32 = 36;

fn load(name: &str) -> Policy {
    check(preset::find(name).unwrap().text, MINOR).unwrap()
}

/// Who asks, with the groups that the API server gives such a user.
fn user(name: &str) -> User {
    let mut groups = vec![];
    if name == "system:anonymous" {
        groups.push("system:unauthenticated");
    } else {
        groups.push("system:authenticated");
    }
    if name.starts_with("system:node:") {
        groups.push("system:nodes");
    }
    if name.starts_with("system:serviceaccount:") {
        groups.push("system:serviceaccounts");
    }
    User { name: name.to_owned(), groups: groups.into_iter().map(str::to_owned).collect() }
}

/// `verb what`: what is a path, or `group/resource[/subresource]`, the core group being written `core`.
fn request(who: &str, what: &str) -> Request {
    let (verb, what) = what.split_once(' ').unwrap();
    let target = if what.starts_with('/') {
        Target::Path(what.to_owned())
    } else {
        let mut parts = what.split('/');
        let group = parts.next().unwrap().replace("core", "");
        let resource = parts.next().unwrap().to_owned();
        let subresource = parts.next().unwrap_or_default().to_owned();
        Target::Resource(Resource { group, resource, subresource, ..Resource::default() })
    };
    Request { user: Some(user(who)), verb: verb.to_owned(), target }
}

fn level(policy: &Policy, who: &str, what: &str) -> Level {
    decide(policy, &request(who, what)).level
}

const NODE: &str = "system:node:a";
const SCHEDULER: &str = "system:kube-scheduler";
const CONTROLLERS: &str = "system:kube-controller-manager";
const API_SERVER: &str = "system:apiserver";
const ANONYMOUS: &str = "system:anonymous";

#[test]
fn default_drops_the_chatter_of_the_control_plane() {
    let policy = load("default");
    for (who, what) in [
        (ANONYMOUS, "get /healthz"),
        (ANONYMOUS, "get /livez"),
        (ANONYMOUS, "get /readyz/etcd"),
        (ANONYMOUS, "head /version"),
        ("alice", "get /api"),
        ("alice", "get /apis/apps/v1"),
        ("alice", "get /openapi/v3"),
        ("system:serviceaccount:monitoring:prometheus", "get /metrics"),
        (NODE, "update coordination.k8s.io/leases"),
        (CONTROLLERS, "update coordination.k8s.io/leases"),
        ("system:serviceaccount:a:operator", "patch coordination.k8s.io/leases"),
        (NODE, "create core/events"),
        (SCHEDULER, "patch events.k8s.io/events"),
        (NODE, "get core/nodes"),
        (NODE, "patch core/nodes/status"),
        (NODE, "watch core/services"),
        (NODE, "create authorization.k8s.io/subjectaccessreviews"),
        (API_SERVER, "list core/pods"),
        (CONTROLLERS, "watch apps/replicasets"),
        (SCHEDULER, "watch core/pods"),
        ("system:serviceaccount:kube-system:kube-proxy", "watch discovery.k8s.io/endpointslices"),
        ("system:serviceaccount:kube-system:coredns", "watch discovery.k8s.io/endpointslices"),
        (
            "system:serviceaccount:kube-system:endpointslice-controller",
            "update discovery.k8s.io/endpointslices",
        ),
        ("system:serviceaccount:kube-system:horizontal-pod-autoscaler", "list metrics.k8s.io/pods"),
    ] {
        assert_eq!(level(&policy, who, what), Level::None, "{who}: {what}");
    }
}

#[test]
fn default_logs_what_matters_whoever_does_it() {
    let policy = load("default");
    for who in ["alice", NODE, SCHEDULER, CONTROLLERS, API_SERVER, ANONYMOUS] {
        for what in [
            "get core/secrets",
            "list core/secrets",
            "watch core/configmaps",
            "update core/configmaps",
            "create core/serviceaccounts/token",
            "create authentication.k8s.io/tokenreviews",
            "create core/pods/exec",
            "get core/pods/exec",
            "create core/pods/portforward",
            "get core/pods/proxy",
            "create core/services/proxy",
            "get core/nodes/proxy",
            "create core/pods",
            "delete core/pods",
            "patch apps/deployments",
            "deletecollection core/events",
            "delete coordination.k8s.io/leases",
        ] {
            assert_eq!(level(&policy, who, what), Level::Metadata, "{who}: {what}");
        }
    }
    for (who, what, expected) in [
        ("alice", "get core/pods", Level::Metadata),
        ("alice", "create rbac.authorization.k8s.io/clusterrolebindings", Level::Request),
        ("alice", "get rbac.authorization.k8s.io/clusterroles", Level::Metadata),
        ("alice", "update discovery.k8s.io/endpointslices", Level::Metadata),
        ("alice", "patch core/nodes", Level::Metadata),
        (ANONYMOUS, "get /api", Level::Metadata),
        (ANONYMOUS, "post /healthz", Level::Metadata),
        ("alice", "get example.com/widgets", Level::Metadata),
    ] {
        assert_eq!(level(&policy, who, what), expected, "{who}: {what}");
    }
}

#[test]
fn a_watch_is_logged_once_and_a_request_never_when_it_arrives() {
    let policy = load("default");
    let watch = decide(&policy, &request("alice", "watch example.com/widgets"));
    assert_eq!(
        watch.omit_stages.iter().collect::<Vec<_>>(),
        [Stage::RequestReceived, Stage::ResponseStarted]
    );
    let list = decide(&policy, &request("alice", "list example.com/widgets"));
    assert_eq!(list.omit_stages.iter().collect::<Vec<_>>(), [Stage::RequestReceived]);
}

#[test]
fn bodies_are_logged_as_the_names_of_the_presets_say_and_never_those_with_credentials() {
    for (name, read, write) in [
        ("metadata", Level::Metadata, Level::Metadata),
        ("write-bodies", Level::Metadata, Level::Request),
        ("all-bodies", Level::RequestResponse, Level::RequestResponse),
        ("stig", Level::RequestResponse, Level::RequestResponse),
    ] {
        let policy = load(name);
        for resource in [
            "core/pods",
            "apps/deployments",
            "example.com/widgets",
            "certificates.k8s.io/certificatesigningrequests",
        ] {
            for verb in ["get", "list"] {
                assert_eq!(
                    level(&policy, "alice", &format!("{verb} {resource}")),
                    read,
                    "{name} {verb} {resource}"
                );
            }
            for verb in ["create", "update", "patch", "delete", "deletecollection"] {
                assert_eq!(
                    level(&policy, "alice", &format!("{verb} {resource}")),
                    write,
                    "{name} {verb} {resource}"
                );
            }
        }
        let with_credentials = if name == "stig" { Level::RequestResponse } else { Level::Metadata };
        for resource in [
            "core/secrets",
            "core/configmaps",
            "core/serviceaccounts/token",
            "authentication.k8s.io/tokenreviews",
        ] {
            for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"] {
                for who in ["alice", NODE, CONTROLLERS] {
                    let what = format!("{verb} {resource}");
                    assert_eq!(level(&policy, who, &what), with_credentials, "{name}: {who} {what}");
                }
            }
        }
    }
}

#[test]
fn write_bodies_spares_what_kubelets_and_the_scheduler_write_about_pods() {
    let policy = load("write-bodies");
    assert_eq!(level(&policy, NODE, "patch core/pods/status"), Level::Metadata);
    assert_eq!(level(&policy, SCHEDULER, "create core/pods/binding"), Level::Metadata);
    assert_eq!(level(&policy, NODE, "patch coordination.k8s.io/leases"), Level::None);
}

#[test]
fn the_presets_pass_the_benchmarks_that_their_comments_name() {
    for preset in preset::all() {
        let policy = check(preset.text, MINOR).unwrap();
        let line = |label: &str| preset.text.lines().find(|line| line.contains(label)).unwrap().to_owned();
        let (passes, fails) = (line("Passes:"), line("Fails:"));
        for Assessment { control, passed, evidence } in benchmark::assess(&policy) {
            let id = control.rsplit(' ').next().unwrap();
            assert_eq!(passes.contains(id), passed, "{} {control}: {evidence:?}", preset.name);
            assert_eq!(fails.contains(id), !passed, "{} {control}: {evidence:?}", preset.name);
        }
    }
}

fn assess(rules: &str, predicate: fn(&Policy) -> Assessment) -> Assessment {
    let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rules}");
    predicate(&check(&text, MINOR).unwrap())
}

#[test]
fn kubescape_reads_names_and_not_effects() {
    let catch_all = assess("- level: Metadata\n", benchmark::kubescape_c_0161);
    assert!(!catch_all.passed);
    assert_eq!(catch_all.evidence.len(), 9, "{:?}", catch_all.evidence);

    let named = |leader_election: &str| {
        format!(
            "{leader_election}- level: Metadata\n  resources:\n  - {{group: '', resources: [secrets, configmaps]}}\n  \
             - {{group: authentication.k8s.io, resources: [tokenreviews]}}\n\
             - level: Request\n  resources:\n  - {{group: apps, resources: [deployments]}}\n  \
             - {{group: '', resources: [pods, pods/exec, pods/portforward, pods/proxy, services/proxy]}}\n"
        )
    };
    assert!(assess(&named(""), benchmark::kubescape_c_0161).passed);
    let none =
        "- level: None\n  resources: [{group: '', resources: [configmaps], resourceNames: [leader]}]\n";
    let assessment = assess(&named(none), benchmark::kubescape_c_0161);
    assert_eq!(assessment.evidence, ["rules[0] names configmaps at None, not Metadata"]);
}

#[test]
fn cis_asks_for_effects_and_finds_leaks_behind_conditions() {
    assert!(assess("- level: Metadata\n", benchmark::cis_3_2_2).passed);
    let bodies = assess("- level: RequestResponse\n", benchmark::cis_3_2_2);
    assert!(bodies.evidence.contains(&"rules[0] logs the bodies of secrets (RequestResponse)".to_owned()));
    let hidden =
        "- level: Request\n  users: [bob]\n  namespaces: [prod]\n  verbs: [update]\n- level: Metadata\n";
    let leak = assess(hidden, benchmark::cis_3_2_2);
    assert!(leak.evidence.contains(&"rules[0] logs the bodies of secrets (Request)".to_owned()), "{leak:?}");
    let shadowed =
        "- level: Metadata\n  resources: [{group: ''}, {group: authentication.k8s.io}]\n- level: Request\n";
    assert!(assess(shadowed, benchmark::cis_3_2_2).passed);
    let unlogged = assess("- {level: None, verbs: [delete]}\n- level: Metadata\n", benchmark::cis_3_2_2);
    assert!(unlogged.evidence.contains(&"delete pods is not logged".to_owned()), "{unlogged:?}");
}

#[test]
fn stig_wants_one_bare_rule() {
    assert!(assess("- level: RequestResponse\n", benchmark::stig_v_242403).passed);
    for rules in [
        "- level: Metadata\n",
        "- level: RequestResponse\n- level: Metadata\n",
        "- {level: RequestResponse, verbs: [get]}\n",
        "- {level: RequestResponse, omitStages: [RequestReceived]}\n",
    ] {
        assert!(!assess(rules, benchmark::stig_v_242403).passed, "{rules}");
    }
}

//! The findings of the checks, and policies that they accept.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kaudit::diagnostic::Severity;
use kaudit::policy::lint::{Linted, all, find, lint, lint_bytes};
use kaudit::policy::presets::preset;

const MINOR: u32 = 36;

/// A policy that has no findings, with these rules before its last one.
fn policy(rules: &str) -> String {
    let quiet = "- {level: None, resources: [{group: coordination.k8s.io}, {group: discovery.k8s.io}, \
                 {group: \"\", resources: [events]}, {group: events.k8s.io}]}";
    format!(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n{quiet}\n{rules}\n- level: Metadata\n"
    )
}

/// The id of every finding, and the text that it points at.
fn found(text: &str, minor: u32) -> Vec<(&'static str, String)> {
    let pointed_at = |linted: Linted| {
        let of = |line: usize, column: usize| -> String {
            let line: String =
                text.lines().nth(line - 1).unwrap_or_default().chars().skip(column - 1).collect();
            line.split([',', ']', '}']).next().unwrap().to_owned()
        };
        let place =
            |position: Option<kaudit::diagnostic::Position>| position.map(|it| of(it.line, it.column));
        linted.open().map(|it| (it.check.id, place(it.position()).unwrap_or_default())).collect()
    };
    pointed_at(lint(text, minor))
}

fn found_in_rule(rule: &str) -> Vec<(&'static str, String)> {
    found(&policy(rule), MINOR)
}

#[test]
fn nothing_is_found_in_a_good_policy() {
    assert_eq!(found_in_rule(""), []);
    for good in [
        "- {level: None, verbs: [get, watch], users: [a], resources: [{group: apps, resources: [deployments, \"*/status\", \"statefulsets/*\"]}]}",
        "- {level: None, verbs: [head, options], nonResourceURLs: [\"/healthz*\"]}",
        "- {level: None, resources: [{group: example.com, resources: [widgets, widgets/any]}, {group: metrics.k8s.io, resources: [pods]}]}",
        "- {level: None, namespaces: [kube-system], resources: [{resources: [namespaces, pods]}]}",
        "- {level: None, namespaces: [\"\"], resources: [{resources: [nodes]}]}",
        "- {level: None, nonResourceURLs: [/api, \"/api*\", /api/v1, \"/apis/apps/v1\", \"/openapi/*\"]}",
        "- {level: None, users: [\"system:serviceaccount:a:b\"], userGroups: [\"system:serviceaccounts:a\"]}",
        "- {level: None, verbs: [create], resources: [{resources: [pods/exec], resourceNames: [a]}]}",
        "- {level: None, verbs: [create], resources: [{resources: [pods], resourceNames: [a, \"\"]}]}",
        "- {level: None, resources: [{group: example.com, resources: [\"*/any\"]}]}",
    ] {
        assert_eq!(found_in_rule(good), [], "{good}");
    }
    for name in ["default", "write-bodies"] {
        assert_eq!(found(preset::find(name).unwrap().text, MINOR), [], "{name}");
    }
}

#[test]
fn a_value_that_matches_nothing_is_found_at_its_place() {
    for (rule, id, at) in [
        ("- {level: None, users: [\"system:*\", a]}", "KA201", "\"system:*\""),
        ("- {level: None, userGroups: [a, \"*\"]}", "KA201", "\"*\""),
        ("- {level: None, namespaces: [a, \"kube-*\"]}", "KA201", "\"kube-*\""),
        ("- {level: None, verbs: [get, \"*\"]}", "KA201", "\"*\""),
        (
            "- {level: None, resources: [{resources: [pods], resourceNames: [\"web*\", a]}]}",
            "KA201",
            "\"web*\"",
        ),
        ("- {level: None, verbs: [get, List]}", "KA202", "List"),
        ("- {level: None, verbs: [get, exec], resources: [{resources: [pods]}]}", "KA202", "exec"),
        ("- {level: None, verbs: [get, list], nonResourceURLs: [/metrics]}", "KA202", "list"),
        ("- {level: None, resources: [{resources: [pods, Service]}]}", "KA203", "Service"),
        ("- {level: None, resources: [{resources: [pods, svc]}]}", "KA203", "svc"),
        (
            "- {level: None, resources: [{group: example.com, resources: [widgets, Gadget]}]}",
            "KA203",
            "Gadget",
        ),
        ("- {level: None, resources: [{resources: [pods, deployments]}]}", "KA204", "deployments"),
        ("- {level: None, resources: [{group: apps, resources: [daemonsets, jobs]}]}", "KA204", "jobs"),
        ("- {level: None, resources: [{resources: [pods, widgets]}]}", "KA205", "widgets"),
        (
            "- {level: None, resources: [{group: apps, resources: [daemonsets, deploments]}]}",
            "KA205",
            "deploments",
        ),
        ("- {level: None, resources: [{resources: [pods, pods/logs]}]}", "KA206", "pods/logs"),
        ("- {level: None, resources: [{resources: [pods, \"*/logs\"]}]}", "KA206", "\"*/logs\""),
        ("- {level: None, resources: [{resources: [pods, \"*/*\"]}]}", "KA207", "\"*/*\""),
        ("- {level: None, resources: [{resources: [pods, \"po*\"]}]}", "KA207", "\"po*\""),
        (
            "- {level: None, resources: [{group: extensions, resources: [deployments]}]}",
            "KA208",
            "deployments",
        ),
        ("- {level: None, resources: [{resources: [pods]}, {group: extensions}]}", "KA208", "extensions"),
        (
            "- {level: None, resources: [{group: apps, resources: [deployments, deployments/rollback]}]}",
            "KA208",
            "deployments/rollback",
        ),
        ("- {level: None, resources: [{resources: [pods]}, {group: core}]}", "KA209", "core"),
        ("- {level: None, resources: [{resources: [pods]}, {group: v1}]}", "KA209", "v1"),
        (
            "- {level: None, resources: [{resources: [pods]}, {group: rbac.authorisation.k8s.io}]}",
            "KA209",
            "rbac.authorisation.k8s.io",
        ),
        ("- {level: None, resources: [{group: \"*\", resources: [pods]}]}", "KA210", "\"*\""),
        ("- {level: None, namespaces: [a], resources: [{resources: [pods, nodes]}]}", "KA211", "nodes"),
        ("- {level: None, users: [a, \"system:nodes\"]}", "KA212", "\"system:nodes\""),
        (
            "- {level: None, users: [a, \"system:serviceaccounts:ci\"]}",
            "KA212",
            "\"system:serviceaccounts:ci\"",
        ),
        ("- {level: None, userGroups: [a, \"system:kube-proxy\"]}", "KA212", "\"system:kube-proxy\""),
        ("- {level: None, nonResourceURLs: [/version, \"/api/v1/pods*\"]}", "KA213", "\"/api/v1/pods*\""),
        (
            "- {level: None, nonResourceURLs: [/apis/apps/v1/deployments, /a]}",
            "KA213",
            "/apis/apps/v1/deployments",
        ),
        (
            "- {level: None, verbs: [create, update], resources: [{resources: [pods], resourceNames: [a]}]}",
            "KA214",
            "[a",
        ),
    ] {
        assert_eq!(found_in_rule(rule), [(id, at.to_owned())], "{rule}");
    }
}

#[test]
fn rules_that_never_decide_are_found_with_those_that_take_their_requests() {
    let rules = "- {level: Request, resources: [{resources: [pods]}]}\n\
                 - {level: None, verbs: [get], resources: [{resources: [pods]}]}";
    assert_eq!(found_in_rule(rules), [("KA301", "{level: None".to_owned())]);
    let linted = lint(&policy(rules), MINOR);
    assert!(linted.findings[0].diagnostic.message.contains("rules[1] (line 6) takes every"), "{linted:?}");

    // No single one of the two takes all.
    let together = "- {level: Metadata, verbs: [get, list], resources: [{resources: [pods]}]}\n\
                    - {level: Metadata, verbs: [create], resources: [{resources: [\"pods/*\"]}]}\n\
                    - {level: None, verbs: [get, create], resources: [{resources: [pods]}]}";
    let linted = lint(&policy(together), MINOR);
    assert_eq!(linted.findings.len(), 1);
    assert!(
        linted.findings[0]
            .diagnostic
            .message
            .contains("rules[1] (line 6), rules[2] (line 7) together take every")
    );

    let shadowed = "- {level: Metadata, resources: [{resources: [secrets]}]}\n\
                    - {level: None, resources: [{resources: [pods, secrets]}]}";
    assert_eq!(found_in_rule(shadowed), [("KA302", "secrets".to_owned())]);
    let nothing = found_in_rule("- {level: None, resources: [{resources: [\"pods/\"]}]}");
    assert_eq!(nothing.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["KA303", "KA207"]);
}

#[test]
fn what_is_logged_too_much_or_not_at_all_is_found() {
    let head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
    let ids = |rest: &str, minor| -> Vec<&str> {
        found(&format!("{head}{rest}"), minor).into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(ids("rules: [{level: None}]", MINOR), ["KA305"]);
    assert_eq!(
        ids(
            "rules: [{level: Metadata, omitStages: [RequestReceived, ResponseStarted, ResponseComplete, Panic]}]",
            MINOR
        ),
        ["KA305", "KA403"]
    );
    assert_eq!(
        ids(
            "omitStages: [RequestReceived]\nrules: [{level: Metadata, resources: [{resources: [pods]}]}]",
            MINOR
        ),
        ["KA304"]
    );
    assert_eq!(
        ids("rules: [{level: Metadata, resources: [{resources: [pods]}]}, {level: None}]", MINOR),
        ["KA402"]
    );
    assert_eq!(
        ids("omitManagedFields: true\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]", 22),
        ["KA106", "KA403"]
    );
}

#[test]
fn bodies_are_found_where_they_have_credentials() {
    let found = |level: &str, verbs: &str, group: &str, resource: &str| {
        let verbs = if verbs.is_empty() { String::new() } else { format!("verbs: [{verbs}], ") };
        found_in_rule(&format!(
            "- {{level: {level}, {verbs}resources: [{{group: \"{group}\", resources: [\"{resource}\"]}}]}}"
        ))
        .into_iter()
        .map(|(id, _)| id)
        .collect::<Vec<_>>()
    };
    for (level, verbs, group, resource, id) in [
        ("Request", "", "", "secrets", "KA401"),
        ("Request", "", "", "configmaps", "KA401"),
        ("Request", "create", "authentication.k8s.io", "tokenreviews", "KA401"),
        ("RequestResponse", "create", "", "serviceaccounts/token", "KA401"),
        ("RequestResponse", "get", "", "secrets", "KA401"),
        ("RequestResponse", "deletecollection", "", "secrets", "KA401"),
        // Nothing was sent that is secret, and no answer is logged.
        ("Request", "get, list, delete", "", "secrets", "KA404"),
        ("Request", "", "", "serviceaccounts/token", "KA404"),
        // What a watch brings is not logged at any level.
        ("RequestResponse", "watch", "", "configmaps", "KA404"),
    ] {
        assert_eq!(found(level, verbs, group, resource), [id], "{level} {verbs} {resource}");
    }
    for (level, resource) in
        [("Metadata", "secrets"), ("RequestResponse", "serviceaccounts"), ("Request", "pods")]
    {
        assert!(found(level, "", "", resource).is_empty(), "{level} {resource}");
    }
    // What an earlier rule takes is not blamed.
    let rules =
        "- {level: Metadata, resources: [{resources: [secrets]}]}\n- {level: Request, namespaces: [a]}";
    let linted = lint(&policy(rules), MINOR);
    let message = &linted.findings[0].diagnostic.message;
    assert!(
        message.starts_with("this rule logs the bodies of configmaps, for example of create"),
        "{message}"
    );
    // A Secret has a namespace, and a TokenReview has none.
    let linted = lint(&policy("- {level: Request, verbs: [create], namespaces: [\"\"]}"), MINOR);
    let message = &linted.findings[0].diagnostic.message;
    assert!(
        message.starts_with("this rule logs the bodies of tokenreviews, for example of create"),
        "{message}"
    );
}

#[test]
fn a_policy_of_a_removed_version_is_looked_at_all_the_same() {
    let rules = "- {level: Metadata, users: [\"*\"], resources: [{resources: [pods]}]}";
    let old = policy(rules).replace("audit.k8s.io/v1\n", "audit.k8s.io/v1beta1\n");
    assert_eq!(
        found(&old, MINOR),
        [("KA101", "audit.k8s.io/v1beta1".to_owned()), ("KA201", "\"*\"".to_owned())]
    );
    assert_eq!(lint(&old, MINOR).would_start, Some(false));
    assert_eq!(found(&old, 23)[0].0, "KA107");
}

#[test]
fn bytes_that_are_not_utf_8_are_a_finding() {
    let latin1 = [policy("").as_bytes(), b"# caf\xe9\n#\n"].concat();
    let linted = lint_bytes(&latin1, MINOR);
    assert_eq!(linted.would_start, Some(false));
    assert_eq!(linted.findings[0].check.id, "KA101");
    let utf16 = lint_bytes(b"\xff\xfea\0", MINOR);
    assert_eq!((utf16.findings[0].check.id, utf16.would_start), ("KA102", None));
    assert_eq!(lint_bytes(b"a: \0\n", MINOR).would_start, Some(false));
}

/// The table is of 1.12 to 1.36: a newer version is checked as the newest of it.
#[test]
fn a_newer_release_is_taken_for_the_newest_that_is_known() {
    assert_eq!(found(&policy("- {level: None, resources: [{resources: [pods/log]}]}"), 99), []);
}

#[test]
fn what_the_api_server_refuses_is_a_finding_too() {
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: All\n";
    let linted = lint(text, MINOR);
    assert_eq!(linted.would_start, Some(false));
    assert_eq!(found(text, MINOR), [("KA101", "All".to_owned())]);
    let old = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: None\n";
    assert_eq!(found(old, MINOR)[0].0, "KA101");
    assert!(found(old, 23).iter().any(|(id, _)| *id == "KA107"));
    let dropped = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  user: [a]\n  level: None\n---\nkind: Policy\n";
    let ids: BTreeSet<_> = found(dropped, MINOR).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, BTreeSet::from(["KA103", "KA104", "KA105", "KA305"]));
    assert_eq!(found(&policy("- {level: None, resources: [{group: \"*\"}]}"), 35)[0].0, "KA101");
}

#[test]
fn a_comment_with_a_reason_allows_a_finding_and_nothing_else() {
    let allowed = |text: &str| -> Vec<(&str, bool)> {
        lint(text, MINOR).findings.iter().map(|it| (it.check.id, it.allowed.is_some())).collect()
    };
    let line = policy("- level: None\n  users: [\"*\"] # kaudit: allow KA201 there is one");
    assert_eq!(allowed(&line), [("KA201", true)]);
    let rule = policy(
        "# kaudit: allow KA201 there is one\n# and more\n- level: None\n  verbs: [get]\n  users: [\"*\"]",
    );
    assert_eq!(allowed(&rule), [("KA201", true)]);
    let file = format!("# kaudit: allow KA201 there is one\n{}", policy("- {level: None, users: [\"*\"]}"));
    assert_eq!(allowed(&file), [("KA201", true)]);
    let other = policy(
        "# kaudit: allow KA201 there is one\n- {level: None, users: [a]}\n- {level: None, users: [\"*\"]}",
    );
    assert_eq!(allowed(&other), [("KA108", false), ("KA201", false)]);
    let without_reason = policy("- {level: None, users: [\"*\"]} # kaudit: allow KA201");
    assert_eq!(allowed(&without_reason), [("KA201", false), ("KA108", false)]);
    let both =
        policy("- {level: None, users: [\"*\"], verbs: [GET]} # kaudit: allow KA201,KA202 both are meant");
    assert_eq!(allowed(&both), [("KA201", true), ("KA202", true)]);
    let unknown = policy("- {level: None, users: [a]} # kaudit: allow KA999 so");
    assert_eq!(allowed(&unknown), [("KA108", false)]);
    let refused = "# kaudit: allow KA101 so\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n";
    assert!(lint(refused, MINOR).open().any(|it| it.check.id == "KA101"));
}

#[test]
fn every_check_has_an_id_of_its_own_and_says_why() {
    let ids: BTreeSet<_> = all().iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), all().len());
    assert!(all().is_sorted_by_key(|check| check.id));
    for check in all() {
        assert!(check.link.starts_with("https://") && !check.why.is_empty() && !check.fix.is_empty());
        assert_eq!(find(&check.id.to_lowercase()), Some(check));
        let is_of_api_server = ["KA101", "KA102"].contains(&check.id);
        assert_eq!(check.severity == Severity::Error, is_of_api_server, "{}", check.id);
    }
}

/// Every finding of every real policy of the shared corpus, reviewed by hand.
#[test]
fn in_real_policies_is_found_what_is_there_and_nothing_else() {
    let corpus = Path::new("../shared/corpus/policies");
    if !corpus.exists() {
        return;
    }
    let table = include_str!("corpus-findings.tsv");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (file, expected) = line.split_once('\t').unwrap();
        let text = fs::read_to_string(corpus.join(file)).unwrap();
        let found: Vec<String> = lint(&text, MINOR)
            .findings
            .iter()
            .map(|it| format!("{}:{}", it.position().map_or(0, |position| position.line), it.check.id))
            .collect();
        assert_eq!(found.join(" "), expected, "{file}");
    }
    let files = fs::read_dir(corpus)
        .unwrap()
        .filter(|it| it.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "yaml"));
    assert_eq!(files.count(), table.lines().filter(|line| !line.starts_with('#')).count());
}

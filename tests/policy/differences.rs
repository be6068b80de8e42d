//! What differs between two policies: only requests that there are, each as explain takes it.

use std::process::{Command, Stdio};

use kaudit::policy::diff;
use kaudit::policy::{Policy, RequestSpec, describe_arguments, describe_rule, examine};

const MINOR: u32 = 36;

/// A policy with these rules, which are written in JSON.
fn policy(rules: &str) -> Policy {
    let text = format!(
        "apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{rules}]
"
    );
    examine(&text, MINOR).policy.unwrap()
}

/// The examples of what differs when `rule` is put before logging all.
fn examples(rule: &str) -> Vec<String> {
    let [before, after] = [policy("{level: Metadata}"), policy(&format!("{rule}, {{level: Metadata}}"))];
    diff(&before, &after).unwrap().iter().map(|class| describe_arguments(&class.example)).collect()
}

#[test]
fn what_no_client_sends_is_no_difference() {
    for rule in [
        r#"{level: None, verbs: [create], resources: [{group: "", resources: [configmaps], resourceNames: [foo]}]}"#,
        r#"{level: None, verbs: [create], resources: [{group: "", resources: [namespaces]}], namespaces: [foo]}"#,
        r#"{level: None, verbs: [get], resources: [{group: "", resources: [namespaces], resourceNames: [foo]}], namespaces: [bar]}"#,
        r#"{level: None, verbs: [get], resources: [{group: "", resources: [pods], resourceNames: [""]}]}"#,
        "{level: None, nonResourceURLs: [/api/v1/pods]}",
        "{level: None, verbs: [list], nonResourceURLs: [/other]}",
        "{level: None, verbs: [Get], nonResourceURLs: [/other]}",
        "{level: None, verbs: [frob], resources: [{group: apps, resources: [controllerrevisions]}]}",
    ] {
        assert_eq!(examples(rule), [""; 0], "{rule}");
    }
    // All that can be asked of secrets is taken before.
    let all = "get, list, watch, create, update, patch, delete, deletecollection";
    let of_secrets = r#"resources: [{group: "", resources: [secrets]}]"#;
    let before =
        policy(&format!("{{level: Request, verbs: [{all}], {of_secrets}}}, {{level: None, {of_secrets}}}"));
    let after = policy(&format!(
        "{{level: Request, verbs: [{all}], {of_secrets}}}, {{level: Metadata, {of_secrets}}}"
    ));
    assert_eq!(diff(&before, &after).unwrap(), []);
}

#[test]
fn an_example_is_what_clients_send_and_what_explain_takes() {
    let all = "get, list, watch, create, update, patch, delete, deletecollection";
    for (rule, expected) in [
        (
            format!(r#"{{level: Request, verbs: [{all}], resources: [{{group: "", resources: [secrets]}}]}}"#),
            "get secrets web -n default --as alice",
        ),
        (
            r#"{level: None, verbs: [create], resources: [{group: "", resources: [configmaps]}], namespaces: [a]}"#
                .to_owned(),
            "create configmaps -n a --as alice",
        ),
        (
            r#"{level: None, verbs: [create], resources: [{group: "", resources: [serviceaccounts/token], resourceNames: [foo]}]}"#
                .to_owned(),
            "create serviceaccounts/token foo -n default --as alice",
        ),
        (
            r#"{level: None, verbs: [get, create], resources: [{group: "", resources: [namespaces]}], namespaces: [foo]}"#
                .to_owned(),
            "get namespaces foo -n foo --as alice",
        ),
        (
            r#"{level: None, resources: [{group: "", resources: [namespaces], resourceNames: [foo]}], namespaces: [""]}"#
                .to_owned(),
            "list namespaces foo --as alice",
        ),
        ("{level: None, nonResourceURLs: [/healthz*]}".to_owned(), "get /healthz --as alice"),
        ("{level: None, users: ['*'], nonResourceURLs: [/metrics]}".to_owned(), "get /metrics --as '*'"),
        ("{level: None, userGroups: [devs], verbs: [watch]}".to_owned(), "watch pods -n default --as alice --as-group devs"),
    ] {
        assert_eq!(examples(&rule), [expected], "{rule}");
    }
}

#[test]
fn every_example_is_read_by_explain_as_the_very_request() {
    let presets = kaudit::policy::presets::preset::all()
        .iter()
        .map(|preset| examine(preset.text, MINOR).policy.unwrap());
    let presets: Vec<Policy> = presets.collect();
    let mut checked = 0;
    for (before, after) in presets.iter().flat_map(|one| presets.iter().map(move |other| (one, other))) {
        for class in diff(before, after).unwrap() {
            let arguments = describe_arguments(&class.example);
            let mut spec = RequestSpec::default();
            let mut words = arguments.split(' ').map(|word| word.trim_matches('\'').to_owned());
            while let Some(word) = words.next() {
                match word.as_str() {
                    "-n" => spec.namespace = words.next(),
                    "--all-namespaces" => spec.all_namespaces = true,
                    "--as" => spec.user = words.next(),
                    "--as-group" => spec.groups.extend(words.next()),
                    _ => spec.arguments.push(word),
                }
            }
            let (mut request, _) = spec.request(MINOR).unwrap();
            let mut expected = class.example.clone();
            for user in [&mut request, &mut expected].into_iter().filter_map(|it| it.user.as_mut()) {
                user.groups.sort();
            }
            assert_eq!(request, expected, "{arguments}");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn a_rule_is_described_in_few_words() {
    for (rule, words) in [
        ("{level: None}", "everything"),
        ("{level: None, verbs: [get, list, watch, create]}", "get, list, watch and 1 more"),
        ("{level: None, users: [alice], nonResourceURLs: [/healthz*]}", "/healthz* by alice"),
        ("{level: None, namespaces: [\"\"], userGroups: [devs]}", "all resources in \"\" by group devs"),
        (
            r#"{level: None, verbs: [get], resources: [{group: ""}, {group: apps, resources: [deployments/scale, "*"], resourceNames: [web]}]}"#,
            "get of all of the core group, deployments.apps/scale named web, *.apps named web",
        ),
    ] {
        assert_eq!(describe_rule(&policy(rule).rules[0]), words);
    }
}

#[test]
fn a_preset_that_is_taken_in_place_of_a_file_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let note = "default is the preset; for the file, write ./default";
    for is_there in [false, true] {
        for arguments in [
            vec!["lint", "default"],
            vec!["explain", "default", "list", "pods"],
            vec!["diff", "metadata", "default"],
            vec!["replay", "metadata", "-", "--compare", "default"],
        ] {
            let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
                .arg("policy")
                .args(&arguments)
                .args(["--root", "."])
                .current_dir(directory.path())
                .env_clear()
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(said.contains(note), is_there, "{arguments:?}: {said}");
        }
        std::fs::write(directory.path().join("default"), "no policy").unwrap();
    }
}

//! The report on an invalid policy: the position, the message, and what to write instead.

use kaudit::diagnostic::{Diagnostic, Position};
use kaudit::policy::check;
use kaudit::policy::{ApiVersion, FindingKind, examine};

const HEAD: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";

fn refuse(rules: &str) -> Diagnostic {
    check(&format!("{HEAD}{rules}"), 36).unwrap_err()
}

#[test]
fn a_refusal_has_the_words_the_place_the_line_and_the_help() {
    let refusal = refuse("rules:\n- level: metadata\n");
    assert_eq!(
        refusal.message,
        "kube-apiserver 1.36 would not start with this policy: rules[0].level: Unsupported value: \"metadata\": \
         supported values: \"None\", \"Metadata\", \"Request\", \"RequestResponse\""
    );
    assert_eq!(refusal.location.position, Some(Position { line: 4, column: 10 }));
    assert_eq!(refusal.location.excerpt.as_deref(), Some("- level: metadata"));
    assert_eq!(refusal.help, ["did you mean Metadata?"]);
}

#[test]
fn each_fault_is_found_at_its_place_with_what_to_write_instead() {
    for (rules, line, column, help) in [
        ("rules:\n- users: [a]\n", 4, 3, "every rule needs a level"),
        ("rules:\n- level: None\n  users: [a, 1234]\n", 5, 14, "put it into double quotes"),
        ("rules:\n- level: None\n  users: [yes]\n", 5, 11, "put it into double quotes"),
        ("rules:\n- level: None\n  users: alice\n", 5, 10, "write a list here"),
        ("omitStages: [requestReceived]\nrules:\n- level: None\n", 3, 14, "did you mean RequestReceived?"),
        ("rules:\n- level: None\n  nonResourceURLs: [healthz]\n", 5, 21, "write \"/healthz\""),
        ("rules:\n- level: None\n  nonResourceURLs: ['/a*b']\n", 5, 21, "write \"/a*\""),
        (
            "rules:\n- level: None\n  resources:\n  - group: Apps/v1\n",
            6,
            12,
            "write the group without version",
        ),
        (
            "rules:\n- level: None\n  resources:\n  - {group: a, resourceNames: [b]}\n",
            6,
            31,
            "name the resources",
        ),
        ("rules: []\n", 3, 1, "add a rule"),
        ("rule:\n- level: None\n", 1, 1, "add a rule"),
        ("omitStages:\n  rules:\n  - level: None\n", 4, 3, "write a list here"),
        (
            "rules:\n- level: None\n  usergroups: [a]\n",
            5,
            3,
            "did you mean `userGroups`? (keys are case-sensitive",
        ),
        (
            "rules:\n- level: None\n  resources:\n  - {group: '', verbs: [get]}\n",
            6,
            17,
            "`verbs` is a key of a rule",
        ),
        ("rules:\n- level: None\n  resources:\n  - {apiGroups: ['']}\n", 6, 6, "the key is `group`"),
        ("rules:\n- level: None\n  level: Metadata\n", 5, 3, "keep one"),
        ("rules:\n- level: None\n---\nrules: []\n", 6, 1, "reads only the first document"),
        ("rules:\n- level: None\n   users: [a]\n", 5, 9, "check the indentation"),
    ] {
        let refusal = refuse(rules);
        assert_eq!(refusal.location.position, Some(Position { line, column }), "{rules}{refusal:#?}");
        assert!(refusal.help.iter().any(|step| step.contains(help)), "{rules}{refusal:#?}");
    }
}

#[test]
fn a_dropped_key_is_explained_by_its_effect() {
    let refusal = refuse("rules:\n- level: None\n  usergroups: [a]\n");
    assert!(refusal.message.ends_with("unknown field \"rules[0].usergroups\""), "{}", refusal.message);
    assert!(refusal.help[1].ends_with("the rule then matches users of every group"), "{:?}", refusal.help);
}

#[test]
fn further_faults_are_named_in_the_help() {
    let refusal = refuse("rules:\n- level: a\n- level: b\n  verb: [get]\n");
    assert!(
        refusal.help.iter().any(|step| step.starts_with("also 5:10: rules[1].level:")),
        "{:?}",
        refusal.help
    );
    assert!(
        refusal.help.iter().any(|step| step.contains("unknown field \"rules[1].verb\"")),
        "{:?}",
        refusal.help
    );
}

#[test]
fn the_verdict_depends_on_the_version_of_the_api_server() {
    let beta = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: Metadata\n";
    assert_eq!(check(beta, 23).unwrap().api_version, ApiVersion::V1beta1);
    let refusal = check(beta, 24).unwrap_err();
    assert!(refusal.message.contains("1.24 does not read the apiVersion \"audit.k8s.io/v1beta1\""));
    assert!(refusal.help[0].contains("write `apiVersion: audit.k8s.io/v1`"), "{:?}", refusal.help);
    let alpha = beta.replace("v1beta1", "v1alpha1");
    assert!(check(&alpha, 23).is_ok() && check(&alpha, 24).is_err());
    let current = beta.replace("v1beta1", "v1");
    assert!(check(&current, 12).is_ok() && check(&current, 11).is_err());

    let any_group = format!("{HEAD}rules:\n- level: None\n  resources: [{{group: '*'}}]\n");
    assert!(check(&any_group, 36).is_ok());
    assert!(
        check(&any_group, 35).unwrap_err().message.contains("rules[0].resources.group: Invalid value: \"*\"")
    );

    let managed =
        format!("{HEAD}omitManagedFields: true\nrules:\n- {{level: Request, omitManagedFields: false}}\n");
    assert!(check(&managed, 23).unwrap().omit_managed_fields);
    let examined = examine(&managed, 22);
    assert_eq!(examined.findings.iter().map(|it| it.kind).collect::<Vec<_>>(), [FindingKind::TooNewKey; 2]);
    let policy = examined.policy.unwrap();
    assert!(!policy.omit_managed_fields && policy.rules[0].omit_managed_fields.is_none());
}

/// What the API server would work with is there although kaudit objects.
#[test]
fn a_strict_objection_leaves_the_policy_as_the_api_server_reads_it() {
    let examined =
        examine(&format!("{HEAD}rules:\n- level: None\n  level: Metadata\n  userGroup: [a]\n"), 36);
    assert!(examined.findings.iter().all(|finding| finding.kind.is_ignored_part()));
    let rule = &examined.policy.unwrap().rules[0];
    assert_eq!(rule.level.name(), "Metadata");
    assert!(rule.user_groups.is_empty());
}

/// What is eight times as deep takes about eight times as long, and not the square of it.
#[test]
#[allow(clippy::disallowed_methods, reason = "what is long is measured, against itself")]
fn a_verdict_on_a_deep_text_takes_a_time_that_grows_with_its_length() {
    let started = std::time::Instant::now;
    for piece in ["[", "a: {", "a: [\n", "- ", "? ", "a:\t{", "[\"]\", "] {
        let time = |size: usize| {
            let text = piece.repeat(size / piece.len());
            let before = started();
            let kind = examine(&text, 36).findings[0].kind;
            assert_eq!(kind, FindingKind::WouldNotStart, "{piece}");
            before.elapsed().max(std::time::Duration::from_millis(100))
        };
        let (short, long) = (time(1 << 17), time(1 << 20));
        assert!(long < short * 40, "{long:?} for eight times of what takes {short:?}: {piece}");
    }
}

#[test]
fn what_cannot_be_told_is_neither_good_nor_bad() {
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  users: [-]\n";
    let examined = examine(text, 36);
    assert_eq!(examined.would_start(), None);
    let message = examined.findings[0].message();
    assert!(message.starts_with("kaudit cannot tell how the API server reads this: "), "{message}");
    assert_eq!(examine(&text.replace("[-]", "[a]"), 36).would_start(), Some(true));
    assert_eq!(
        examine(&text.replace("Metadata", "Meta").replace("[-]", "[a]"), 36).would_start(),
        Some(false)
    );
}

/// Go makes a string of the number. A rule that lacks its level is refused for that, and a rule that has one is not.
#[test]
fn a_key_that_is_an_alias_to_a_number_leaves_the_result_open() {
    for rule in ["- *k : None\n", "- level: None\n  *k : x\n"] {
        let text = format!("x: &k 1e3\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rule}");
        let examined = examine(&text, 36);
        assert_eq!(examined.would_start(), None, "{rule}");
        assert!(
            examined.findings[0].message().contains("alias to a number"),
            "{}",
            examined.findings[0].message()
        );
    }
}

/// As Go 1.26 does it with the loader of Kubernetes 1.36.
#[test]
fn a_number_without_a_form_in_json_is_found_last() {
    let message = |text: &str| examine(text, 36).findings[0].message().to_owned();
    let infinite = "apiVersion: audit.k8s.io/v1\nkind: -.INF\nrules:\n- level: Metadata\n";
    assert!(message(infinite).contains("has no form in JSON"), "{}", message(infinite));
    for key in ["  ~: null\n", "  é: .nan\n  users: [{null: \"*\"}]\n"] {
        assert_eq!(message(&format!("{infinite}{key}")), "this key is not a string", "{key}");
    }
    // All of them in one reading.
    let many = format!("{infinite}x: [{}]\n", ".inf, ".repeat(20_000));
    assert!(message(&many).contains("has no form in JSON"), "{}", message(&many));
}

#[test]
fn errors_in_json_have_their_positions_whatever_is_between_a_key_and_its_colon() {
    let rule = r#"{"level": "Metadata", "verbs": ["a: \"b\" : c", 2], "users": [1]}"#;
    let text = format!(r#"{{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{rule}]}}"#);
    for between in ["", "  ", "\t", "\n", "\r\n \n"] {
        let text = text.replace("\": ", &format!("\"{between}: "));
        let findings = examine(&text, 36).findings;
        let places: Vec<_> =
            findings.iter().map(|finding| (finding.message(), finding.position().unwrap().line)).collect();
        let lines = between.matches('\n').count();
        let expected = [
            ("rules[0].verbs[1] must be a string, not a number", 1 + 5 * lines),
            ("rules[0].users[0] must be a string, not a number", 1 + 6 * lines),
        ];
        assert_eq!(places, expected, "{text}");
    }
}

#[test]
fn syntax_and_decode_errors_have_a_plain_message() {
    let rule = |rule: &str| format!("{HEAD}rules:\n- {rule}\n");
    for (text, message) in [
        ("- a\n".to_owned(), "a policy is a mapping, but the file is a list"),
        (HEAD.replace("Policy", "Event"), "the kind is \"Event\", not \"Policy\""),
        (HEAD.replace("Policy", "[]"), "kind must be a string, not a list"),
        ("kind: Policy\nrules: []\n".to_owned(), "the file has no valid apiVersion"),
        (HEAD.replace("audit.k8s.io/v1", "v1"), "kube-apiserver 1.36 does not read the apiVersion \"v1\""),
        (HEAD.replace("audit.k8s.io", "a/b"), "the apiVersion \"a/b/v1\" has more than one slash"),
        (rule("{level: None, users: a}"), "rules[0].users must be a list, not a string"),
        (
            rule("{level: None, omitManagedFields: a}"),
            "rules[0].omitManagedFields must be true or false, not a string",
        ),
        (rule("a"), "rules[0] must be a mapping, not a string"),
        (
            format!("{HEAD}metadata: {{generation: 1.5}}\n"),
            "metadata.generation must be a 64-bit integer, not 1.5",
        ),
        (
            format!("{HEAD}metadata: {{creationTimestamp: now}}\n"),
            "metadata.creationTimestamp must be a time as in RFC 3339, not \"now\"",
        ),
        ("{\"a\": 1,}".to_owned(), "this is not valid JSON: key must be a string"),
        (format!("%YAML 1.2\n---\n{HEAD}"), "the API server reads only YAML 1.1"),
    ] {
        assert_eq!(examine(&text, 36).findings[0].message(), message, "{text}");
    }
}

/// What Go makes of these depends on its reader's own ways, which are not rebuilt.
#[test]
fn what_readers_take_differently_has_no_verdict() {
    for text in [
        "x: &a {level: None, verbs: [get]}\nrules:\n- verbs: [-.INF]\n  <<: *a\n",
        "x: {level: None, verbs:}\nrules:\n- [a, {level: Foo\n\n}]\n",
        "rules:\r- level: Metadata\r\u{feff}omitStages: [\n",
        "# a\u{2028}b\nrules:\n- level: Metadata # \u{ffff}\n",
    ] {
        let findings = examine(&format!("{HEAD}{text}"), 36).findings;
        assert_eq!(findings.first().map(|finding| finding.kind), Some(FindingKind::Undecided), "{text:?}");
    }
    assert!(check(&format!("%YAML 1.01\n---\n{HEAD}rules:\n- level: Metadata\n"), 36).is_ok());
}

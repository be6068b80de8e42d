//! What an operator reads about a bad policy: the place, the API server's words, and what to write instead.

use kaudit::diagnostic::{Diagnostic, Position};
use kaudit::policy::judge;
use kaudit::policy::{ApiVersion, Verdict, examine};

const HEAD: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";

fn refuse(rules: &str) -> Diagnostic {
    judge(&format!("{HEAD}{rules}"), 36).unwrap_err()
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
        ("rules: []\n", 3, 1, "give it a rule"),
        ("rule:\n- level: None\n", 1, 1, "give it a rule"),
        ("omitStages:\n  rules:\n  - level: None\n", 4, 3, "write a list here"),
        (
            "rules:\n- level: None\n  usergroups: [a]\n",
            5,
            3,
            "did you mean `userGroups`? (upper and lower case",
        ),
        (
            "rules:\n- level: None\n  resources:\n  - {group: '', verbs: [get]}\n",
            6,
            17,
            "`verbs` is a key of a rule",
        ),
        ("rules:\n- level: None\n  resources:\n  - {apiGroups: ['']}\n", 6, 6, "it is called `group`"),
        ("rules:\n- level: None\n  level: Metadata\n", 5, 3, "keep one"),
        ("rules:\n- level: None\n---\nrules: []\n", 6, 1, "reads only the first one"),
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
    assert_eq!(judge(beta, 23).unwrap().api_version, ApiVersion::V1beta1);
    let refusal = judge(beta, 24).unwrap_err();
    assert!(
        refusal.message.contains("no kind \"Policy\" is registered for version \"audit.k8s.io/v1beta1\"")
    );
    assert!(refusal.help[0].contains("write `apiVersion: audit.k8s.io/v1`"), "{:?}", refusal.help);
    let alpha = beta.replace("v1beta1", "v1alpha1");
    assert!(judge(&alpha, 23).is_ok() && judge(&alpha, 24).is_err());
    let current = beta.replace("v1beta1", "v1");
    assert!(judge(&current, 12).is_ok() && judge(&current, 11).is_err());

    let any_group = format!("{HEAD}rules:\n- level: None\n  resources: [{{group: '*'}}]\n");
    assert!(judge(&any_group, 36).is_ok());
    assert!(
        judge(&any_group, 35).unwrap_err().message.contains("rules[0].resources.group: Invalid value: \"*\"")
    );

    let managed =
        format!("{HEAD}omitManagedFields: true\nrules:\n- {{level: Request, omitManagedFields: false}}\n");
    assert!(judge(&managed, 23).unwrap().omit_managed_fields);
    let judgement = examine(&managed, 22);
    assert_eq!(judgement.findings.iter().map(|it| it.verdict).collect::<Vec<_>>(), [Verdict::Strict; 2]);
    let policy = judgement.policy.unwrap();
    assert!(!policy.omit_managed_fields && policy.rules[0].omit_managed_fields.is_none());
}

/// What the API server would work with is there although kaudit objects.
#[test]
fn a_strict_objection_leaves_the_policy_as_the_api_server_reads_it() {
    let judgement =
        examine(&format!("{HEAD}rules:\n- level: None\n  level: Metadata\n  userGroup: [a]\n"), 36);
    assert!(judgement.findings.iter().all(|finding| finding.verdict == Verdict::Strict));
    let rule = &judgement.policy.unwrap().rules[0];
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
            let verdict = examine(&text, 36).findings[0].verdict;
            assert_eq!(verdict, Verdict::WouldNotStart, "{piece}");
            before.elapsed().max(std::time::Duration::from_millis(100))
        };
        let (short, long) = (time(1 << 17), time(1 << 20));
        assert!(long < short * 40, "{long:?} for eight times of what takes {short:?}: {piece}");
    }
}

#[test]
fn what_cannot_be_told_is_neither_good_nor_bad() {
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  users: [-]\n";
    let judgement = examine(text, 36);
    assert_eq!(judgement.would_start(), None);
    let words = &judgement.findings[0].words;
    assert!(words.starts_with("kaudit cannot tell how the API server reads this: "), "{words}");
    assert_eq!(examine(&text.replace("[-]", "[a]"), 36).would_start(), Some(true));
    assert_eq!(
        examine(&text.replace("Metadata", "Meta").replace("[-]", "[a]"), 36).would_start(),
        Some(false)
    );
}

/// As Go 1.26 does it with the loader of Kubernetes 1.36.
#[test]
fn a_number_without_a_form_in_json_is_found_last() {
    let words = |text: &str| examine(text, 36).findings.first().map(|finding| finding.words.clone()).unwrap();
    let infinite = "apiVersion: audit.k8s.io/v1\nkind: -.INF\nrules:\n- level: Metadata\n";
    assert_eq!(words(infinite), "failed decoding: json: unsupported value: -Inf");
    for key in ["  ~: null\n", "  é: .nan\n  users: [{null: \"*\"}]\n"] {
        assert_eq!(words(&format!("{infinite}{key}")), "failed decoding: yaml: invalid map key", "{key}");
    }
    // All of them in one reading.
    let many = format!("{infinite}x: [{}]\n", ".inf, ".repeat(20_000));
    assert_eq!(words(&many), "failed decoding: json: unsupported value: -Inf");
}

/// Go names the first fault of JSON in the order of the text.
#[test]
fn the_faults_of_json_have_their_places_whatever_is_between_a_key_and_its_colon() {
    let rule = r#"{"level": "Metadata", "verbs": ["a: \"b\" : c", 2], "users": [1]}"#;
    let text = format!(r#"{{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{rule}]}}"#);
    for between in ["", "  ", "\t", "\n", "\r\n \n"] {
        let text = text.replace("\": ", &format!("\"{between}: "));
        let findings = examine(&text, 36).findings;
        let places: Vec<_> =
            findings.iter().map(|finding| (&finding.words, finding.position.unwrap().line)).collect();
        let lines = between.matches('\n').count();
        let words = |field| {
            format!(
                "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.{field} of type string"
            )
        };
        assert_eq!(places, [(&words("verbs"), 1 + 5 * lines), (&words("users"), 1 + 6 * lines)], "{text}");
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
        assert_eq!(findings.first().map(|finding| finding.verdict), Some(Verdict::Undecided), "{text:?}");
    }
    assert!(judge(&format!("%YAML 1.01\n---\n{HEAD}rules:\n- level: Metadata\n"), 36).is_ok());
}

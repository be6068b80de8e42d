//! The verdict on a policy file, compared with the answers of the API server's own code.
//!
//! `tests/policy/go-verdicts.jsonl` holds cases and what `tests/go/policy` (Kubernetes 1.36) said about them;
//! `go run . <go-verdicts.jsonl` in that folder asks again.

use std::fs;
use std::path::Path;

use kaudit::policy::judge;
use kaudit::policy::presets::preset;
use kaudit::policy::{Cause, Finding, Verdict, examine};
use serde::Deserialize;

/// The version of the API server that answered.
const MINOR: u32 = 36;

#[derive(Deserialize)]
pub(crate) struct Case {
    #[serde(default)]
    name: String,
    pub(crate) policy: String,
    pub(crate) error: String,
    #[serde(default)]
    strict: String,
}

pub(crate) fn cases() -> Vec<Case> {
    let text = fs::read_to_string("tests/policy/go-verdicts.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The scheme's name is the place in the source where it was made, and differs with how the program was built.
fn without_scheme(message: &str) -> &str {
    message.split(" in scheme \"").next().unwrap()
}

/// What the API server would print for these findings: the decoder names one fault, the validation all.
fn aggregate(findings: &[Finding]) -> String {
    let fatal = || findings.iter().filter(|finding| finding.verdict == Verdict::WouldNotStart);
    let first = fatal().next().map(|finding| finding.words.clone()).unwrap_or_default();
    if first.starts_with("failed decoding: ") {
        return first;
    }
    let mut distinct: Vec<&str> = Vec::new();
    for finding in fatal() {
        if !distinct.contains(&finding.words.as_str()) {
            distinct.push(&finding.words);
        }
    }
    match distinct.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// A text that is broken at random is broken for each reader at a place of its own; see
/// [`syntax_errors_have_the_words_of_gos_readers`] for the plain ones.
fn is_syntax_error(error: &str) -> bool {
    [
        "failed decoding: yaml: ",
        "failed decoding: error converting YAML to JSON",
        "json parse error: invalid character",
        "json parse error: unexpected end",
    ]
    .iter()
    .any(|words| error.contains(words))
}

/// The number itself is printed as the reader before printed it.
fn without_number(message: &str) -> String {
    match (message.find("unmarshal number "), message.find(" into Go")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{}", &message[..from + "unmarshal number".len()], &message[to..])
        }
        _ => message.to_owned(),
    }
}

/// Describes how our verdict on the policy differs from the API server's, if it does.
pub(crate) fn differs(policy: &str, error: &str) -> Option<String> {
    let findings = examine(policy, MINOR).findings;
    let refuses = findings.iter().any(|finding| finding.verdict == Verdict::WouldNotStart);
    if refuses == error.is_empty() {
        return Some(format!("the API server says {error:?}, kaudit {findings:?}"));
    }
    if error.is_empty() || is_syntax_error(error) {
        return None;
    }
    let ours = aggregate(&findings);
    if ours == "failed decoding: yaml: invalid map key" {
        // Go prints the key as well, and null as one that it cannot print.
        return None;
    }
    // Not repeated are: what exactly is wrong with a time, the whole text, the types of a file without version, and what else
    // is wrong with an object that is no policy.
    let same = if ours.starts_with("failed decoding: parsing time") {
        error.starts_with("failed decoding: parsing time")
    } else if ours.ends_with("is missing") {
        error.starts_with(&ours)
    } else {
        ours.contains("/__internal")
            || ours.ends_with(": unknown conversion")
            || without_scheme(&without_number(error)) == without_scheme(&without_number(&ours))
    };
    (!same).then(|| format!("the API server says\n  {error}\nkaudit\n  {ours}"))
}

pub(crate) fn is_undecided(case: &Case) -> bool {
    examine(&case.policy, MINOR).findings.iter().any(|finding| finding.verdict == Verdict::Undecided)
}

#[test]
fn verdicts_and_words_are_those_of_the_api_server() {
    let cases = cases();
    assert!(cases.len() > 800, "{} cases", cases.len());
    let differences: Vec<_> = cases
        .iter()
        .filter(|case| !is_undecided(case))
        .filter_map(|case| differs(&case.policy, &case.error).map(|it| format!("{}: {it}", case.name)))
        .collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

#[test]
fn syntax_errors_have_the_words_of_gos_readers() {
    let cases = cases();
    let broken = cases.iter().filter(|case| is_syntax_error(&case.error) && !is_undecided(case));
    let differing = |case: &&Case| {
        let ours = aggregate(&examine(&case.policy, MINOR).findings);
        // Of a key that is a list or a mapping, Go prints the value.
        ours != case.error && !case.error.starts_with(&format!("{ours}: "))
    };
    let (same, different): (Vec<_>, Vec<_>) = broken.partition(|case| !differing(case));
    assert!(same.len() > 60, "only {} are compared", same.len());
    // libyaml stops earlier than go-yaml at a bracket behind a tag.
    assert_eq!(different.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), ["users flow [!!str]"]);
}

/// What a release says from its minor version on. `…` stands for the words of json-iterator, which decoded before 1.23 and
/// is not repeated here: kaudit says what encoding/json does.
#[derive(Deserialize)]
struct ByVersion {
    policy: String,
    says: Vec<Says>,
}

#[derive(Deserialize)]
struct Says {
    from: u32,
    error: String,
}

/// The minor versions whose `policy.LoadPolicyFromBytes` was asked, by the last patch of each of k8s.io/apiserver.
const ASKED: [u32; 9] = [16, 19, 22, 23, 24, 25, 26, 30, 35];

#[test]
fn each_version_has_its_own_verdicts_and_words() {
    let text = fs::read_to_string("tests/policy/go-verdicts-by-version.jsonl").unwrap();
    let mut compared = 0;
    for line in text.lines() {
        let case: ByVersion = serde_json::from_str(line).unwrap();
        for minor in ASKED {
            let said = &case.says.iter().rfind(|it| it.from <= minor).unwrap().error;
            let findings = examine(&case.policy, minor).findings;
            let ours = aggregate(&findings);
            let same = match said.strip_suffix('…') {
                Some(start) => ours.starts_with(start),
                None => without_scheme(&ours) == said,
            };
            assert!(same, "1.{minor} says\n  {said}\nkaudit\n  {ours}\nof\n{}", case.policy);
            compared += 1;
        }
    }
    assert!(compared > 400, "only {compared} are compared");
}

/// The texts that kaudit does not decide about, each of them odd enough. The list may only become shorter.
#[test]
fn hardly_anything_is_undecided() {
    let undecided: Vec<_> = cases().into_iter().filter(is_undecided).map(|case| case.name).collect();
    assert_eq!(undecided, UNDECIDED);
}

const UNDECIDED: [&str; 16] = [
    "users item !!binary YQ==",
    "users flow [a?]",
    "users flow [::]",
    "users flow [-]",
    "inner BOM",
    "JSON order of kinds",
    "JSON order of kinds, turned",
    "JSON order of kinds, sorted last first",
    "JSON metadata twice",
    "JSON lone surrogate",
    "JSON huge number in unknown key",
    "150 deep, broken below",
    "150 deep, key twice",
    "150 deep, key of no text",
    "JSON level twice, the first no text",
    "100 deep, text before brackets",
];

/// The strict decoder names every dropped key; kaudit must object to each, and may object to more.
#[test]
fn what_the_strict_decoder_finds_is_an_objection() {
    for case in cases().iter().filter(|case| case.error.is_empty() && !case.strict.is_empty()) {
        assert!(judge(&case.policy, MINOR).is_err(), "{}", case.name);
        if is_undecided(case) {
            continue;
        }
        let findings = examine(&case.policy, MINOR).findings;
        assert!(!findings.is_empty(), "{}: {}", case.name, case.strict);
        // `key "level" already set in map` of YAML, `duplicate field "rules[0].level"` of JSON.
        let of_json = case.strict.split("duplicate field \"").skip(1);
        let of_yaml = case.strict.split(" already set").filter_map(|part| part.split_once("key \""));
        for named in of_json.chain(of_yaml.map(|(_, key)| key)) {
            let path = named.split('"').next().unwrap();
            let key = path.rsplit('.').next().unwrap();
            let is_twice = |finding: &Finding| {
                finding.cause == Cause::DuplicateKey && finding.words.contains(&format!("`{key}`"))
            };
            assert!(findings.iter().any(is_twice), "{}: {}", case.name, case.strict);
        }
        for named in case.strict.split(", ").filter_map(|part| part.split_once("unknown field ")) {
            assert!(
                findings.iter().any(|finding| finding.words.contains(named.1)),
                "{}: {}",
                case.name,
                named.1
            );
        }
    }
}

/// kaudit takes what the API server takes without a warning; the only objection of its own is to documents that
/// are not read.
#[test]
fn what_the_strict_decoder_passes_is_taken() {
    for case in
        cases().iter().filter(|case| case.error.is_empty() && case.strict.is_empty() && !is_undecided(case))
    {
        for finding in examine(&case.policy, MINOR).findings {
            assert_eq!(finding.words, "a second YAML document starts here", "{}", case.name);
        }
    }
}

#[test]
fn real_policies_are_judged_as_by_the_real_api_server() {
    let corpus = Path::new("../shared/corpus");
    let Ok(table) = fs::read_to_string(corpus.join("VERDICTS.tsv")) else { return };
    for line in table.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let policy = fs::read_to_string(corpus.join(columns[0])).unwrap();
        assert_eq!(differs(&policy, columns[2]), None, "{}", columns[0]);
        let objects =
            examine(&policy, MINOR).findings.iter().any(|finding| finding.verdict == Verdict::Strict);
        if columns[1] == "OK" {
            assert_eq!(objects, !columns[3].is_empty(), "{}: {}", columns[0], columns[3]);
        }
    }
}

#[test]
fn presets_are_taken_without_an_objection_by_every_version() {
    for preset in preset::all() {
        for minor in 8..=40 {
            judge(&preset.text_for(minor), minor)
                .unwrap_or_else(|it| panic!("{} on 1.{minor}: {it:?}", preset.name));
        }
    }
}

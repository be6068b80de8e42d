//! Whether the API server starts with a policy file, compared with the answers of its own code.
//!
//! `tests/policy/go-results.jsonl` holds cases and what `tests/go/policy` (Kubernetes 1.36) said about them;
//! `go run . <go-results.jsonl` in that folder asks again.

use std::fs;
use std::path::Path;

use kaudit::policy::check;
use kaudit::policy::presets::preset;
use kaudit::policy::{Finding, FindingKind, examine};
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
    let text = fs::read_to_string("tests/policy/go-results.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The message of the API server's validation for these findings.
fn aggregate(findings: &[Finding]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.kind == FindingKind::WouldNotStart) {
        if !distinct.contains(&finding.message()) {
            distinct.push(finding.message());
        }
    }
    match distinct.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Whether the API server refuses the file before its validation. kaudit has its own messages for that.
fn is_of_decoder(error: &str) -> bool {
    error.starts_with("failed decoding: ") || error.starts_with("unknown group version field ")
}

/// Describes how our result for the policy differs from the API server's, if it does.
pub(crate) fn differs(policy: &str, error: &str) -> Option<String> {
    differs_in(MINOR, policy, error)
}

fn differs_in(minor: u32, policy: &str, error: &str) -> Option<String> {
    let findings = examine(policy, minor).findings;
    let refuses = findings.iter().any(|finding| finding.kind == FindingKind::WouldNotStart);
    if refuses == error.is_empty() {
        return Some(format!("1.{minor} says {error:?}, kaudit {findings:?}"));
    }
    let ours = aggregate(&findings);
    let same = error.is_empty() || is_of_decoder(error) || ours == error;
    (!same).then(|| format!("1.{minor} says\n  {error}\nkaudit\n  {ours}"))
}

pub(crate) fn is_undecided(case: &Case) -> bool {
    examine(&case.policy, MINOR).findings.iter().any(|finding| finding.kind == FindingKind::Undecided)
}

#[test]
fn results_and_validation_messages_are_those_of_the_api_server() {
    let cases = cases();
    assert!(cases.len() > 800, "{} cases", cases.len());
    let differences: Vec<_> = cases
        .iter()
        .filter(|case| !is_undecided(case))
        .filter_map(|case| differs(&case.policy, &case.error).map(|it| format!("{}: {it}", case.name)))
        .collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

/// Go counts the lines of some errors from 0, takes the line of the context where it has no other, and counts line breaks of
/// Unicode.
#[test]
fn syntax_errors_are_found_near_the_line_that_go_names() {
    let mut compared = 0;
    for case in cases() {
        let line =
            case.error.strip_prefix("failed decoding: yaml: line ").and_then(|it| it.split(':').next());
        let Some(line) = line.filter(|_| !is_undecided(&case)) else { continue };
        let line: usize = line.parse().unwrap();
        let ours = examine(&case.policy, MINOR).findings[0].position().unwrap().line;
        let most = if case.policy.contains(['\u{85}', '\u{2028}']) { 2 } else { 1 };
        assert!(line.abs_diff(ours) <= most, "{}: {ours}, but {}", case.name, case.error);
        compared += 1;
    }
    assert!(compared > 30, "only {compared} are compared");
}

/// What a release says from its minor version on. `…` stands for the rest of a message of json-iterator, which decoded
/// before 1.23.
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
fn each_version_has_its_own_results_and_validation_messages() {
    let text = fs::read_to_string("tests/policy/go-results-by-version.jsonl").unwrap();
    let mut compared = 0;
    for line in text.lines() {
        let case: ByVersion = serde_json::from_str(line).unwrap();
        for minor in ASKED {
            let said = &case.says.iter().rfind(|it| it.from <= minor).unwrap().error;
            assert_eq!(differs_in(minor, &case.policy, said), None, "{}", case.policy);
            compared += 1;
        }
    }
    assert!(compared > 400, "only {compared} are compared");
}

/// Unusual files whose result kaudit does not know. The list may only become shorter.
#[test]
fn few_files_are_undecided() {
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

/// The strict decoder names every ignored key; kaudit must report each, and may report more.
#[test]
fn what_the_strict_decoder_finds_is_reported() {
    for case in cases().iter().filter(|case| case.error.is_empty() && !case.strict.is_empty()) {
        assert!(check(&case.policy, MINOR).is_err(), "{}", case.name);
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
                finding.kind == FindingKind::DuplicateKey && finding.message().contains(&format!("`{key}`"))
            };
            assert!(findings.iter().any(is_twice), "{}: {}", case.name, case.strict);
        }
        for named in case.strict.split(", ").filter_map(|part| part.split_once("unknown field ")) {
            assert!(
                findings.iter().any(|finding| finding.message().contains(named.1)),
                "{}: {}",
                case.name,
                named.1
            );
        }
    }
}

/// kaudit accepts what the API server accepts without a warning; the only additional finding is about documents that
/// are not read.
#[test]
fn what_the_strict_decoder_accepts_is_accepted() {
    for case in
        cases().iter().filter(|case| case.error.is_empty() && case.strict.is_empty() && !is_undecided(case))
    {
        for finding in examine(&case.policy, MINOR).findings {
            assert_eq!(finding.message(), "a second YAML document starts here", "{}", case.name);
        }
    }
}

#[test]
fn real_policies_have_the_result_of_the_real_api_server() {
    let corpus = Path::new("../shared/corpus");
    let Ok(table) = fs::read_to_string(corpus.join("VERDICTS.tsv")) else { return };
    for line in table.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let policy = fs::read_to_string(corpus.join(columns[0])).unwrap();
        assert_eq!(differs(&policy, columns[2]), None, "{}", columns[0]);
        let objects = examine(&policy, MINOR).findings.iter().any(|finding| finding.kind.is_ignored_part());
        if columns[1] == "OK" {
            assert_eq!(objects, !columns[3].is_empty(), "{}: {}", columns[0], columns[3]);
        }
    }
}

#[test]
fn every_version_accepts_the_presets() {
    for preset in preset::all() {
        for minor in 8..=40 {
            check(&preset.text_for(minor), minor)
                .unwrap_or_else(|it| panic!("{} on 1.{minor}: {it:?}", preset.name));
        }
    }
}

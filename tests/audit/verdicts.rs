//! Flag sets validated by kube-apiserver's own code and by kaudit: same result, same messages.
//!
//! Each line of `tests/audit/go-results.tsv` is a flag set as a JSON array and the output of `tests/go/auditflags` for it:
//! `cut -f1 go-results.tsv | auditflags` gives the rest. With `KAUDIT_GO_AUDITFLAGS=path/to/auditflags` random sets are
//! compared as well.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::sets;
use kaudit::audit::argv;
use kaudit::audit::validate::validate_list;
use kaudit::audit::version::NEWEST_KNOWN_MINOR;

const RECORDED: &str = include_str!("go-results.tsv");
/// How many random sets are compared if the Go program is available.
const RANDOM_SETS: usize = 6_000;

/// kaudit's result in the form of the Go program's.
fn answer(items: &[String]) -> String {
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let problems = validate_list(&argv::scan(&items), NEWEST_KNOWN_MINOR);
    if problems.is_empty() {
        return "OK".to_owned();
    }
    let on_one_line = |message: &str| {
        message.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
    };
    let messages: Vec<String> = problems.iter().map(|problem| on_one_line(&problem.server_message)).collect();
    format!("ERR\t{}", messages.join("\t"))
}

fn compare<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
    let mut compared = 0;
    for (set, go) in pairs {
        let items: Vec<String> = serde_json::from_str(set).unwrap();
        assert_eq!(answer(&items), go, "{set}");
        compared += 1;
    }
    compared
}

#[test]
fn recorded_results() {
    let compared = compare(RECORDED.lines().map(|line| line.split_once('\t').unwrap()));
    assert!(compared >= 1_500, "{compared} recorded results");
    let accepted = RECORDED.lines().filter(|line| line.ends_with("\tOK")).count();
    assert!(accepted * 5 > compared && accepted * 5 < compared * 4, "{accepted} of {compared} are OK");
}

#[test]
fn random_sets() {
    let Some(program) = std::env::var_os("KAUDIT_GO_AUDITFLAGS") else {
        println!("KAUDIT_GO_AUDITFLAGS is not set: only the recorded results are compared");
        return;
    };
    let mut random = sets::Random::new(crate::support::seed());
    let lines: Vec<String> =
        (0..RANDOM_SETS).map(|_| serde_json::to_string(&random.flag_set()).unwrap()).collect();
    let answers = ask(Path::new(&program), &lines.join("\n"));
    let compared = compare(lines.iter().map(String::as_str).zip(answers.lines()));
    assert_eq!(compared, RANDOM_SETS);
}

fn ask(program: &Path, input: &str) -> String {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // The program writes while it reads, so a separate thread writes its input: neither pipe must fill up.
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

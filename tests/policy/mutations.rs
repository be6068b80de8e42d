//! Damaged policies: whatever is done to a text, the verdict is the API server's and nothing panics.
//!
//! Only with `KAUDIT_GO_POLICY` set to the program of `tests/go/policy`.

use kaudit::policy::preset;
use serde_json::json;

use crate::oracle;
use crate::random::Random;
use crate::verdicts::{Case, cases, differs, is_undecided};

/// So many texts are tried in one run.
const TEXTS: usize = 20_000;

/// Of a hundred damaged texts kaudit may leave so many undecided.
const UNDECIDED_PERCENT: usize = 5;

#[test]
fn damaged_policies_are_judged_as_by_the_api_server() {
    let Some(program) = oracle::program() else { return };
    let mut random = Random::new(oracle::seed());
    let mut originals: Vec<String> = cases().into_iter().map(|case| case.policy).collect();
    originals.extend(preset::all().iter().map(|preset| preset.text.to_owned()));
    let mut questions = Vec::new();
    for _ in 0..TEXTS {
        let text = damage(&originals[random.below(originals.len())], &mut random);
        serde_json::to_writer(&mut questions, &json!({ "policy": text })).unwrap();
        questions.push(b'\n');
    }
    let answered = oracle::ask(&program, questions);
    let answers: Vec<Case> = answered.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), TEXTS);
    let (undecided, decided): (Vec<_>, Vec<_>) = answers.iter().partition(|case| is_undecided(case));
    println!("{} of {TEXTS} undecided", undecided.len());
    let differences: Vec<_> = decided
        .into_iter()
        .filter_map(|case| differs(&case.policy, &case.error).map(|it| format!("{:?}: {it}", case.policy)))
        .collect();
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(undecided.len() * 100 < TEXTS * UNDECIDED_PERCENT, "{} undecided", undecided.len());
}

/// Pieces of text that mean something to a YAML reader.
const PIECES: [&str; 40] = [
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "- ",
    "-",
    ": ",
    ":",
    ",",
    "[",
    "]",
    "{",
    "}",
    "#",
    " # ",
    "'",
    "\"",
    "\\",
    "|",
    ">",
    "&a ",
    "*a",
    "!!str ",
    "? ",
    "<<: ",
    "---\n",
    "...\n",
    "%",
    "~",
    "yes",
    "0",
    "1_0",
    "é",
    "null",
    "*",
    "/",
    "level: None\n",
    "x: 1\n",
];

/// Inserts a piece, removes some characters, or repeats some, once to three times.
fn damage(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(chars.len() + 1);
        let end = (at + 1 + random.below(6)).min(chars.len());
        match random.below(3) {
            0 => drop(chars.splice(at..at, random.word(&PIECES).chars())),
            1 => drop(chars.drain(at..end)),
            _ => {
                let repeated: Vec<char> = chars[at..end].to_vec();
                drop(chars.splice(at..at, repeated));
            }
        }
    }
    chars.into_iter().collect()
}

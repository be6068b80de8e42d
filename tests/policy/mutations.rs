//! Damaged policies: the result is always the API server's, and nothing panics.
//!
//! Only with `KAUDIT_GO_POLICY` set to the program of `tests/go/policy`.

use kaudit::policy::presets::preset;
use serde_json::json;

use super::oracle;
use super::random::Random;
use super::verdicts::{Case, cases, differs, is_undecided};

/// So many texts are tried in one run.
const TEXTS: usize = 100_000;
/// So many texts are asked about at once, which bounds the memory.
const AT_ONCE: usize = 10_000;

/// Of a hundred damaged texts kaudit may leave so many undecided.
const UNDECIDED_PERCENT: usize = 4;

#[test]
fn damaged_policies_have_the_result_of_the_api_server() {
    let Some(program) = oracle::program() else { return };
    let mut random = Random::new(crate::support::seed());
    let (mut good, mut bad): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for case in cases() {
        (if case.error.is_empty() { &mut good } else { &mut bad }).push(case.policy);
    }
    good.extend(preset::all().iter().map(|preset| preset.text.to_owned()));
    let [mut undecided, mut refused] = [0; 2];
    let mut differences = Vec::new();
    for _ in 0..TEXTS / AT_ONCE {
        let texts: Vec<String> = (0..AT_ONCE)
            .map(|_| {
                // Mostly such as would load: what happens to a bad one tells less.
                let originals = if random.chance(80) { &good } else { &bad };
                damage(&originals[random.below(originals.len())], &mut random)
            })
            .collect();
        let mut questions = Vec::new();
        for text in &texts {
            serde_json::to_writer(&mut questions, &json!({ "policy": text })).unwrap();
            questions.push(b'\n');
        }
        let answered = oracle::ask(&program, questions);
        assert_eq!(answered.lines().count(), AT_ONCE);
        for (text, line) in texts.iter().zip(answered.lines()) {
            let mut answer: Case = serde_json::from_str(line).unwrap();
            answer.policy.clone_from(text);
            refused += usize::from(!answer.error.is_empty());
            if is_undecided(&answer) {
                undecided += 1;
            } else {
                differences.extend(differs(text, &answer.error).map(|it| format!("{text:?}: {it}")));
            }
        }
    }
    println!("{TEXTS} texts, {refused} refused, {undecided} undecided");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(undecided * 100 < TEXTS * UNDECIDED_PERCENT, "{undecided} undecided");
    assert!(refused * 10 > TEXTS && refused * 10 < TEXTS * 9, "{refused} refused");
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

/// Values that a YAML reader takes for something else than text, or that policies have in other places.
const SCALARS: [&str; 34] = [
    "yes",
    "No",
    "on",
    "true",
    "False",
    "null",
    "~",
    "",
    "0",
    "-1",
    "0x1F",
    "017",
    "0o17",
    "1_000",
    "1e3",
    "1.5",
    ".inf",
    "-.INF",
    ".nan",
    "2001-01-01",
    "12:30:45",
    "=",
    "<<",
    "*",
    "'a b'",
    "\"\\u0061\"",
    "!!int 3",
    "!!str 3",
    "[a]",
    "{}",
    "Metadata",
    "RequestReceived",
    "/healthz*",
    "v1",
];
/// Keys of policies, and such as people write instead.
const KEYS: [&str; 24] = [
    "apiVersion",
    "kind",
    "metadata",
    "omitStages",
    "omitManagedFields",
    "rules",
    "level",
    "users",
    "userGroups",
    "verbs",
    "resources",
    "namespaces",
    "nonResourceURLs",
    "group",
    "resourceNames",
    "name",
    "creationTimestamp",
    "labels",
    "Level",
    "usergroups",
    "nonResourceUrls",
    "apiGroups",
    "<<",
    "\"level\"",
];
/// Characters that texts seldom have.
const CHARACTERS: [char; 16] = [
    '\0', '\u{1}', '\u{7}', '\u{1b}', '\u{7f}', '\u{85}', '\u{a0}', '\u{2028}', '\u{feff}', '\u{fffd}',
    '\u{ffff}', '😀', 'ß', '@', '`', '\r',
];

/// Damages a text in one way, or sometimes in two or three.
fn damage(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..[1, 1, 1, 2, 3][random.below(5)] {
        text = match random.below(6) {
            0..=2 => with_other_characters(&text, random),
            3 => with_other_indent(&text, random),
            4 => with_other_scalar(&text, random),
            _ => with_other_key(&text, random),
        };
    }
    text
}

/// Inserts a piece or a character, removes some characters, or repeats some.
fn with_other_characters(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    let end = (at + 1 + random.below(6)).min(chars.len());
    match random.below(7) {
        0..=1 => drop(chars.splice(at..at, random.word(&PIECES).chars())),
        2..=3 => drop(chars.drain(at..end)),
        4..=5 => {
            let repeated: Vec<char> = chars[at..end].to_vec();
            drop(chars.splice(at..at, repeated));
        }
        _ => chars.insert(at, CHARACTERS[random.below(CHARACTERS.len())]),
    }
    chars.into_iter().collect()
}

/// Moves one line to the right or to the left, or indents it with a tab.
fn with_other_indent(text: &str, random: &mut Random) -> String {
    with_line(text, random, |line, random| {
        let trimmed = line.trim_start_matches(' ');
        let blanks = line.len() - trimmed.len();
        match random.below(5) {
            0 => format!("{}{trimmed}", " ".repeat(blanks + 1 + random.below(3))),
            1 => format!("{}{trimmed}", " ".repeat(blanks.saturating_sub(1 + random.below(3)))),
            2 => trimmed.to_owned(),
            3 => format!("{}\t{trimmed}", " ".repeat(blanks)),
            _ => format!("{}- {trimmed}", " ".repeat(blanks)),
        }
    })
}

/// Puts another value in the place of a word, or quotes it.
fn with_other_scalar(text: &str, random: &mut Random) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || "./*-_".contains(c);
    let words: Vec<(usize, &str)> = text
        .split(|c| !is_of_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| (offset(text, word), word))
        .collect();
    if words.is_empty() {
        return text.to_owned();
    }
    let (at, word) = words[random.below(words.len())];
    let other = match random.below(4) {
        0 => format!("'{word}'"),
        1 => format!("\"{word}\""),
        _ => random.word(&SCALARS).to_owned(),
    };
    format!("{}{other}{}", &text[..at], &text[at + word.len()..])
}

/// Renames a key, has a line twice, or leaves it out.
fn with_other_key(text: &str, random: &mut Random) -> String {
    with_line(text, random, |line, random| match (random.below(4), line.split_once(':')) {
        (0..=1, Some((before, value))) => {
            let key = before.trim_start_matches([' ', '-']);
            format!("{}{}:{value}", &before[..before.len() - key.len()], random.word(&KEYS))
        }
        (2, _) => format!("{line}\n{line}"),
        _ => String::new(),
    })
}

/// The text with one line changed.
fn with_line(text: &str, random: &mut Random, change: impl Fn(&str, &mut Random) -> String) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let at = random.below(lines.len());
    lines[at] = change(&lines[at], random);
    lines.join("\n")
}

/// Where `part` is in the text that it is a part of.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

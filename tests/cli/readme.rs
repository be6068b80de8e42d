//! The examples of the README, of the pages beside it and of those under `docs/` work.
//!
//! - A `console` block is run: its commands, one after the other in a directory made for the page, print what the page
//!   shows. `…` stands for lines that are left out. In the directory are a sample node (`node`) and two audit logs (`audit`
//!   and `log`), and each `yaml` block of the page that begins with `# NAME` as the file NAME. `cargo xtask golden --bless`
//!   updates what the page shows.
//! - Every other command line of kaudit, in `sh` and `text` blocks and between backquotes in the text, is parsed by the
//!   real command line. A command line with `…` is left out.
//! - Every message that `docs/troubleshooting.md` explains is in the source.

use kaudit::cli::{Environment, run};
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

/// The pages outside of `docs/`.
const PAGES: [&str; 4] = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];
const MANIFEST: &str = "node/etc/kubernetes/manifests/kube-apiserver.yaml";
/// Two audit logs of golden tests, and the directories that the pages know them by.
const LOGS: [(&str, &str); 2] =
    [("audit", "policy-replay/in/log"), ("log", "logs/in/var/log/kubernetes/audit")];
/// What is in the pages today, about. If there is less, the pages are not read correctly.
const LEAST_RUN: usize = 12;
const LEAST_PARSED: usize = 80;
const LEAST_MESSAGES: usize = 60;

/// A fenced block.
struct Block {
    language: String,
    /// The line of its first line in the page, from 1.
    line: usize,
    text: String,
}

#[test]
fn examples_print_what_the_pages_show() {
    let pages = pages();
    let checks = pages.iter().map(|(name, page)| {
        thread::spawn({
            let (name, page) = (name.clone(), page.clone());
            move || run_page(&name, &page)
        })
    });
    let (mut count, mut faults) = (0, String::new());
    for check in checks.collect::<Vec<_>>() {
        let (run, fault) = check.join().unwrap();
        count += run;
        faults += &fault;
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(count >= LEAST_RUN, "the pages run only {count} commands");
}

#[test]
fn command_lines_parse() {
    let (mut count, mut faults) = (0, String::new());
    for (name, page) in pages() {
        for (line, command) in command_lines(&page) {
            count += 1;
            if let Some(error) = parse(&command) {
                writeln!(faults, "{name}:{line}: `{}`: {error}", command.join(" ")).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(count >= LEAST_PARSED, "the pages have only {count} command lines");
}

#[test]
fn explained_messages_are_in_the_source() {
    let mut source = String::new();
    read_source(&root().join("src"), &mut source);
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let messages = page.lines().enumerate().filter_map(|(index, line)| {
        let (message, _) = line.strip_prefix("| `")?.split_once("` |")?;
        Some((index + 1, message))
    });
    let (mut count, mut faults) = (0, String::new());
    for (line, message) in messages {
        count += 1;
        for part in message.split('…').map(str::trim).filter(|part| !part.is_empty()) {
            if !source.contains(part) {
                writeln!(faults, "docs/troubleshooting.md:{line}: no message has {part:?}").unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(count >= LEAST_MESSAGES, "the page explains only {count} messages");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, with its name from the root of the project.
fn pages() -> Vec<(String, String)> {
    let mut names = PAGES.map(str::to_owned).to_vec();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    let read = |name: String| (name.clone(), fs::read_to_string(root().join(name)).unwrap());
    names.into_iter().map(read).collect()
}

/// The fenced blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), line: index + 2, text: String::new() });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.text += line;
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Runs the `console` blocks of a page; how many commands that were, and what is wrong.
fn run_page(name: &str, page: &str) -> (usize, String) {
    let blocks = blocks(page);
    if !blocks.iter().any(|block| block.language == "console") {
        return (0, String::new());
    }
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join(MANIFEST);
    fs::create_dir_all(manifest.parent().unwrap()).unwrap();
    fs::write(&manifest, include_str!("../../templates/sample-node/kube-apiserver.yaml")).unwrap();
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).unwrap();
    for (log, case) in LOGS {
        copy_files(&root().join("tests/golden").join(case), &directory.path().join(log));
    }
    for block in blocks.iter().filter(|block| block.language == "yaml") {
        if let Some(file) = block.text.lines().next().unwrap().strip_prefix("# ") {
            fs::write(directory.path().join(file), &block.text).unwrap();
        }
    }
    let (mut count, mut faults, mut updated) = (0, String::new(), page.to_owned());
    for block in blocks.iter().filter(|block| block.language == "console") {
        for step in block.text.split("$ kaudit ").skip(1) {
            count += 1;
            if let Err(fault) = check(step, directory.path(), &mut updated) {
                writeln!(faults, "{name}: {fault}").unwrap();
            }
        }
    }
    if updated != page {
        fs::write(root().join(name), updated).unwrap();
    }
    (count, faults)
}

/// Runs a command and compares what it prints; with `KAUDIT_BLESS`, replaces what is not so in `page`.
fn check(step: &str, directory: &Path, page: &mut String) -> Result<(), String> {
    let (command, shown) = step.split_once('\n').unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(split(command).concat())
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let shown = shown.trim_end();
    let (mut lines, mut may_skip) = (text.lines(), false);
    for wanted in shown.lines().map(Some).chain([None]) {
        let is_gap = wanted == Some("…");
        let is_next = |found: Option<&str>| found == wanted;
        let is_there = is_gap
            || if may_skip {
                wanted.is_none() || lines.any(|line| is_next(Some(line)))
            } else {
                is_next(lines.next())
            };
        if !is_there && env::var_os("KAUDIT_BLESS").is_some() {
            *page = page.replacen(step.trim_end(), &format!("{command}\n{}", update(shown, &text)), 1);
            return Ok(());
        }
        if !is_there {
            let wanted = wanted.unwrap_or("the end");
            return Err(format!("`kaudit {command}` does not print {wanted:?} there; it prints\n{text}"));
        }
        may_skip = is_gap;
    }
    Ok(())
}

/// As many lines of `text` as `shown` has, with gaps in the same places: after each, the line that is most similar.
fn update(shown: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (mut next, mut may_skip, mut updated) = (0, false, Vec::new());
    for wanted in shown.lines() {
        if wanted == "…" {
            updated.push(wanted);
        } else {
            let likeness = |line: &str| strsim::normalized_levenshtein(wanted, line);
            if may_skip {
                let rest = lines.iter().enumerate().skip(next).rev();
                let best = rest.max_by(|(_, one), (_, other)| likeness(one).total_cmp(&likeness(other)));
                next = best.map_or(next, |(index, _)| index);
            }
            updated.extend(lines.get(next));
            next += 1;
        }
        may_skip = wanted == "…";
    }
    updated.extend(lines.get(next).filter(|_| !may_skip).map(|_| "…"));
    updated.join("\n")
}

/// The command lines of kaudit that are not run, each with its line in the page.
fn command_lines(page: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            for span in line.split('`').skip(1).step_by(2).filter(|span| span.starts_with("kaudit ")) {
                found.extend(commands(span).map(|command| (index + 1, command)));
            }
        }
    }
    for block in blocks(page) {
        let text = block.text.replace("\\\n", "");
        for line in text.lines() {
            let line = match block.language.as_str() {
                "sh" => line,
                "text" => match line.strip_prefix("# ") {
                    Some(command) => command,
                    None => continue,
                },
                _ => continue,
            };
            found.extend(commands(line).map(|command| (block.line, command)));
        }
    }
    found
}

/// The calls of kaudit in a line of shell, without their redirections.
fn commands(line: &str) -> impl Iterator<Item = Vec<String>> {
    let is_call = |words: &Vec<String>| words.first().is_some_and(|word| word == "kaudit");
    let is_whole = |words: &Vec<String>| !words.iter().any(|word| word.contains('…'));
    split(line).into_iter().filter(is_call).filter(is_whole)
}

/// Splits a line of shell into commands, and these into arguments. Redirections and what is not the command's are left out.
fn split(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote, mut is_redirected) = (None::<String>, None::<char>, false);
    for character in line.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '|' | ';' | '>' | '#') if character != '#' || word.is_none() => {
                if let Some(word) = word.take().filter(|_| !std::mem::take(&mut is_redirected)) {
                    commands.last_mut().unwrap().push(word);
                }
                match character {
                    '#' => break,
                    '|' | ';' => commands.push(Vec::new()),
                    '>' => is_redirected = true,
                    _ => {}
                }
            }
            _ => word.get_or_insert_default().push(character),
        }
    }
    commands
}

/// What the command line says against a command. `--help` at its end lets nothing be done.
fn parse(command: &[String]) -> Option<String> {
    let arguments = command.iter().map(String::as_str).chain(["--help"]).map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(&Environment { arguments, ..Environment::default() }, &mut out, &mut err);
    (exit.code() != 0).then(|| String::from_utf8_lossy(&err).lines().next().unwrap_or_default().to_owned())
}

/// The source's text, with literals in one piece that go on in the next line.
fn read_source(directory: &Path, source: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            read_source(&path, source);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let mut pieces = text.split("\\\n");
            source.push_str(pieces.next().unwrap());
            pieces.for_each(|piece| source.push_str(piece.trim_start()));
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

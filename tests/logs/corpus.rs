//! Events of all versions, v1alpha1 to v1, those in `testdata` and those of other people where they are at hand: each is read
//! and shown, and what is none is counted.

use kaudit::lines::Chunks;
use kaudit::logs::{Field, Filter, Form, Found, Layout, Search};
use kaudit::styles::Styles;
use serde_json::Value;
use std::fs;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn files() -> Vec<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for directory in ["tests/logs/testdata", "../shared/corpus/events"] {
        let Ok(entries) = fs::read_dir(project.join(directory)) else { continue };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    assert!(files.len() >= 3);
    files
}

#[test]
fn the_program_shows_every_event_and_counts_what_is_none() {
    let mut all_faults = 0;
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let items: Vec<Value> = text.lines().flat_map(events_in).collect();
        let events: Vec<&Value> = items.iter().filter(|item| item.get("level").is_some()).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(["logs", "-o", "json"])
            .arg(&path)
            .env_clear()
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{}: {stderr}", path.display());
        let shown: Vec<Value> = output.stdout.lines().flat_map(|line| events_in(&line.unwrap())).collect();
        assert!(shown.iter().eq(events.iter().copied()), "{}", path.display());
        let faults = items.len() - events.len();
        all_faults += faults;
        let said = match faults {
            0 => String::new(),
            1 => "1 line is not an event and was skipped".to_owned(),
            faults => format!("{faults} lines are not events and were skipped"),
        };
        assert!(
            stderr.contains(&said) && stderr.is_empty() == said.is_empty(),
            "{}: {stderr}",
            path.display()
        );
    }
    assert!(all_faults >= 4);
}

#[test]
fn every_event_of_the_corpus_is_shown() {
    let search = Search::new(Filter::default());
    let fields: Vec<Field> = Field::ALL.iter().map(|(field, _)| *field).collect();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let items: Vec<Value> = text.lines().flat_map(events_in).collect();
        let jsons: Vec<&Value> = items.iter().filter(|item| item.get("level").is_some()).collect();
        let forms = [Form::Json, Form::Line(Layout::usual(Styles::plain(), None)), Form::Csv(fields.clone())];
        for form in &forms {
            let mut chunks = Chunks::new(text.as_bytes());
            let mut found = Found::default();
            while let Some(chunk) = chunks.next(Vec::new()).unwrap() {
                found.follow(search.read(&chunk, form, None), usize::MAX);
            }
            let lines = String::from_utf8(found.lines).unwrap();
            assert_eq!(found.faults.count, (items.len() - jsons.len()) as u64, "{}", path.display());
            assert_eq!(lines.lines().count(), jsons.len(), "{}", path.display());
            match form {
                Form::Json => {
                    let shown: Vec<Value> = lines.lines().flat_map(events_in).collect();
                    assert_eq!(shown.iter().collect::<Vec<_>>(), jsons);
                }
                Form::Line(_) => {
                    for (line, event) in lines.lines().zip(&jsons) {
                        let user = event.pointer("/user/username").and_then(Value::as_str).unwrap_or("-");
                        assert!(line.contains(user), "{line}");
                    }
                }
                Form::Csv(_) => {
                    assert!(lines.lines().all(|line| line.matches(',').count() >= fields.len() - 1));
                }
            }
        }
    }
}

fn events_in(line: &str) -> Vec<Value> {
    // A line that is not JSON counts as one malformed event.
    let json: Value = serde_json::from_str(line).unwrap_or_default();
    json.get("items").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![json])
}

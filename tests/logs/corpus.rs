//! Events of other people, v1alpha1 to v1: each is read, filtered and shown.

use kaudit::event::Chunks;
use kaudit::logs::{Field, Filter, Form, Layout, Search};
use kaudit::report::Styles;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn every_event_of_the_corpus_is_shown() {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/events");
    let Ok(files) = fs::read_dir(events) else { return };
    let search = Search::new(Filter::default());
    let fields: Vec<Field> = Field::ALL.iter().map(|(field, _)| *field).collect();
    for path in files.map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        let items: Vec<Value> = text.lines().flat_map(events_in).collect();
        let jsons: Vec<&Value> = items.iter().filter(|item| item.get("level").is_some()).collect();
        let forms = [Form::Json, Form::Line(Layout::usual(Styles::plain(), None)), Form::Csv(fields.clone())];
        for form in &forms {
            let chunk = Chunks::new(text.as_bytes()).next(Vec::new()).unwrap().unwrap();
            let found = search.read(&chunk, form, None);
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
    let json: Value = serde_json::from_str(line).unwrap();
    json.get("items").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![json])
}

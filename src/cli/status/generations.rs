//! The changes that kaudit made on this node.

use crate::generation::History;
use serde_json::{Value, json};
use std::path::Path;

/// How many of the newest generations are printed without `--verbose`; they include those for `kaudit rollback`.
const SHOWN: usize = 5;

/// The generations, for programs.
pub(super) fn describe(history: &History) -> Vec<Value> {
    let records = history.records().iter();
    records
        .map(|record| {
            let files: Vec<&Path> = record.files.iter().map(|file| file.path.as_path()).collect();
            json!({"generation": record.number, "time": record.time, "command": record.command, "files": files})
        })
        .collect()
}

/// The generations, for people.
pub(super) fn lines(history: &History, verbose: bool) -> Vec<String> {
    let records = history.records();
    let count = if records.is_empty() { "none".to_owned() } else { records.len().to_string() };
    let mut lines = vec![format!("Generations:   {count}")];
    let hidden = if verbose { 0 } else { records.len().saturating_sub(SHOWN) };
    match hidden {
        0 => {}
        1 => lines.push("  … and 1 earlier one (kaudit status -v shows all)".to_owned()),
        _ => lines.push(format!("  … and {hidden} earlier ones (kaudit status -v shows all)")),
    }
    for record in records.iter().skip(hidden) {
        lines.push(format!("  {:>3}  {}  {}", record.number, record.time, record.command));
        if verbose {
            lines.extend(record.files.iter().map(|file| format!("         {}", file.path.display())));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::{Owned, Record};

    #[test]
    fn the_newest_are_shown_and_all_with_verbose() {
        let record = |number| Record {
            number,
            time: "now".to_owned(),
            command: "enable".to_owned(),
            files: Vec::new(),
            made: Vec::new(),
            removed: Vec::new(),
            owned: Owned::default(),
        };
        let shown = |count: u64, verbose| lines(&History::of((1..=count).map(record).collect()), verbose);
        assert_eq!(shown(0, false), ["Generations:   none"]);
        assert_eq!(shown(5, false).len(), 6);
        assert_eq!(
            shown(6, false)[1..3],
            ["  … and 1 earlier one (kaudit status -v shows all)", "    2  now  enable"]
        );
        assert_eq!(
            shown(12, false)[1..3],
            ["  … and 7 earlier ones (kaudit status -v shows all)", "    8  now  enable"]
        );
        assert_eq!(shown(12, true).len(), 13);
    }
}

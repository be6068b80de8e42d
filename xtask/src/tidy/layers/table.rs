//! The tables of the layers in ARCHITECTURE.md: which module is on which floor, and which cycles are allowed.

use std::collections::BTreeSet;
use std::fmt;

use super::Finding;

/// Where the tables are.
pub(super) const PATH: &str = "ARCHITECTURE.md";

const SECTION: &str = "Layers";
const FLOOR_HEADER: &str = "floor";
const CYCLES_HEADER: &str = "allowed cycles: files";

/// A floor: `3`, or `3.1` for one of the floors within a big module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Floor {
    number: u32,
    within: u32,
}

impl Floor {
    fn parse(text: &str) -> Option<Self> {
        let (number, within) = text.split_once('.').unwrap_or((text, "0"));
        Some(Self { number: number.parse().ok()?, within: within.parse().ok()? })
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.within {
            0 => write!(formatter, "{}", self.number),
            within => write!(formatter, "{}.{within}", self.number),
        }
    }
}

/// A module with a floor.
#[derive(Debug)]
pub(super) struct Row {
    /// `policy`, or `policy::load`.
    pub(super) module: String,
    pub(super) floor: Floor,
    /// The line of PATH, counted from 1.
    pub(super) line: usize,
}

/// A cycle that may stay.
#[derive(Debug)]
pub(super) struct AllowedCycle {
    pub(super) files: BTreeSet<String>,
    pub(super) line: usize,
}

/// Both tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) rows: Vec<Row>,
    pub(super) cycles: Vec<AllowedCycle>,
}

impl Tables {
    /// Reads the tables from the text of PATH, with findings for what cannot be read.
    pub(super) fn parse(text: &str) -> (Self, Vec<Finding>) {
        let mut tables = Self::default();
        let mut findings = Vec::new();
        let mut in_section = false;
        let mut header = "";
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            if let Some(title) = line.strip_prefix("## ") {
                in_section = title.trim() == SECTION;
            }
            let Some(cells) = cells(line).filter(|_| in_section) else {
                header = "";
                continue;
            };
            let [first, second, ..] = cells.as_slice() else { continue };
            if header.is_empty() {
                header = first;
            } else if first.chars().all(|c| matches!(c, '-' | ':')) {
                // The line below the header.
            } else if header == FLOOR_HEADER {
                match Floor::parse(first) {
                    Some(floor) => tables.rows.extend(code_spans(second).map(|module| Row {
                        module: module.to_owned(),
                        floor,
                        line: line_number,
                    })),
                    None => findings
                        .push(finding(line_number, format!("`{first}` is not a floor; write `3` or `3.1`"))),
                }
            } else if header == CYCLES_HEADER {
                if second.is_empty() {
                    findings.push(finding(
                        line_number,
                        "a cycle is allowed without a reason; add one".to_owned(),
                    ));
                }
                let files = code_spans(first).map(str::to_owned).collect();
                tables.cycles.push(AllowedCycle { files, line: line_number });
            }
        }
        if tables.rows.is_empty() {
            let message = format!(
                "no table of floors; add a section \"## {SECTION}\" with a table whose first column is \"{FLOOR_HEADER}\""
            );
            findings.push(finding(1, message));
        }
        (tables, findings)
    }

    /// The row for the module at `module` (`policy::load::decode`): the longest one that it is or lies in.
    pub(super) fn row_of(&self, module: &str) -> Option<&Row> {
        let lies_in = |row: &&Row| {
            module.strip_prefix(&row.module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.rows.iter().filter(lies_in).max_by_key(|row| row.module.len())
    }

    /// One line for each floor, top to bottom.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut floors: Vec<Floor> = self.rows.iter().map(|row| row.floor).collect();
        floors.sort();
        floors.dedup();
        let line = |floor: &Floor| {
            let on_it: Vec<&str> =
                self.rows.iter().filter(|row| row.floor == *floor).map(|row| row.module.as_str()).collect();
            format!("{:>4}  {}", floor.to_string(), on_it.join("  "))
        };
        floors.iter().rev().map(line).collect()
    }
}

/// A finding about a line of the tables.
pub(super) fn finding(line: usize, message: String) -> Finding {
    Finding { path: PATH.to_owned(), line, message }
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// What is between backquotes.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A\n## Layers\n\nText.\n\n| floor | modules | what for |\n|---|---|---|\n\
        | 2 | `cli` | x |\n| 1.1 | `policy::load`, `policy::lint` | x |\n| 1 | `policy` | x |\n\n\
        | allowed cycles: files | reason |\n|--:|---|\n| `src/a.rs`, `src/b.rs` | one grammar |\n\n## Next\n\n| floor | x |\n|---|---|\n| 9 | `z` |\n";

    #[test]
    fn reads_both_tables() {
        let (tables, findings) = Tables::parse(TEXT);
        assert_eq!(findings, []);
        assert_eq!(tables.lines(), ["   2  cli", " 1.1  policy::load  policy::lint", "   1  policy"]);
        assert_eq!(
            tables.cycles.iter().map(|cycle| (cycle.line, cycle.files.len())).collect::<Vec<_>>(),
            [(14, 2)]
        );
    }

    #[test]
    fn finds_the_innermost_row() {
        let (tables, _) = Tables::parse(TEXT);
        let row = |module: &str| tables.row_of(module).map(|row| row.module.as_str());
        assert_eq!(row("policy::load::decode"), Some("policy::load"));
        assert_eq!(row("policy::loader"), Some("policy"));
        assert_eq!(row("policy"), Some("policy"));
        assert_eq!(row("client"), None);
    }

    #[test]
    fn rejects_what_it_cannot_read() {
        let lines =
            |text: &str| Tables::parse(text).1.into_iter().map(|finding| finding.line).collect::<Vec<_>>();
        assert_eq!(lines("text"), [1]);
        assert_eq!(lines(&TEXT.replace("| 2 |", "| two |")), [8]);
        assert_eq!(lines(&TEXT.replace("one grammar", "")), [14]);
    }
}

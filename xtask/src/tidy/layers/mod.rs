//! Modules import downward only, and files do not import each other. ARCHITECTURE.md has the tables: which module is on
//! which floor, and which cycles may stay.

mod code;
mod cycles;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use cycles::Graph;
use source::{Import, Module, Source};
use table::{PATH, Row, Tables, finding};

/// Finds imports that do not lead downward, modules and rows without each other, and cycles.
pub(super) fn check(files: &[(String, String)]) -> Vec<Finding> {
    let (tables, mut findings) = Tables::parse(architecture(files));
    let source = Source::read(files);
    findings.extend(check_rows(&tables, &source));
    let imports: Vec<(&Module, Vec<Import>)> =
        source.files().map(|module| (module, source.imports(module))).collect();
    findings.extend(check_imports(&tables, &imports));
    findings.extend(check_cycles(&tables, &graph(&imports)));
    findings
}

/// The floors, one line for each, top to bottom.
pub(super) fn lines(files: &[(String, String)]) -> Vec<String> {
    Tables::parse(architecture(files)).0.lines()
}

fn architecture(files: &[(String, String)]) -> &str {
    files.iter().find(|(path, _)| path == PATH).map_or("", |(_, text)| text)
}

/// Every module at the top level has a row; every folder in it has one if one of them has one; every row has a module.
fn check_rows(tables: &Tables, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let has_row = |path: &str| tables.rows.iter().any(|row| row.module == path);
    for module in source.folders() {
        let is_asked_for = match module.path.rsplit_once("::") {
            None => true,
            Some((parent, _)) => tables.rows.iter().any(|row| row.module.starts_with(&format!("{parent}::"))),
        };
        if is_asked_for && !has_row(&module.path) {
            let message = format!(
                "the module `{}` has no floor; add it to the table in {PATH}, above all that it imports from",
                module.path
            );
            findings.push(Finding { path: module.file.clone(), line: 1, message });
        }
    }
    let mut seen = BTreeSet::new();
    for row in &tables.rows {
        if source.module(&row.module).is_none() {
            let message = format!("there is no module `{}`; remove it from the table", row.module);
            findings.push(finding(row.line, message));
        }
        if !seen.insert(&row.module) {
            findings
                .push(finding(row.line, format!("the module `{}` has two floors; remove one", row.module)));
        }
    }
    findings
}

/// The imports that lead up or sideways. `src/lib.rs` and `src/main.rs` are above all floors.
fn check_imports(tables: &Tables, imports: &[(&Module, Vec<Import>)]) -> Vec<Finding> {
    let row_of: BTreeMap<&str, &Row> = imports
        .iter()
        .filter_map(|(module, _)| Some((module.file.as_str(), tables.row_of(&module.path)?)))
        .collect();
    let mut findings = Vec::new();
    for (module, imports) in imports {
        let Some(own) = row_of.get(module.file.as_str()) else { continue };
        for import in imports {
            let Some(other) = row_of.get(import.target.as_str()) else { continue };
            if other.module == own.module || other.floor < own.floor {
                continue;
            }
            let message = format!(
                "`{}` leads from `{}` (floor {}) to `{}` (floor {}); imports lead to lower floors only: move what both \
                 need further down, or take it as an argument",
                import.path, own.module, own.floor, other.module, other.floor
            );
            findings.push(Finding { path: module.file.clone(), line: import.line, message });
        }
    }
    findings
}

/// Cycles that are not allowed, and allowed ones that are gone.
fn check_cycles(tables: &Tables, graph: &Graph) -> Vec<Finding> {
    let found = cycles::cycles(graph);
    let mut findings = Vec::new();
    for cycle in &found {
        if tables.cycles.iter().any(|allowed| allowed.files == *cycle) {
            continue;
        }
        let example = cycles::example(graph, cycle);
        let Some((path, line)) = example.first().copied() else { continue };
        let way: Vec<String> = example.iter().map(|(path, line)| format!("{path}:{line}")).collect();
        let message = format!(
            "{} files import each other ({}), for example {} → {path}; move what they share into a file of its own, or \
             list them in {PATH} with a reason",
            cycle.len(),
            cycle.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            way.join(" → ")
        );
        findings.push(Finding { path: path.to_owned(), line, message });
    }
    for allowed in tables.cycles.iter().filter(|allowed| !found.contains(&allowed.files)) {
        findings.push(finding(
            allowed.line,
            "there is no such cycle; remove the row, or list all of its files".to_owned(),
        ));
    }
    findings
}

/// Which file imports from which. The import of a module alone is not counted: what is used of it is.
fn graph(imports: &[(&Module, Vec<Import>)]) -> Graph {
    let mut graph = Graph::new();
    for (module, imports) in imports {
        let edges = graph.entry(module.file.clone()).or_default();
        for import in imports.iter().filter(|import| !import.is_module) {
            edges.entry(import.target.clone()).or_insert(import.line);
        }
    }
    graph
}

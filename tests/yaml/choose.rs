//! Random values and random edits of a document.

use kaudit::yaml::{Document, Edit, Kind, Node, Path};
use serde_json::{Value, json};

use super::generate::{Choices, KEYS};

/// Strings that often need quotes, for values of edits.
const STRINGS: [&str; 24] = [
    "x",
    "--audit-log-path=/var/log/a.log",
    "",
    "no",
    "017",
    "12:30",
    "a: b",
    "a #b",
    "- a",
    "~",
    "[x]",
    "it's",
    "\"q\"",
    "line\nbreak",
    "é€😀",
    "tab\t",
    " lead",
    "trail ",
    "*a",
    "&a",
    "!t",
    "a,b",
    "\u{2028}",
    "1e3",
];

/// A random value to write.
pub(crate) fn value(choices: &Choices<'_>, depth: usize) -> Value {
    match choices.below(12) {
        0 => Value::Null,
        1 => json!(choices.below(250)),
        2 => json!(choices.once_in(2)),
        3 => json!([]),
        4 => json!({}),
        5 if depth < 2 => (0..=choices.below(3)).map(|_| value(choices, depth + 1)).collect(),
        6 | 7 if depth < 2 => {
            let entry = |_| (choices.pick(&KEYS).to_owned(), value(choices, depth + 1));
            Value::Object((0..=choices.below(3)).map(entry).collect())
        }
        _ => json!(choices.pick(&STRINGS)),
    }
}

/// Up to three random edits of `document` that do not concern each other.
pub(crate) fn edits(document: &Document, choices: &Choices<'_>) -> Vec<Edit> {
    let mut paths = Vec::new();
    collect(document.root(), &Path::root(), &mut paths);
    let mut edits: Vec<(Path, Edit)> = Vec::new();
    for _ in 0..=choices.below(3) {
        let (path, node) = &paths[(choices.below(256) * 256 + choices.below(256)) % paths.len()];
        let edit = edit(path, node, choices);
        let target = match &edit {
            Edit::Put { path, key, .. } => path.clone().key(key.clone()),
            Edit::Insert { path, .. } | Edit::Set { path, .. } | Edit::Remove { path } => path.clone(),
        };
        if edits.iter().all(|(other, _)| !other.starts_with(&target) && !target.starts_with(other)) {
            edits.push((target, edit));
        }
    }
    edits.into_iter().map(|(_, edit)| edit).collect()
}

fn edit(path: &Path, node: &Node, choices: &Choices<'_>) -> Edit {
    let value = value(choices, 0);
    let path = path.clone();
    match (&node.kind, choices.below(4)) {
        (_, 0) if path != Path::root() => Edit::Remove { path },
        (Kind::Sequence(items, _), 1..) => {
            Edit::Insert { path, index: choices.below(items.len() + 1), value }
        }
        (Kind::Mapping(..), 1..) => Edit::Put { path, key: choices.pick(&KEYS).to_owned(), value },
        (Kind::Scalar(text, _), 1) if matches!(&**text, "" | "~" | "null") => {
            Edit::Insert { path, index: 0, value }
        }
        (Kind::Mapping(..), _) if path == Path::root() => Edit::Put { path, key: "new".to_owned(), value },
        (Kind::Sequence(..), _) if path == Path::root() => Edit::Insert { path, index: 0, value },
        _ => Edit::Set { path, value },
    }
}

fn collect<'n>(node: &'n Node, path: &Path, paths: &mut Vec<(Path, &'n Node)>) {
    paths.push((path.clone(), node));
    for (index, item) in node.items().unwrap_or_default().iter().enumerate() {
        collect(&item.node, &path.clone().index(index), paths);
    }
    for entry in node.entries().unwrap_or_default() {
        collect(&entry.value, &path.clone().key(entry.key.scalar().unwrap_or_default()), paths);
    }
}

//! Files with the name of a preset.

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::policy::presets::preset;
use std::path::Path;

/// A note for each name of a preset that is also the name of a file.
pub(super) fn notes<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<Diagnostic> {
    let names = names.into_iter().filter(|name| preset::find(name).is_some());
    let hides_file = |name: &&String| matches!(Node::find_operators_file(Path::new(name), 1), Ok(Some(_)));
    let note = |name: &String| {
        Diagnostic::info(format!("{name} is the preset; for the file, write ./{name}"))
            .named("preset-and-file")
    };
    names.filter(hides_file).map(note).collect()
}

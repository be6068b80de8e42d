//! Files that have the name of a preset.

use crate::node::Node;
use crate::note::Note;
use crate::policy::presets::preset;
use std::path::Path;

/// For each name of a preset, that the file of that name is not what is meant, where there is one.
pub(super) fn notes<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<Note> {
    let names = names.into_iter().filter(|name| preset::find(name).is_some());
    let hides_file = |name: &&String| matches!(Node::find_operators_file(Path::new(name), 1), Ok(Some(_)));
    let note = |name: &String| {
        Note::info(format!("{name} is the preset here; the file of that name is ./{name}"))
            .named("preset-and-file")
    };
    names.filter(hides_file).map(note).collect()
}

//! A policy as it is named on the command line: a preset, standard input or a file.

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::policy::Preset;
use crate::policy::presets::preset;
use std::io;
use std::path::Path;

/// A policy that large is none; the API server has no limit, kaudit needs one for reading from a pipe.
pub(super) const POLICY_LIMIT: u64 = 10 << 20;

/// What a name stands for.
#[derive(Debug)]
pub(super) enum NamedPolicy {
    /// One that comes with kaudit.
    Preset(&'static Preset),
    /// A policy of the user's. The text may be one byte longer than [`POLICY_LIMIT`], and is too large then.
    Text {
        /// What to call it.
        name: String,
        /// What is in it, text or not.
        bytes: Vec<u8>,
    },
}

/// A preset by its name; else standard input (`-`) or a file. `option` is what stands before the name on the command line.
///
/// # Errors
/// There is neither a preset nor a file of this name, or the file cannot be read.
pub(super) fn find_policy(option: Option<&str>, name: &str) -> Result<NamedPolicy, Diagnostic> {
    if let Some(preset) = preset::find(name) {
        return Ok(NamedPolicy::Preset(preset));
    }
    let (shown, read) = if name == "-" {
        ("standard input", Node::read_standard_input(POLICY_LIMIT))
    } else {
        (name, Node::read_operators_file(Path::new(name), POLICY_LIMIT))
    };
    match read {
        Ok(bytes) => Ok(NamedPolicy::Text { name: shown.to_owned(), bytes }),
        Err(error) if is_missing(&error) && !name.contains('/') => Err(refuse_unknown(option, name)),
        Err(error) => Err(Diagnostic::error(match option {
            Some(option) => format!("{option} {name}: {error:#}"),
            None => format!("{error:#}"),
        })),
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn refuse_unknown(option: Option<&str>, name: &str) -> Diagnostic {
    let typed = |name: &str| option.map_or_else(|| name.to_owned(), |option| format!("{option} {name}"));
    let refusal = Diagnostic::error(format!("{}: there is no preset and no file of that name", typed(name)));
    let refusal = match preset::suggest(name) {
        Some(meant) => refusal.help(format!("did you mean {}?", typed(meant.name))),
        None => refusal,
    };
    let names: Vec<&str> = preset::all().iter().map(|preset| preset.name).collect();
    refusal.help(format!("presets: {}", names.join(", ")))
}

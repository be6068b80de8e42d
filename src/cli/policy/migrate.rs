//! `policy migrate`

use super::args::Migrate as Args;
use super::end::misused;
use super::source::read;
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::node::Node;
use crate::policy::migrate;
use crate::policy::presets::preset;
use crate::policy::{ApiVersion, Migrated};
use crate::report::{Output, Report};
use serde_json::json;
use std::path::Path;

/// Prints the policy in `audit.k8s.io/v1`, or writes it where it was; what the API server drops of it is remarked.
///
/// # Errors
/// It cannot be read or written, or is not a policy that an API server has ever taken.
pub(super) fn run(args: &Args, output: &mut Output<'_>) -> super::end::Result {
    if args.write && (args.file == "-" || preset::find(&args.file).is_some()) {
        return Ok(misused(Diagnostic::error(format!("--write: {} is no file", args.file)), output));
    }
    let source = read(&args.file)?;
    let Migrated { from, text, findings } =
        migrate(&source.text).map_err(|refusal| refusal.in_file(source.name.as_str()))?;
    let mut report = Report::default();
    for finding in findings {
        let place = finding.position.map(|position| format!(":{position}")).unwrap_or_default();
        let note = Diagnostic::warning(format!("{}{place}: {}", source.name, finding.words));
        report.notes.push(match finding.help.into_iter().next() {
            Some(help) => note.help(help),
            None => note,
        });
    }
    let is_done = from == ApiVersion::V1;
    report.notes.push(Diagnostic::info(if is_done {
        format!("{} is {from} already", source.name)
    } else {
        format!("{}: {from} → {}, and nothing else", source.name, ApiVersion::V1)
    }));
    if args.write {
        if !is_done {
            Node::rewrite_operators_file(Path::new(&args.file), text.as_bytes())
                .map_err(|error| Diagnostic::error(format!("{error:#}")))?;
            report.changed = true;
        }
        let message = if is_done { "Nothing to change." } else { "Written." };
        message.clone_into(&mut report.message);
    }
    if output.json {
        report.details = Some(("policy", json!({ "from": from.to_string(), "text": text })));
    } else if !args.write {
        output.text(&text);
        output.flush();
    }
    Ok(end(output, (report, Exit::Done)))
}

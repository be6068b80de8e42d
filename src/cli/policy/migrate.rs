//! `policy migrate`

use super::args::Migrate as Args;
use super::end::misused;
use super::source::read;
use super::view::MigratedView;
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::node::Node;
use crate::policy::migrate;
use crate::policy::presets::preset;
use crate::policy::{ApiVersion, Migrated};
use crate::report::{Details, Output, Report};
use std::path::Path;

/// Prints the policy in `audit.k8s.io/v1`, or rewrites its file. Reports what the API server ignores in it.
///
/// # Errors
/// It cannot be read or written, or is not a policy that any version of the API server accepts.
pub(super) fn run(args: &Args, output: &mut Output<'_>) -> super::end::Result {
    if args.write && (args.file == "-" || preset::find(&args.file).is_some()) {
        return Ok(misused(Diagnostic::error(format!("--write needs a file, not {}", args.file)), output));
    }
    let source = read(&args.file)?;
    let Migrated { from, text, findings } =
        migrate(&source.text).map_err(|refusal| refusal.in_file(source.name.as_str()))?;
    let notes =
        findings.into_iter().map(|finding| finding.diagnostic.in_file(source.name.as_str())).collect();
    let mut report = Report { notes, ..Report::default() };
    let is_done = from == ApiVersion::V1;
    report.notes.push(Diagnostic::info(if is_done {
        format!("{} is {from} already", source.name)
    } else {
        format!("{}: changed only {from} to {}", source.name, ApiVersion::V1)
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
        report.details = Some(Details::of(&MigratedView::new(from, text)));
    } else if !args.write {
        output.text(&text);
        output.flush();
    }
    Ok(end(output, (report, Exit::Done)))
}

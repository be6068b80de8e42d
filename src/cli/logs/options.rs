//! Converts the options to filters and an output format.

use super::args::{Filters, Format, LogsArgs, Tail};
use crate::diagnostic::Diagnostic;
use crate::logs::{Field, Filter, Form, Layout};
use crate::report::Output;
use std::path::Path;

/// The number of existing events that `--follow` prints first, like `tail -f` and `journalctl -f`.
const BEFORE_FOLLOWING: usize = 10;

/// The columns of `-o csv`.
const CSV: [Field; 17] = [
    Field::Time,
    Field::Level,
    Field::Stage,
    Field::Code,
    Field::Verb,
    Field::User,
    Field::Groups,
    Field::As,
    Field::Resource,
    Field::Namespace,
    Field::Name,
    Field::Uri,
    Field::SourceIps,
    Field::UserAgent,
    Field::Decision,
    Field::Reason,
    Field::AuditId,
];

/// Checks combinations of options.
///
/// # Errors
/// Options contradict each other.
pub(super) fn check(args: &LogsArgs) -> Result<(), Diagnostic> {
    if !args.top.is_empty() && matches!(args.format, Format::Csv | Format::Wide) {
        return Err(Diagnostic::error("--top works only with text output or -o json"));
    }
    if !args.fields.is_empty() && args.format == Format::Json {
        return Err(Diagnostic::error("--fields does not work with -o json, which prints whole events")
            .help("use --fields with text output or -o csv, or select fields with jq"));
    }
    if args.follow && args.paths.len() > 1 {
        return Err(Diagnostic::error("--follow works only with a single log"));
    }
    if args.paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
        return Err(Diagnostic::error("standard input (-) can be given only once"));
    }
    Ok(())
}

/// The filter for events.
pub(super) fn filter(args: &Filters) -> Filter {
    Filter {
        users: args.user.iter().cloned().collect(),
        groups: args.group.iter().cloned().collect(),
        verbs: args.verb.iter().cloned().collect(),
        resources: args.resource.iter().cloned().collect(),
        namespaces: args.namespace.iter().cloned().collect(),
        names: args.name.iter().cloned().collect(),
        levels: args.level.iter().cloned().collect(),
        stages: args.stage.iter().cloned().collect(),
        codes: args.code.iter().cloned().collect(),
        audit_ids: args.audit_id.iter().cloned().collect(),
        source_ips: args.source_ip.iter().cloned().collect(),
        since: args.since,
        until: args.until,
        is_denied: args.denied,
    }
}

/// The output format of events.
pub(super) fn form(args: &LogsArgs, output: &Output<'_>) -> Form {
    let (styles, columns) = (output.out_styles, output.out_columns);
    match (args.format, args.fields.as_slice()) {
        (Format::Json, _) => Form::Json,
        (Format::Csv, []) => Form::Csv(CSV.to_vec()),
        (Format::Csv, fields) => Form::Csv(fields.to_vec()),
        (Format::Wide, []) => Form::Line(Layout::wide(styles)),
        (Format::Wide, fields) => Form::Line(Layout::new(fields, styles, None)),
        (Format::Text, []) => Form::Line(Layout::usual(styles, columns)),
        (Format::Text, fields) => Form::Line(Layout::new(fields, styles, columns)),
    }
}

/// The maximum number of existing events to print.
pub(super) fn last(args: &LogsArgs) -> Option<usize> {
    match args.tail {
        Some(Tail::All) => None,
        Some(Tail::Last(count)) => Some(count),
        None => (args.follow && args.filters.since.is_none()).then_some(BEFORE_FOLLOWING),
    }
}

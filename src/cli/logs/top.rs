//! `--top`: counts events by fields.

use super::args::LogsArgs;
use super::open::Opened;
use super::remarks::Remarks;
use super::show::scan_file;
use crate::cli::columns::{Columns, counted, number, percent};
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::lines::Chunk;
use crate::logs::{Search, Top};
use crate::observe::Obstacle;
use crate::printable::elide;
use crate::report::{Output, Report};
use crate::size;
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;

/// Longer values are shortened, because the counts follow them.
const MAX_WIDTH: usize = 60;

/// Counts the events.
///
/// # Errors
/// A log cannot be read.
pub(super) fn show(
    opened: Opened,
    search: &Search,
    args: &LogsArgs,
    output: &mut Output<'_>,
) -> Result<Exit, Obstacle> {
    let mut remarks = Remarks::new(opened.repeated);
    let mut top = Top::new(args.top.clone());
    for file in opened.files {
        remarks.begin(&file.name, Some(0));
        let read = |chunk: &Chunk| Top::of(&args.top, search, chunk);
        let outcome = scan_file(file, read, |part| {
            remarks.add(&part.faults);
            top.absorb(part);
            ControlFlow::Continue(())
        });
        remarks.end(outcome)?;
    }
    let mut notes = remarks.notes();
    notes.extend(remarks.nothing_found(top.total.events));
    if top.lacking() > 0 {
        let lacking = number(top.lacking());
        let text = format!("too many distinct values: each count may be up to {lacking} too low");
        notes.push(Diagnostic::info(text).named("top-approximate"));
    }
    let report = Report {
        lines: lines(&top, args.limit),
        details: Some(("top", details(&top, args.limit))),
        notes,
        ..Report::default()
    };
    Ok(end(output, (report, Exit::Done)))
}

fn lines(top: &Top, limit: usize) -> Vec<String> {
    if top.is_empty() {
        return Vec::new();
    }
    let names = top.fields().iter().map(|field| field.name());
    let mut columns = Columns::new(top.fields().len(), names.chain(["events", "", "size", ""]));
    for row in top.rows(limit) {
        let figures = [
            number(row.amount.events),
            percent(row.amount.events, top.total.events),
            size::nearest(row.amount.bytes),
            percent(row.amount.bytes, top.total.bytes),
        ];
        columns.row(row.texts.iter().map(|text| shown(text)).chain(figures));
    }
    let mut lines = columns.lines();
    let hidden = top.len().saturating_sub(limit) as u64;
    let rest =
        if hidden > 0 { format!("; {} not shown (--limit)", counted(hidden, "row")) } else { String::new() };
    lines.push(format!("{}, {}{rest}", counted(top.total.events, "event"), size::nearest(top.total.bytes)));
    lines
}

fn shown(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { elide(text.into(), MAX_WIDTH).into_owned() }
}

fn details(top: &Top, limit: usize) -> Value {
    let rows: Vec<Value> = top
        .rows(limit)
        .into_iter()
        .map(|row| {
            let fields = top.fields().iter().zip(row.texts);
            let fields: Map<String, Value> =
                fields.map(|(field, text)| (field.name().to_owned(), Value::String(text))).collect();
            json!({ "fields": fields, "events": row.amount.events, "bytes": row.amount.bytes })
        })
        .collect();
    json!({
        "fields": top.fields().iter().map(|field| field.name()).collect::<Vec<_>>(),
        "events": top.total.events,
        "bytes": top.total.bytes,
        "different": top.len(),
        "rows": rows,
        "mayLack": top.lacking(),
    })
}

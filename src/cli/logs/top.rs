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
use crate::report::{Details, Output, Report, Section};
use crate::size;
use serde::Serialize;
use std::collections::BTreeMap;
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
        details: Some(Details::of(&TopView::of(&top, args.limit))),
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

/// `logs --top`: how many events there are by the values of some fields.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct TopView {
    /// The fields by which events are counted.
    fields: Vec<&'static str>,
    /// All events.
    events: u64,
    /// Their size.
    bytes: u64,
    /// How many different combinations of values there are.
    different: usize,
    /// The most frequent combinations.
    rows: Vec<TopRow>,
    /// At most so many events may be missing in each row.
    may_lack: u64,
}

impl Section for TopView {
    const KEY: &'static str = "top";
}

/// The events with the same values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct TopRow {
    /// The value of each field.
    fields: BTreeMap<&'static str, String>,
    events: u64,
    bytes: u64,
}

impl TopView {
    fn of(top: &Top, limit: usize) -> Self {
        let rows = top.rows(limit).into_iter().map(|row| TopRow {
            fields: top.fields().iter().map(|field| field.name()).zip(row.texts).collect(),
            events: row.amount.events,
            bytes: row.amount.bytes,
        });
        Self {
            fields: top.fields().iter().map(|field| field.name()).collect(),
            events: top.total.events,
            bytes: top.total.bytes,
            different: top.len(),
            rows: rows.collect(),
            may_lack: top.lacking(),
        }
    }
}

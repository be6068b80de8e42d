//! The outcome of `policy replay` for people.

use super::shown::{Shown, Side};
use crate::cli::columns::{Columns, amount, counted, number, percent};
use crate::event::Amount;
use crate::printable::{elide, escape};
use crate::replay::{Outcome, Talker};
use crate::size;
use crate::styles::Styles;

/// One sentence.
pub(super) fn message(shown: &Shown<'_>) -> String {
    let today = shown.today();
    if today.events == 0 {
        return "There is no event in the log.".to_owned();
    }
    let sides: Vec<String> = shown
        .sides
        .iter()
        .map(|side| {
            let cost = side.replayed.total.cost();
            let least = if least(&side.replayed.total).is_empty() { "" } else { "at least " };
            format!(
                "{} logs {} of the events and {least}{} of the bytes",
                side.name,
                percent(cost.events, today.events),
                percent(cost.bytes, today.bytes)
            )
        })
        .collect();
    format!("{}.", sides.join("; "))
}

/// Everything else.
pub(super) fn lines(shown: &Shown<'_>, styles: Styles) -> Vec<String> {
    let mut lines = vec![log_line(shown)];
    if shown.today().events == 0 {
        return lines;
    }
    let mut section = |heading: &str, mut body: Vec<String>| {
        if body.is_empty() {
            return;
        }
        lines.push(String::new());
        if !heading.is_empty() {
            lines.push(styles.bold(heading));
        }
        lines.append(&mut body);
    };
    section("", totals(shown));
    for side in &shown.sides {
        section("", explain(side));
    }
    section("By day (UTC)", days(shown));
    for side in &shown.sides {
        section(&format!("By rule of {}", side.name), rules(side));
    }
    let name = shown.sides.first().map_or("", |side| side.name);
    section(&format!("Most logged by {name}"), talkers(shown, &shown.talkers()));
    section(&format!("Most left out by {name}"), talkers(shown, &shown.left_out()));
    lines.push(String::new());
    lines
}

/// What was read.
fn log_line(shown: &Shown<'_>) -> String {
    let log = &shown.read.tally.log;
    let files = match shown.read.logs.as_slice() {
        [(name, _)] => name.clone(),
        files => format!("{} files", files.len()),
    };
    let requests = shown.sides.first().map_or(0, |side| side.replayed.total.requests);
    let span = shown.span().map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
    format!(
        "{files}: {} of {}, {}{span}",
        counted(log.events.events, "event"),
        counted(requests, "request"),
        size::nearest(log.events.bytes)
    )
}

/// The log and each policy, side by side.
fn totals(shown: &Shown<'_>) -> Vec<String> {
    let today = shown.today();
    let mut columns = Columns::new(1, ["", "events", "", "size", "", "a day"]);
    let rows = std::iter::once((THE_LOG, today, "")).chain(shown.sides.iter().map(|side| {
        let total = &side.replayed.total;
        (side.name, total.cost(), least(total))
    }));
    for (name, cost, least) in rows {
        columns.row([
            name.to_owned(),
            number(cost.events),
            percent(cost.events, today.events),
            format!("{least}{}", size::nearest(cost.bytes)),
            percent(cost.bytes, today.bytes),
            shown
                .a_day(cost.bytes)
                .map_or("–".to_owned(), |bytes| format!("{least}{}", size::nearest(bytes))),
        ]);
    }
    columns.lines()
}

/// What a policy logs, as cells.
fn cost(outcome: &Outcome) -> [String; 2] {
    cells(outcome.cost(), least(outcome))
}

fn cells(Amount { events, bytes }: Amount, mark: &str) -> [String; 2] {
    [number(events), format!("{mark}{}", size::nearest(bytes))]
}

/// Stands before a size to which bodies have to be added that are not known.
fn least(outcome: &Outcome) -> &'static str {
    mark(outcome.sums.unknown > 0)
}

fn mark(is_least: bool) -> &'static str {
    if is_least { "≥ " } else { "" }
}

/// What the policy logs of the events of the log, and what is unknown.
fn explain(side: &Side<'_>) -> Vec<String> {
    let Outcome { sums, estimated, without_end, .. } = &side.replayed.total;
    let events =
        |amount: &Amount| format!("{} ({})", counted(amount.events, "event"), size::nearest(amount.bytes));
    let mut lines = Vec::new();
    let mut say = |text: String| lines.push(format!("{}: {text}", side.name));
    if sums.omitted_by_level.events > 0 {
        say(format!("leaves out {} of requests that it does not log", events(&sums.omitted_by_level)));
    }
    if sums.omitted_by_stage.events > 0 {
        say(format!("leaves out {} of stages that it omits", events(&sums.omitted_by_stage)));
    }
    if let Some(saved) = sums.saved_in_bodies().filter(|saved| *saved > 0) {
        say(format!("leaves {} of bodies out of the events that it logs", size::nearest(saved)));
    }
    if estimated.events > 0 {
        say(format!("adds {}, estimated, of stages that the log omits", events(estimated)));
    }
    if sums.unknown > 0 {
        say(format!(
            "unknown, because not in the log: the bodies of up to {} and {}; so it takes more space than shown",
            counted(sums.unknown_requests, "request"),
            counted(sums.unknown_responses, "answer")
        ));
    }
    if *without_end > 0 {
        say(format!(
            "unknown, because not in the log: the last events of {}, which had not ended, or whose end the log omits",
            counted(*without_end, "request")
        ));
    }
    lines
}

/// Columns of events and size for each name, after the columns `before`, of which the first `texts` are texts.
fn columns(texts: usize, before: &[&str], names: &[&str]) -> Columns {
    let blank = before.iter().map(|_| "");
    let mut columns = Columns::new(texts, blank.chain(names.iter().flat_map(|name| ["", name])));
    let units = names.iter().flat_map(|_| ["events", "size"]);
    columns.row(before.iter().copied().chain(units).map(str::to_owned));
    columns
}

/// The log, and the policies.
fn names<'a>(shown: &'a Shown<'_>) -> Vec<&'a str> {
    std::iter::once(THE_LOG).chain(shown.sides.iter().map(|side| side.name)).collect()
}

const THE_LOG: &str = "the log";

fn days(shown: &Shown<'_>) -> Vec<String> {
    let mut columns = columns(1, &["day"], &names(shown));
    let Some(first) = shown.sides.first() else { return Vec::new() };
    for (day, outcome) in &first.replayed.days {
        let name = day.map_or("no time".to_owned(), |day| day.to_string());
        let outcomes = shown.sides.iter().filter_map(|side| side.replayed.days.get(day));
        let costs = outcomes.flat_map(cost);
        columns.row(std::iter::once(name).chain(amount(outcome.sums.today)).chain(costs));
    }
    columns.lines()
}

fn rules(side: &Side<'_>) -> Vec<String> {
    let mut columns = columns(2, &["rule", "level", "requests"], &[THE_LOG, side.name]);
    let total = side.replayed.total.cost().bytes;
    for (rule, (level, outcome)) in side.outcomes() {
        let row = [side.place(rule), level.to_string(), number(outcome.requests)];
        let share = percent(outcome.cost().bytes, total);
        columns.row(row.into_iter().chain(amount(outcome.sums.today)).chain(cost(outcome)).chain([share]));
    }
    columns.lines()
}

fn talkers(shown: &Shown<'_>, talkers: &[Talker]) -> Vec<String> {
    if talkers.is_empty() {
        return Vec::new();
    }
    let mut columns = columns(3, &["user", "verb", "what"], &names(shown));
    for Talker { user, verb, what, share } in talkers {
        let user = if user.is_empty() { "(nobody)" } else { user };
        let names = [user, verb, what].map(name_of_stranger);
        let logged = share.logged.iter().take(shown.sides.len());
        let logged = logged.flat_map(|logged| cells(logged.amount, mark(logged.is_least)));
        columns.row(names.into_iter().chain(amount(share.today)).chain(logged));
    }
    columns.lines()
}

/// A name that a client has chosen, so that it keeps its column and does nothing to the terminal.
fn name_of_stranger(name: &str) -> String {
    const WIDTH: usize = 60;
    elide(escape(name), WIDTH).into_owned()
}

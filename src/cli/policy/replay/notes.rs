//! Notes that explain the limits of the figures.

use super::shown::{Shown, Side};
use crate::cli::columns::{counted, number};
use crate::diagnostic::Diagnostic;
use crate::policy::Level;
use crate::size;

/// Warnings about the logs, and what cannot be derived from any log.
pub(super) fn notes(shown: &Shown<'_>) -> Vec<Diagnostic> {
    let log = &shown.read.tally.log;
    let mut notes: Vec<Diagnostic> = Vec::new();
    let info = |text: String| Diagnostic::info(text);
    notes.extend(
        shown
            .read
            .repeated
            .iter()
            .map(|name| info(format!("{name} was given more than once; it is read once"))),
    );
    for (name, why) in &shown.read.damaged {
        let text = format!("{name} is damaged or incomplete: {why}; the rest of it is not counted");
        notes.push(Diagnostic::warning(text).named("log-damaged"));
    }
    notes.extend(malformed(shown));
    if log.events.events == 0 {
        return notes;
    }
    if log.without_groups > 0 && shown.sides.iter().any(Side::asks_for_groups) {
        let text = format!(
            "{} of {} events do not contain the groups of their user; assuming the groups that such a user \
             always has",
            number(log.without_groups),
            number(log.events.events)
        );
        notes.push(Diagnostic::warning(text).named("log-without-groups"));
    }
    if log.undated > 0 {
        notes.push(info(format!("without a time: {}", counted(log.undated, "event"))));
    }
    if log.truncated > 0 {
        let text = format!(
            "{} with bodies that --audit-log-truncate-max-event-size removed from the log",
            counted(log.truncated, "event")
        );
        notes.push(info(text).named("log-truncated"));
    }
    notes.extend(managed_fields(shown));
    let lacking = shown.read.tally.talkers.lacking();
    if lacking > 0 {
        let text = format!(
            "there are very many users and resources: each of those shown may take up to {} more",
            size::rounded_up(lacking)
        );
        notes.push(info(text).named("talkers-approximate"));
    }
    let unseen = info(
        "requests that the current policy does not log are not in the log, and so not counted".to_owned(),
    );
    notes.push(
        unseen.named("unseen-requests").help("to list them: kaudit policy diff CURRENT-POLICY NEW-POLICY"),
    );
    notes
}

/// Where the first lines without an event are.
fn malformed(shown: &Shown<'_>) -> Option<Diagnostic> {
    let count = shown.read.tally.log.malformed;
    let places: Vec<String> =
        shown.malformed().take(3).map(|(name, line, why)| format!("{name}:{line}: {why}")).collect();
    let more = if count > places.len() as u64 { "; …" } else { "" };
    let text = format!("no event in {}: {}{more}", counted(count, "line"), places.join("; "));
    (count > 0).then(|| Diagnostic::warning(text).named("log-malformed"))
}

/// The API server has added `managedFields` since 1.18, so if a log has none, the policy in use omits them.
fn managed_fields(shown: &Shown<'_>) -> Option<Diagnostic> {
    let log = &shown.read.tally.log;
    let logs_them = |level: Level, omits: bool| level >= Level::Request && !omits;
    let names: Vec<&str> = shown
        .sides
        .iter()
        .filter(|side| {
            side.replayed.rules.iter().any(|(decision, outcome)| {
                outcome.sums.logged.events > 0 && logs_them(decision.level, decision.omit_managed_fields)
            })
        })
        .map(|side| side.name)
        .collect();
    if log.with_body == 0 || log.with_managed_fields > 0 || names.is_empty() {
        return None;
    }
    let text = format!(
        "no body in the log has managedFields: if the current policy omits them, bodies are larger with {}, which does not omit them",
        names.join(" and ")
    );
    Some(Diagnostic::info(text).named("managed-fields-omitted"))
}

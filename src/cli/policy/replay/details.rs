//! The outcome of `policy replay` for programs.

use super::shown::{Shown, Side};
use crate::event::Amount;
use crate::policy::{Level, Stage};
use crate::replay::{Logged, Outcome, Talker};
use serde_json::{Map, Value, json};

/// All of it.
pub(super) fn details(shown: &Shown<'_>) -> Value {
    let talkers = |talkers: Vec<Talker>| -> Vec<Value> {
        talkers.iter().map(|talker| talker_details(talker, shown.sides.len())).collect()
    };
    json!({
        "log": log(shown),
        "policies": shown.sides.iter().map(|side| side_details(shown, side)).collect::<Vec<_>>(),
        "talkers": talkers(shown.talkers()),
        "leftOut": talkers(shown.left_out()),
        "talkersLackBytes": shown.read.tally.talkers.lacking(),
    })
}

fn log(shown: &Shown<'_>) -> Value {
    let sums = &shown.read.tally.log;
    let files: Vec<Value> = shown
        .read
        .logs
        .iter()
        .map(|(name, sums)| json!({ "file": name, "lines": sums.lines, "events": sums.events.events, "bytes": sums.events.bytes }))
        .collect();
    let first_malformed: Vec<Value> = shown
        .malformed()
        .map(|(file, line, why)| json!({ "file": file, "line": line, "why": why.to_string() }))
        .collect();
    let damaged: Vec<Value> =
        shown.read.damaged.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
    let logged = Level::ALL.into_iter().filter(|level| *level != Level::None);
    json!({
        "files": files,
        "lines": sums.lines,
        "events": sums.events.events,
        "bytes": sums.events.bytes,
        "bytesPerDay": shown.a_day(sums.events.bytes),
        "first": shown.span().map(|(first, _)| first.to_string()),
        "last": shown.span().map(|(_, last)| last.to_string()),
        "levels": named(logged.map(Level::name), &sums.levels),
        "stages": named(Stage::ALL.into_iter().map(Stage::name), &sums.stages),
        "undated": sums.undated,
        "withoutGroups": sums.without_groups,
        "truncated": sums.truncated,
        "withBody": sums.with_body,
        "withManagedFields": sums.with_managed_fields,
        "malformed": sums.malformed,
        "firstMalformed": first_malformed,
        "damaged": damaged,
        "repeated": shown.read.repeated,
    })
}

fn named<'n>(names: impl Iterator<Item = &'n str>, amounts: &[Amount]) -> Value {
    let entries = names.zip(amounts).map(|(name, amount)| (name.to_owned(), amount_details(*amount)));
    Value::Object(entries.collect())
}

fn side_details(shown: &Shown<'_>, side: &Side<'_>) -> Value {
    let mut days = Vec::new();
    for (day, outcome) in &side.replayed.days {
        let mut object = outcome_details(outcome);
        object.insert("day".to_owned(), json!(day.map(|day| day.to_string())));
        days.push(Value::Object(object));
    }
    let mut rules = Vec::new();
    for (rule, (level, outcome)) in side.outcomes() {
        let mut object = outcome_details(outcome);
        object.insert("rule".to_owned(), json!(rule));
        object.insert("line".to_owned(), json!(rule.and_then(|rule| side.line(rule))));
        object.insert("level".to_owned(), json!(level.name()));
        rules.push(Value::Object(object));
    }
    let mut object = outcome_details(&side.replayed.total);
    object.insert("policy".to_owned(), json!(side.name));
    object.insert("bytesPerDay".to_owned(), json!(shown.a_day(side.replayed.total.cost().bytes)));
    object.insert("days".to_owned(), Value::Array(days));
    object.insert("rules".to_owned(), Value::Array(rules));
    Value::Object(object)
}

fn outcome_details(outcome: &Outcome) -> Map<String, Value> {
    let sums = &outcome.sums;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("requests", json!(outcome.requests));
    put("today", amount_details(sums.today));
    put("logged", amount_details(sums.logged));
    put("estimated", amount_details(outcome.estimated));
    put("omittedByLevel", amount_details(sums.omitted_by_level));
    put("omittedByStage", amount_details(sums.omitted_by_stage));
    put("unknownEvents", json!(sums.unknown));
    put("unknownRequestBodies", json!(sums.unknown_requests));
    put("unknownResponseBodies", json!(sums.unknown_responses));
    put("requestsWithoutEnd", json!(outcome.without_end));
    object
}

fn talker_details(talker: &Talker, policies: usize) -> Value {
    let details = |Logged { amount, is_least }: &Logged| json!({ "events": amount.events, "bytes": amount.bytes, "isLeast": is_least });
    let logged: Vec<Value> = talker.share.logged.iter().take(policies).map(details).collect();
    json!({
        "user": talker.user,
        "verb": talker.verb,
        "what": talker.what,
        "today": amount_details(talker.share.today),
        "logged": logged,
    })
}

fn amount_details(amount: Amount) -> Value {
    json!({ "events": amount.events, "bytes": amount.bytes })
}

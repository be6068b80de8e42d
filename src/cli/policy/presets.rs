//! `policy list` and `policy show`

use super::end::misused;
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::policy::judge;
use crate::policy::presets::benchmark::assess;
use crate::policy::presets::preset;
use crate::policy::{Measured, Preset};
use crate::report::{Output, Report};
use crate::size;
use serde_json::{Value, json};

/// A version of which every preset is a policy; what they pass is the same in all.
const MINOR: u32 = 36;

/// Lists the presets, what each is for, and what it passes.
pub(super) fn list(output: &mut Output<'_>) -> Exit {
    let mut lines = Vec::new();
    let mut details: Vec<Value> = Vec::new();
    for preset in preset::all() {
        let assessments = judge(preset.text, MINOR).map(|policy| assess(&policy)).unwrap_or_default();
        let named = |passed: bool| -> Vec<&str> {
            assessments.iter().filter(|it| it.passed == passed).map(|it| it.control).collect()
        };
        let (passes, fails) = (named(true), named(false));
        lines.push(format!("{:<13} {}", output.out_styles.bold(preset.name), preset.summary));
        lines.push(format!(
            "{:<13} passes {}{}",
            "",
            join(&passes),
            match fails.as_slice() {
                [] => String::new(),
                fails => format!("; fails {}", join(fails)),
            }
        ));
        lines.extend(preset.measured().map(|measured| format!("{:<13} {}", "", cost(measured))));
        details.push(json!({
            "name": preset.name, "summary": preset.summary, "passes": passes, "fails": fails,
            "measured": measured_details(preset),
        }));
    }
    let report = Report {
        lines,
        details: Some(("presets", Value::Array(details))),
        hint: Some(
            "kaudit policy show NAME prints one; its head says for whom it is. kaudit policy replay NAME LOG measures it on \
             your own audit log"
                .to_owned(),
        ),
        ..Report::default()
    };
    end(output, (report, Exit::Done))
}

fn join(controls: &[&str]) -> String {
    if controls.is_empty() { "none".to_owned() } else { controls.join(", ") }
}

/// For example `takes 59 events and at least 38.7 KiB for 100 requests, measured on public logs`.
fn cost(measured: Measured) -> String {
    let Measured { requests, events, bytes, is_least } = measured;
    let of_hundred = |count: u64| u128::from(count) * 100 / u128::from(requests.max(1));
    let least = if is_least { "at least " } else { "" };
    format!(
        "takes {} events and {least}{} for 100 requests, measured on public logs",
        of_hundred(events),
        size::nearest(of_hundred(bytes))
    )
}

fn measured_details(preset: &Preset) -> Value {
    preset.measured().map_or(Value::Null, |Measured { requests, events, bytes, is_least }| {
        json!({ "requests": requests, "events": events, "bytes": bytes, "isLeast": is_least })
    })
}

/// Prints a preset as it is.
pub(super) fn show(name: &str, output: &mut Output<'_>) -> Exit {
    let Some(found) = preset::find(name) else {
        let refusal = Diagnostic::error(format!("there is no preset {name}"));
        let refusal = match preset::suggest(name) {
            Some(meant) => refusal.help(format!("did you mean {}?", meant.name)),
            None => refusal.help("kaudit policy list names them"),
        };
        return misused(refusal, output);
    };
    if output.json {
        let details = json!({
            "name": found.name, "summary": found.summary, "text": found.text, "measured": measured_details(found),
        });
        let report = Report { details: Some(("preset", details)), ..Report::default() };
        return end(output, (report, Exit::Done));
    }
    let report = Report {
        lines: vec![found.text.trim_end_matches('\n').to_owned()],
        notes: found
            .measured()
            .map(|measured| Diagnostic::info(format!("{} {}", found.name, cost(measured))))
            .into_iter()
            .collect(),
        ..Report::default()
    };
    end(output, (report, Exit::Done))
}

//! `policy list` and `policy show`

use super::end::misused;
use super::view::{PresetSummary, PresetView, PresetsView};
use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::policy::Measured;
use crate::policy::check;
use crate::policy::presets::benchmark::assess;
use crate::policy::presets::preset;
use crate::report::{Details, Output, Report};
use crate::size;

/// Every preset is valid in this version, and passes the same controls in all.
const MINOR: u32 = 36;

/// Lists the presets, their purpose and the benchmark controls that they pass.
pub(super) fn list(output: &mut Output<'_>) -> Exit {
    let mut lines = Vec::new();
    let mut presets = Vec::new();
    for preset in preset::all() {
        let assessments = check(preset.text, MINOR).map(|policy| assess(&policy)).unwrap_or_default();
        let named = |passed: bool| -> Vec<&'static str> {
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
        presets.push(PresetSummary {
            name: preset.name,
            summary: preset.summary,
            passes,
            fails,
            measured: preset.measured(),
        });
    }
    let report = Report {
        lines,
        details: Some(Details::of(&PresetsView(presets))),
        hint: Some(
            "to print a preset: kaudit policy show NAME; to measure it on your own audit log: kaudit policy replay NAME LOG"
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

/// Prints a preset as it is.
pub(super) fn show(name: &str, output: &mut Output<'_>) -> Exit {
    let Some(found) = preset::find(name) else {
        let refusal = Diagnostic::error(format!("unknown preset {name}"));
        let refusal = match preset::suggest(name) {
            Some(meant) => refusal.help(format!("did you mean {}?", meant.name)),
            None => refusal.help("to list the presets: kaudit policy list"),
        };
        return misused(refusal, output);
    };
    if output.json {
        let report = Report { details: Some(Details::of(&PresetView::from(found))), ..Report::default() };
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

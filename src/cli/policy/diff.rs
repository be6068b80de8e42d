//! `policy diff`

use super::args::Diff as Args;
use super::source::{PolicyText, load, minor};
use crate::cli::args::Global;
use crate::cli::{Exit, end};
use crate::policy::{Class, Decision, Level, Stage, describe_request, diff, rule_positions};
use crate::refusal::{Position, Refusal};
use crate::report::{Output, Report, Styles};
use serde_json::{Value, json};

/// Compares two policies by what they log.
///
/// # Errors
/// A policy cannot be read, or the API server would not start with it.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output<'_>) -> super::Result {
    let minor = minor(&args.version, global)?;
    let (before, policy_before) = load(&args.before, minor)?;
    let (after, policy_after) = load(&args.after, minor)?;
    let classes = diff(&policy_before, &policy_after)
        .map_err(|_| Refusal::new("these policies have too many combinations of conditions to compare"))?;
    let sides = [Side::of(&before), Side::of(&after)];
    let mut report = Report::default();
    for class in &classes {
        report.lines.extend(render(class, &sides, output.out_styles));
    }
    report.details = Some(("classes", classes.iter().map(|class| details(class, &sides)).collect()));
    let exit = if classes.is_empty() { Exit::Done } else { Exit::Differences };
    report.message = match classes.len() {
        0 => "Both policies log every request alike.".to_owned(),
        1 => "1 class of requests is logged differently.".to_owned(),
        many => format!("{many} classes of requests are logged differently."),
    };
    Ok(end(output, (report, exit)))
}

/// A policy and where its rules are.
struct Side<'a> {
    name: &'a str,
    positions: Vec<Option<Position>>,
}

impl<'a> Side<'a> {
    fn of(source: &'a PolicyText) -> Self {
        Self { name: &source.name, positions: rule_positions(&source.text) }
    }

    fn line(&self, decision: &Decision) -> Option<usize> {
        self.positions.get(decision.rule?).copied().flatten().map(|position| position.line)
    }

    fn place(&self, decision: &Decision) -> String {
        match (decision.rule, self.line(decision)) {
            (None, _) => format!("{}: no rule", self.name),
            (Some(_), Some(line)) => format!("{}:{line}", self.name),
            (Some(rule), None) => format!("{}: rules[{rule}]", self.name),
        }
    }
}

fn render(class: &Class, [before, after]: &[Side<'_>; 2], styles: Styles) -> Vec<String> {
    let word = |text: String, is_more: bool| if is_more { styles.green(&text) } else { styles.red(&text) };
    let change = if class.before.level == class.after.level {
        format!("{}, {}", class.after.level, other_change(class))
    } else {
        let text = format!("{} → {}", class.before.level, class.after.level);
        word(text, class.after.level > class.before.level)
    };
    vec![
        format!("{change}: for example {}", describe_request(&class.example)),
        format!("    {} → {}", before.place(&class.before), after.place(&class.after)),
    ]
}

/// What changes at the same level.
fn other_change(class: &Class) -> String {
    let stages = |decision: &Decision| -> Vec<&str> {
        let is_logged = |stage: &&Stage| !decision.omit_stages.contains(**stage);
        Stage::ALL.iter().filter(is_logged).map(|stage| stage.name()).collect()
    };
    let shown = |stages: Vec<&str>| if stages.is_empty() { "nothing".to_owned() } else { stages.join("+") };
    let (before, after) = (stages(&class.before), stages(&class.after));
    if before == after {
        let fields = |decision: &Decision| if decision.omit_managed_fields { "without" } else { "with" };
        return format!("{} → {} managed fields", fields(&class.before), fields(&class.after));
    }
    format!("stages {} → {}", shown(before), shown(after))
}

fn details(class: &Class, [before, after]: &[Side<'_>; 2]) -> Value {
    let side = |side: &Side<'_>, decision: &Decision| {
        let omit: Vec<&str> = decision.omit_stages.iter().map(Stage::name).collect();
        json!({
            "file": side.name,
            "rule": decision.rule,
            "line": side.line(decision),
            "level": decision.level.name(),
            "omitStages": omit,
            "omitManagedFields": decision.omit_managed_fields && decision.level != Level::None,
        })
    };
    json!({
        "example": describe_request(&class.example),
        "before": side(before, &class.before),
        "after": side(after, &class.after),
    })
}

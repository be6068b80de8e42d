//! `policy diff`

use super::args::Diff as Args;
use super::namesake;
use super::source::{PolicyText, load, minor};
use super::view::{ClassSide, ClassView, ClassesView};
use crate::cli::end::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::{Diagnostic, Position};
use crate::exit::Exit;
use crate::policy::diff;
use crate::policy::{
    Class, Decision, Level, Policy, Stage, describe_arguments, describe_rule, rule_positions,
};
use crate::report::{Details, Output, Report};
use crate::styles::Styles;
use std::cmp::Ordering;

/// Compares two policies by what they log.
///
/// # Errors
/// A policy cannot be read, or the API server would not start with it.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::end::Result {
    let minor = minor(&args.version, options)?;
    let (before, policy_before) = load(&args.before, minor)?;
    let (after, policy_after) = load(&args.after, minor)?;
    let classes = diff(&policy_before, &policy_after).map_err(|_| {
        Diagnostic::error("these policies have too many combinations of conditions to be compared")
    })?;
    let sides = [Side::of(&before, &policy_before), Side::of(&after, &policy_after)];
    let most = if output.verbose { usize::MAX } else { SHOWN };
    let mut report = Report {
        lines: render(&classes, &sides, most, output.out_styles),
        notes: namesake::notes([&args.before, &args.after]),
        ..Report::default()
    };
    let views = classes.iter().map(|class| view(class, &sides)).collect();
    report.details = Some(Details::of(&ClassesView(views)));
    let exit = if classes.is_empty() { Exit::Done } else { Exit::Differences };
    report.message = match classes.len() {
        0 => "Both policies log every request in the same way.".to_owned(),
        1 => format!("{} is logged differently.", classes_of(1)),
        many => format!("{} are logged differently.", classes_of(many)),
    };
    Ok(end(output, (report, exit)))
}

/// A policy and where its rules are.
struct Side<'a> {
    name: &'a str,
    policy: &'a Policy,
    positions: Vec<Option<Position>>,
}

impl<'a> Side<'a> {
    fn of(source: &'a PolicyText, policy: &'a Policy) -> Self {
        Self { name: &source.name, policy, positions: rule_positions(&source.text) }
    }

    fn line(&self, decision: &Decision) -> Option<usize> {
        self.positions.get(decision.rule?).copied().flatten().map(|position| position.line)
    }

    /// `policy.yaml:12: get of pods`
    fn place(&self, decision: &Decision) -> String {
        let Some((index, rule)) =
            decision.rule.and_then(|index| Some((index, self.policy.rules.get(index)?)))
        else {
            return format!("{}: no rule", self.name);
        };
        let about = describe_rule(rule);
        match self.line(decision) {
            Some(line) => format!("{}:{line}: {about}", self.name),
            None => format!("{}: rules[{index}]: {about}", self.name),
        }
    }
}

/// So many classes are shown of each change.
const SHOWN: usize = 10;

/// The classes, grouped by change, in the order of their first class.
fn render(classes: &[Class], [before, after]: &[Side<'_>; 2], most: usize, styles: Styles) -> Vec<String> {
    let mut changes: Vec<(String, Vec<&Class>)> = Vec::new();
    for class in classes {
        let change = change(class);
        match changes.iter_mut().find(|(known, _)| *known == change) {
            Some((_, of_change)) => of_change.push(class),
            None => changes.push((change, vec![class])),
        }
    }
    let mut lines = Vec::new();
    for (change, classes) in &changes {
        let colored = match classes.first().map(|class| class.after.level.cmp(&class.before.level)) {
            Some(Ordering::Greater) => styles.green(change),
            Some(Ordering::Less) => styles.red(change),
            _ => change.clone(),
        };
        lines.push(format!("{colored}: {}", classes_of(classes.len())));
        for class in classes.iter().take(most) {
            lines.push(format!("  {}", describe_arguments(&class.example)));
            lines.push(format!("      {}", before.place(&class.before)));
            lines.push(format!("    → {}", after.place(&class.after)));
        }
        let more = classes.len().saturating_sub(most);
        if more > 0 {
            lines.push(format!("  … and {more} more (-v shows all)"));
        }
    }
    lines
}

fn classes_of(count: usize) -> String {
    if count == 1 { "1 class of requests".to_owned() } else { format!("{count} classes of requests") }
}

fn change(class: &Class) -> String {
    if class.before.level == class.after.level {
        format!("{}, {}", class.after.level, other_change(class))
    } else {
        format!("{} → {}", class.before.level, class.after.level)
    }
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

fn view<'a>(class: &Class, [before, after]: &'a [Side<'_>; 2]) -> ClassView<'a> {
    let side = |side: &'a Side<'_>, decision: &Decision| ClassSide {
        file: side.name,
        rule: decision.rule,
        line: side.line(decision),
        level: decision.level,
        omit_stages: decision.omit_stages.iter().collect(),
        omit_managed_fields: decision.omit_managed_fields && decision.level != Level::None,
    };
    ClassView {
        example: describe_arguments(&class.example),
        before: side(before, &class.before),
        after: side(after, &class.after),
    }
}

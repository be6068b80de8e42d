//! Text for people: the diff and the result on standard output, remarks and refusals on standard error.

use super::{Output, Report, json};
use crate::exit::Exit;
use crate::note::Note;
use crate::printable::{escape, escape_lines};
use crate::refusal::Refusal;
use crate::severity::Severity;

/// Prints the end of a run in the asked form.
pub fn print_report(output: &mut Output<'_>, report: &Report, exit: Exit) {
    if output.json {
        json::print(output, report, exit);
        return;
    }
    print_plan(output, report);
    for refusal in &report.refusals {
        print_refusal(output, refusal, exit);
    }
    for line in &report.lines {
        output.line(line);
    }
    if report.message.is_empty() {
        return;
    }
    if exit.is_failure() {
        let text = output.err_styles.bold(&report.message);
        output.error_line(&text);
    } else {
        let text = output.out_styles.bold(&report.message);
        output.line(&text);
        // The two streams are often one terminal: what comes first stands first.
        output.flush();
    }
    if let Some(hint) = report.hint.as_ref().filter(|_| !output.quiet) {
        let text = format!("  hint: {hint}");
        output.error_line(&text);
    }
}

/// Prints what would be or was changed, and the remarks about it.
pub fn print_plan(output: &mut Output<'_>, report: &Report) {
    if !output.quiet {
        for file in &report.diff {
            for line in file.render(output.out_styles) {
                output.line(&line);
            }
            output.line("");
        }
    }
    output.flush();
    for note in &report.notes {
        print_note(output, note);
    }
}

fn print_note(output: &mut Output<'_>, note: &Note) {
    let label = match note.severity {
        Severity::Info if output.quiet => return,
        Severity::Info => output.err_styles.cyan("note:"),
        Severity::Warning | Severity::Error => output.err_styles.yellow("warning:"),
    };
    output.error_line(&format!("{label} {}", escape_lines(&note.text)));
    if let Some(hint) = &note.hint {
        output.error_line(&format!("  hint: {}", escape_lines(hint)));
    }
}

/// Why it ended so, as compilers print errors: what, where, the line, what to do.
fn print_refusal(output: &mut Output<'_>, refusal: &Refusal, exit: Exit) {
    let label = output.err_styles.red(match exit {
        Exit::RolledBack | Exit::NeedsHands => "failed:",
        Exit::Interrupted | Exit::Terminated => "ended:",
        Exit::Done | Exit::Differences | Exit::Usage | Exit::Refused | Exit::Busy => "refused:",
    });
    output.error_line(&format!("{label} {}", escape_lines(&refusal.reason)));
    let place = match (&refusal.file, refusal.position) {
        (Some(file), Some(position)) => Some(format!("{file}:{position}")),
        (Some(file), None) => Some(file.clone()),
        (None, Some(position)) => Some(position.to_string()),
        (None, None) => None,
    };
    if let Some(place) = place {
        let arrow = output.err_styles.cyan("-->");
        output.error_line(&format!("  {arrow} {}", escape(&place)));
    }
    if let (Some(excerpt), Some(position)) = (&refusal.excerpt, refusal.position) {
        let number = position.line.to_string();
        let bar = output.err_styles.cyan("|");
        output.error_line(&format!("  {number} {bar} {}", escape(&excerpt.replace('\t', " "))));
        let caret = output.err_styles.red("^");
        let indent = " ".repeat(position.column.saturating_sub(1));
        output.error_line(&format!("  {} {bar} {indent}{caret}", " ".repeat(number.len())));
    }
    for step in &refusal.help {
        let step = escape_lines(step);
        let mut lines = step.lines();
        output.error_line(&format!("  help: {}", lines.next().unwrap_or_default()));
        for line in lines {
            output.error_line(&format!("        {line}"));
        }
    }
}

//! `policy lint`

use super::args::Lint as Args;
use super::end::misused;
use super::namesake;
use super::source::{judging, read_bytes};
use crate::cli::end::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit::Exit;
use crate::policy::lint::{Check, Lint, Linted, all, find, lint_bytes, sarif};
use crate::report::{Output, Report};
use crate::styles::Styles;
use serde_json::{Value, json};

/// Checks the files, or tells about the checks. A file that cannot be read hides nothing of the others.
///
/// # Errors
/// The version to judge by cannot be told.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::end::Result {
    if args.list {
        return Ok(list(output));
    }
    if let Some(id) = &args.explain {
        return Ok(if let Some(check) = find(id) {
            explain(check, output)
        } else {
            let refusal = Diagnostic::error(format!("there is no check {id}"));
            misused(refusal.help("kaudit policy lint --list names them"), output)
        });
    }
    let judging = judging(&args.version, options)?;
    let mut unread = Vec::new();
    let mut linted: Vec<(String, Linted)> = Vec::new();
    for name in &args.files {
        match read_bytes(name) {
            Ok((name, bytes)) => linted.push((name, lint_bytes(&bytes, judging.minor))),
            Err(refusal) => unread.push(refusal),
        }
    }
    let open = linted.iter().map(|(_, linted)| linted.open().count()).sum();
    let exit = if !unread.is_empty() || linted.iter().any(|(_, linted)| linted.would_start != Some(true)) {
        Exit::Refused
    } else if open > 0 {
        Exit::Differences
    } else {
        Exit::Done
    };
    if args.sarif {
        let runs: Vec<(&str, &[Lint])> =
            linted.iter().map(|(name, linted)| (name.as_str(), linted.findings.as_slice())).collect();
        let reasons: Vec<String> = unread.iter().map(|refusal| refusal.message.clone()).collect();
        output.line(&sarif(&runs, &reasons).to_string());
        return Ok(exit);
    }
    let mut report = Report { refusals: unread, ..Report::default() };
    for (name, linted) in &linted {
        for finding in linted.open() {
            report.lines.extend(render(name, finding, output.out_styles, output.verbose));
        }
    }
    let counted = match open {
        0 => "No findings".to_owned(),
        1 => "1 finding".to_owned(),
        open => format!("{open} findings"),
    };
    let files = if linted.len() == 1 { String::new() } else { format!(" in {} files", linted.len()) };
    if !linted.is_empty() {
        report.message = format!("{counted}{files}, judged for {judging}.");
    }
    if open > 0 && !output.verbose {
        report.hint = Some("why: -v, or kaudit policy lint --explain ID".to_owned());
    }
    report.notes = namesake::notes(&args.files);
    report.details = Some(("lint", details(&linted, judging.minor)));
    Ok(end(output, (report, exit)))
}

/// A finding as compilers print warnings, so that editors find the place.
fn render(file: &str, finding: &Lint, styles: Styles, verbose: bool) -> Vec<String> {
    let place = finding.position.map(|position| format!(":{position}")).unwrap_or_default();
    let word = paint(finding.check.severity, styles);
    let mut lines = vec![
        format!(
            "{}: {word} {} {}",
            styles.cyan(&format!("{file}{place}")),
            finding.check.id,
            finding.message
        ),
        format!("    fix: {}", finding.fix),
    ];
    if verbose {
        lines.push(format!("    why: {}", finding.check.why));
        lines.push(format!("    see: {}", finding.check.link));
    }
    lines
}

fn paint(severity: Severity, styles: Styles) -> String {
    match severity {
        Severity::Error => styles.red(severity.name()),
        Severity::Warning => styles.yellow(severity.name()),
        Severity::Info | Severity::Ok => styles.cyan(severity.name()),
    }
}

fn details(linted: &[(String, Linted)], minor: u32) -> Value {
    let files: Vec<Value> = linted
        .iter()
        .map(|(name, linted)| {
            let findings: Vec<Value> = linted.findings.iter().map(details_of).collect();
            json!({ "file": name, "wouldStart": linted.would_start, "findings": findings })
        })
        .collect();
    json!({ "kubernetesMinor": minor, "files": files })
}

fn details_of(finding: &Lint) -> Value {
    json!({
        "id": finding.check.id,
        "severity": finding.check.severity,
        "path": finding.path.to_string(),
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
        "message": finding.message,
        "why": finding.check.why,
        "fix": finding.fix,
        "link": finding.check.link,
        "allowed": finding.allowed,
    })
}

fn list(output: &mut Output<'_>) -> Exit {
    let details: Vec<Value> = all().iter().map(details_of_check).collect();
    let line = |check: &Check| format!("{}  {:<8} {}", check.id, check.severity.name(), check.title);
    let lines = all().iter().map(line).collect();
    let report = Report { lines, details: Some(("checks", Value::Array(details))), ..Report::default() };
    end(output, (report, Exit::Done))
}

fn explain(check: &Check, output: &mut Output<'_>) -> Exit {
    let title = format!("{} ({}): {}", check.id, check.severity.name(), check.title);
    let mut lines = vec![output.out_styles.bold(&title), String::new()];
    lines.extend(wrap(check.why));
    lines.extend([String::new(), format!("fix: {}", check.fix), format!("see: {}", check.link)]);
    let details = Some(("check", details_of_check(check)));
    end(output, (Report { details, lines, ..Report::default() }, Exit::Done))
}

/// The words of the text in lines of a width that is read well.
fn wrap(text: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn details_of_check(check: &Check) -> Value {
    json!({
        "id": check.id,
        "severity": check.severity,
        "title": check.title,
        "why": check.why,
        "fix": check.fix,
        "link": check.link,
    })
}

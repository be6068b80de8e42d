//! `policy lint`

use super::args::Lint as Args;
use super::end::misused;
use super::namesake;
use super::source::{checked_version, read_bytes};
use super::view::{CheckView, ChecksView, LintFinding, LintView, LintedFile};
use crate::cli::end::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::policy::lint::{Check, Lint, Linted, all, find, lint_bytes, sarif};
use crate::report::{Details, Output, Report, render};

/// Checks the files, or describes the checks. If a file cannot be read, the others are checked anyway.
///
/// # Errors
/// The Kubernetes version is not supported or cannot be determined.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::end::Result {
    if args.list {
        return Ok(list(output));
    }
    if let Some(id) = &args.explain {
        return Ok(if let Some(check) = find(id) {
            explain(check, output)
        } else {
            let refusal = Diagnostic::error(format!("unknown check {id}"));
            misused(refusal.help("to list all checks: kaudit policy lint --list"), output)
        });
    }
    let version = checked_version(&args.version, options)?;
    let mut unread = Vec::new();
    let mut linted: Vec<(String, Linted)> = Vec::new();
    for name in &args.files {
        match read_bytes(name) {
            Ok((name, bytes)) => linted.push((name, lint_bytes(&bytes, version.minor))),
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
        output.json(&sarif(&runs, &reasons));
        return Ok(exit);
    }
    let mut report = Report { refusals: unread, ..Report::default() };
    for (name, linted) in &linted {
        for finding in linted.open() {
            report.lines.extend(finding_lines(name, finding, output));
        }
    }
    let counted = match open {
        0 => "No findings".to_owned(),
        1 => "1 finding".to_owned(),
        open => format!("{open} findings"),
    };
    let files = if linted.len() == 1 { String::new() } else { format!(" in {} files", linted.len()) };
    if !linted.is_empty() {
        report.message = format!("{counted}{files}, checked for {version}.");
    }
    if open > 0 && !output.verbose {
        report.hint = Some("for explanations: -v, or kaudit policy lint --explain ID".to_owned());
    }
    report.notes = namesake::notes(&args.files);
    report.details = Some(Details::of(&view(&linted, version.minor)));
    Ok(end(output, (report, exit)))
}

/// A finding as it is printed; with `--verbose` with the explanation of the check.
fn finding_lines(file: &str, finding: &Lint, output: &Output<'_>) -> Vec<String> {
    const WIDTH: usize = 100;
    let styles = output.out_styles;
    let diagnostic = finding.diagnostic.clone().in_file(file);
    let text = render(&diagnostic, styles, output.out_columns.unwrap_or(WIDTH));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if output.verbose {
        lines.push(format!("  {}: {}", styles.cyan("why"), finding.check.why));
        lines.push(format!("  {}: {}", styles.cyan("see"), finding.check.link));
    }
    lines
}

fn view(linted: &[(String, Linted)], minor: u32) -> LintView<'_> {
    let files = linted.iter().map(|(name, linted)| LintedFile {
        file: name,
        would_start: linted.would_start,
        findings: linted.findings.iter().map(LintFinding::from).collect(),
    });
    LintView { kubernetes_minor: minor, files: files.collect() }
}

fn list(output: &mut Output<'_>) -> Exit {
    let checks = ChecksView(all().iter().map(CheckView::from).collect());
    let line = |check: &Check| format!("{}  {:<8} {}", check.id, check.severity.name(), check.title);
    let lines = all().iter().map(line).collect();
    let report = Report { lines, details: Some(Details::of(&checks)), ..Report::default() };
    end(output, (report, Exit::Done))
}

fn explain(check: &Check, output: &mut Output<'_>) -> Exit {
    let title = format!("{} ({}): {}", check.id, check.severity.name(), check.title);
    let mut lines = vec![output.out_styles.bold(&title), String::new()];
    lines.extend(wrap(check.why));
    lines.extend([String::new(), format!("fix: {}", check.fix), format!("see: {}", check.link)]);
    let details = Some(Details::of(&CheckView::from(check)));
    end(output, (Report { details, lines, ..Report::default() }, Exit::Done))
}

/// The text in lines of at most 96 columns.
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

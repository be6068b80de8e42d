//! `# kaudit: allow KA201 reason`, or `KA201,KA202 reason`, in a policy file.
//!
//! After a value it applies to that line. On a line of its own it applies to the next line that is not a comment, and if a
//! rule begins there, to the whole rule. Before the first line of content it applies to the whole file.

use crate::diagnostic::Position;
use crate::diagnostic::Severity;
use crate::policy::lint::catalogue::{self, find};
use crate::policy::lint::found::Lint;
use crate::policy::load::source::Source;
use crate::yaml::Path;

const MARK: &str = "kaudit: allow";

/// A comment and the lines that it applies to.
struct Allow {
    position: Position,
    id: String,
    reason: String,
    /// First and last line, from 1; `None` for the whole file.
    lines: Option<(usize, usize)>,
}

/// Marks what comments allow, and reports comments that allow nothing. Unless the file was checked completely, that is not
/// known.
pub(super) fn apply(text: &str, source: &Source, is_complete: bool, findings: &mut Vec<Lint>) {
    for allow in read(text, source) {
        let fault = if find(&allow.id).is_none() {
            Some(format!("unknown check {:?}; to list all checks: kaudit policy lint --list", allow.id))
        } else if allow.reason.is_empty() {
            Some(format!("the reason is missing: # {MARK} {} reason", allow.id))
        } else {
            let mut is_used = false;
            for finding in findings.iter_mut().filter(|finding| applies_to(&allow, finding)) {
                finding.allowed = Some(allow.reason.clone());
                is_used = true;
            }
            (is_complete && !is_used).then(|| format!("there is no finding {} here", allow.id))
        };
        if let Some(message) = fault {
            let check = catalogue::BAD_ALLOW;
            let mut finding = Lint::new(check, Path::root(), None, message, check.fix);
            finding.diagnostic = finding.diagnostic.at(allow.position, text);
            findings.push(finding);
        }
    }
}

/// A comment does not allow what keeps the API server from starting.
fn applies_to(allow: &Allow, finding: &Lint) -> bool {
    let line = finding.position().map_or(1, |position| position.line);
    finding.check.severity != Severity::Error
        && finding.check.id.eq_ignore_ascii_case(&allow.id)
        && allow.lines.is_none_or(|(first, last)| (first..=last).contains(&line))
}

fn read(text: &str, source: &Source) -> Vec<Allow> {
    let lines: Vec<&str> = text.lines().collect();
    let is_content = |line: &&str| {
        let line = line.trim_start_matches('\u{feff}').trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    };
    let first_content = lines.iter().position(is_content).unwrap_or(lines.len());
    let rules = rule_lines(source, lines.len());
    let mut allows = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, comment)) = split_comment(line) else { continue };
        let Some(rest) = comment.trim_start_matches('#').trim_start().strip_prefix(MARK) else { continue };
        let (ids, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let number = index + 1;
        let about = if !before.trim().is_empty() {
            Some((number, number))
        } else if index < first_content {
            None
        } else {
            let next = lines.iter().skip(number).position(is_content).map_or(number, |at| number + at + 1);
            Some(rules.iter().copied().find(|(first, _)| *first == next).unwrap_or((next, next)))
        };
        let column = before.chars().count() + 1;
        allows.extend(ids.split(',').map(|id| Allow {
            position: Position { line: number, column },
            id: id.to_owned(),
            reason: reason.trim().to_owned(),
            lines: about,
        }));
    }
    allows
}

/// A line up to its comment, and the comment. Quotes are not taken into account.
fn split_comment(line: &str) -> Option<(&str, &str)> {
    let at = line.find(MARK)?;
    let hash = line.get(..at)?.rfind('#')?;
    let before = line.get(..hash)?;
    let is_comment = before.is_empty() || before.ends_with([' ', '\t']);
    let is_between_blank = line.get(hash + 1..at)?.trim().is_empty();
    (is_comment && is_between_blank).then(|| line.split_at(hash))
}

/// First and last line of every rule.
fn rule_lines(source: &Source, lines: usize) -> Vec<(usize, usize)> {
    let rules = Path::root().key("rules");
    let starts: Vec<usize> = (0..)
        .map_while(|index| source.exact_position(&rules.clone().index(index)))
        .map(|position| position.line)
        .collect();
    let ends = starts.iter().skip(1).map(|next| next.saturating_sub(1)).chain([lines]);
    starts.iter().copied().zip(ends).collect()
}

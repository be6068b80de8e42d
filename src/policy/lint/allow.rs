//! `# kaudit: allow KA201 reason`, or `KA201,KA202 reason`, in the file that it is about.
//!
//! Behind a value it is about that line. On a line of its own it is about the next line that is no comment, and if a rule
//! begins there, about the whole rule. Before everything else it is about the whole file.

use crate::diagnostic::Position;
use crate::diagnostic::Severity;
use crate::policy::lint::catalogue::{self, find};
use crate::policy::lint::found::Lint;
use crate::policy::load::source::Source;
use crate::yaml::Path;

const MARK: &str = "kaudit: allow";

/// A comment and the lines that it is about.
struct Allow {
    position: Position,
    id: String,
    reason: String,
    /// From this line to this one, from 1; the whole file without.
    lines: Option<(usize, usize)>,
}

/// Marks what comments allow, and reports comments that allow nothing. Of a file that was not checked to the end it is
/// not known whether they do.
pub(super) fn apply(text: &str, source: &Source, is_complete: bool, findings: &mut Vec<Lint>) {
    for allow in read(text, source) {
        let fault = if find(&allow.id).is_none() {
            Some(format!("there is no check {:?}; kaudit policy lint --list names them", allow.id))
        } else if allow.reason.is_empty() {
            Some(format!("say why: # {MARK} {} reason", allow.id))
        } else {
            let mut is_used = false;
            for finding in findings.iter_mut().filter(|finding| is_meant(&allow, finding)) {
                finding.allowed = Some(allow.reason.clone());
                is_used = true;
            }
            (is_complete && !is_used).then(|| format!("there is no finding {} here", allow.id))
        };
        if let Some(message) = fault {
            let (check, fix) = (catalogue::BAD_ALLOW, catalogue::BAD_ALLOW.fix.to_owned());
            let position = Some(allow.position);
            findings.push(Lint { check, message, fix, path: Path::root(), position, allowed: None });
        }
    }
}

/// What keeps the API server from starting is no matter of taste.
fn is_meant(allow: &Allow, finding: &Lint) -> bool {
    let line = finding.position.map_or(1, |position| position.line);
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
        let Some(words) = comment.trim_start_matches('#').trim_start().strip_prefix(MARK) else { continue };
        let (ids, reason) = words.trim().split_once(char::is_whitespace).unwrap_or((words.trim(), ""));
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

/// A line up to its comment, and the comment. The mark is not looked for in quotes: nobody has it there.
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

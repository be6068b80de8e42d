//! Text for people: the diff and the result on standard output, diagnostics on standard error.

use super::{Output, Report, json};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::exit::Exit;
use crate::printable::{escape, escape_lines};
use crate::styles::Styles;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The width of an excerpt, in columns, where standard error is not a terminal: enough for a usual line of YAML.
const WIDTH: usize = 100;

/// Prints the end of a run in the requested format.
pub fn print_report(output: &mut Output<'_>, report: &Report, exit: Exit) {
    if output.json {
        json::print(output, report, exit);
        return;
    }
    print_plan(output, report);
    for refusal in &report.refusals {
        print_diagnostic(output, refusal);
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
        // Both streams are often the same terminal: keep the order.
        output.flush();
    }
    if let Some(hint) = report.hint.as_ref().filter(|_| !output.quiet) {
        let text = format!("  hint: {hint}");
        output.error_line(&text);
    }
}

/// Prints what would be or was changed, and the diagnostics about it.
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
        print_diagnostic(output, note);
    }
}

/// Prints one diagnostic on standard error; with `--quiet` only warnings and errors.
pub fn print_diagnostic(output: &mut Output<'_>, diagnostic: &Diagnostic) {
    if output.quiet && diagnostic.severity < Severity::Warning {
        return;
    }
    let text = render(diagnostic, output.err_styles, output.err_columns.unwrap_or(WIDTH));
    for line in text.lines() {
        output.error_line(line);
    }
}

/// The diagnostic in the form in which compilers print errors: what, where, the line with a caret, what to do.
///
/// `columns` bounds the excerpt: of a longer line only the part around the position is shown. Control characters and
/// invisible characters are escaped, and the caret accounts for that.
#[must_use]
pub fn render(diagnostic: &Diagnostic, styles: Styles, columns: usize) -> String {
    let level = match diagnostic.severity {
        Severity::Ok => Level::INFO.with_name("ok"),
        Severity::Info => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(escape_lines(&diagnostic.message));
    let title = match diagnostic.id {
        Some(id) => title.id(id),
        None => title,
    };
    let group = add_excerpt(Group::with_title(title), &diagnostic.location);
    let renderer = if styles == Styles::plain() { Renderer::plain() } else { Renderer::styled() };
    let mut text = renderer.term_width(columns).decor_style(DecorStyle::Ascii).render(&[group]);
    if let Some(place) = place(&diagnostic.location) {
        text += "\n  ";
        text += &styles.cyan("-->");
        text += " ";
        text += &place;
    }
    let labelled = |label: &'static str, texts: &[String]| -> Vec<String> {
        texts
            .iter()
            .map(|text| indent(&format!("  {}: ", styles.cyan(label)), label.len() + 4, text))
            .collect()
    };
    for entry in
        labelled("evidence", &diagnostic.evidence).into_iter().chain(labelled("help", &diagnostic.help))
    {
        text.push('\n');
        text.push_str(&entry);
    }
    text
}

/// `label` and `text`, whose further lines are indented by `width` columns.
fn indent(label: &str, width: usize, text: &str) -> String {
    let text = escape_lines(text).replace('\n', &format!("\n{}", " ".repeat(width)));
    format!("{label}{text}")
}

/// The excerpt with a caret, where the location has one.
fn add_excerpt<'a>(group: Group<'a>, location: &'a Location) -> Group<'a> {
    let (Some(position), Some(excerpt)) = (location.position, &location.excerpt) else { return group };
    let (source, at) = escape_before(excerpt, position.column.saturating_sub(1));
    let end = at + source.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let caret = AnnotationKind::Primary.span(at..end);
    let snippet = Snippet::source(source).line_start(position.line).annotation(caret);
    group.element(snippet.path(location.file.as_deref().map_or("input".into(), escape)))
}

/// File and position, where there is no excerpt that names them.
fn place(location: &Location) -> Option<String> {
    match (&location.file, location.position, &location.excerpt) {
        (_, Some(_), Some(_)) | (None, None, _) => None,
        (Some(file), Some(position), None) => Some(format!("{}:{position}", escape(file))),
        (Some(file), None, _) => Some(escape(file).into_owned()),
        (None, Some(position), None) => Some(format!("{position}")),
    }
}

/// `line` escaped, and the byte of the escaped line at which the character number `column` (from 0) begins.
fn escape_before(line: &str, column: usize) -> (String, usize) {
    let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (before, after) = line.split_at_checked(at).unwrap_or((line, ""));
    // A tab has no fixed width.
    let escape = |text: &str| escape(&text.replace('\t', "    ")).into_owned();
    let mut source = escape(before);
    let at = source.len();
    source.push_str(&escape(after));
    (source, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Position;

    fn rendered(line: usize, column: usize, text: &str) -> String {
        let diagnostic = Diagnostic::error("bad value").at(Position { line, column }, text).in_file("policy");
        render(&diagnostic.help("write another"), Styles::plain(), 60)
    }

    /// The excerpt and the carets below it.
    fn excerpt(column: usize, text: &str) -> [String; 2] {
        let shown = rendered(1, column, text);
        let mut lines = shown.lines().skip_while(|line| !line.starts_with("1 | ")).map(str::to_owned);
        [lines.next().unwrap(), lines.next().unwrap()]
    }

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        let text = "rules:\n- level: All\n";
        let expected = "error: bad value\n --> policy:2:10\n  |\n2 | - level: All\n  |          ^\n  help: write another";
        assert_eq!(rendered(2, 10, text), expected);
    }

    #[test]
    fn the_caret_is_below_its_character() {
        for (column, text, expected) in [
            (3, "\t\tkey: 1", ["1 |         key: 1", "  |         ^"]),
            (4, "日本 x", ["1 | 日本 x", "  |      ^"]),
            (3, "a\u{1b}b", ["1 | a\\u001bb", "  |        ^"]),
            (2, "a\u{202e}b", ["1 | a\\u202eb", "  |  ^"]),
            (4, "end", ["1 | end", "  |    ^"]),
        ] {
            assert_eq!(excerpt(column, text), expected, "{text:?}");
        }
    }

    #[test]
    fn of_a_long_line_only_the_part_around_the_position_is_shown() {
        let text = format!("{{\"rules\":[{}{{\"level\":\"All\"}}]}}", "{\"level\":\"None\"},".repeat(5000));
        let column = text.find("All").unwrap() + 1;
        let [line, carets] = excerpt(column, &text);
        assert!(line.contains("All") && line.chars().count() <= 64, "{line}");
        assert_eq!(line.find("All"), carets.find('^'), "{line}\n{carets}");
    }

    #[test]
    fn a_message_cannot_forge_a_line_or_control_the_terminal() {
        let diagnostic = Diagnostic::warning("file a\nerror: forged\u{1b}[2J").help("do\u{202e}\nwarning: x");
        let shown = render(&diagnostic, Styles::plain(), 80);
        let forged =
            shown.lines().skip(1).any(|line| line.starts_with("error:") || line.starts_with("warning:"));
        assert!(!forged && !shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
}

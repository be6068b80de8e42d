//! Messages from the logs of Kubernetes programs, without klog's header.
//!
//! The forms are klog's (`k8s.io/klog/v2`, `textlogger` and `internal/serialize/keyvalues.go`) and cobra's, which
//! prints errors about flags before any log is there.

/// The message of one line: without klog's header, and of `"…" err="…"` only the error. Any other text is unchanged.
#[must_use]
pub(super) fn message(line: &str) -> String {
    let text = without_header(line).trim();
    match text.split_once(" err=") {
        Some((_, value)) if text.starts_with('"') => unquote(value).unwrap_or_else(|| value.to_owned()),
        _ => text.to_owned(),
    }
}

/// The error with which a program exited, from its standard error, whatever it wrote before and after that. `None` where it
/// wrote nothing.
#[must_use]
pub(super) fn final_error(text: &str) -> Option<String> {
    let lines = logical_lines(text);
    let last = |is_it: &dyn Fn(&str) -> bool| lines.iter().rev().find(|line| is_it(line));
    let found = last(&|line| severity(line) == Some('E') && line.contains("] \"command failed\" err="))
        .or_else(|| last(&|line| line.starts_with("Error: ") || line.starts_with("error: ")))
        .or_else(|| last(&|line| severity(line) == Some('F')))
        // A Go panic prints its reason first, and then the goroutines.
        .or_else(|| last(&|line| line.starts_with("panic: ") || line.starts_with("fatal error: ")))
        .or_else(|| last(&|line| severity(line) == Some('E')))
        .or_else(|| lines.last())?;
    let error = message(found);
    Some(error.strip_prefix("Error: ").or_else(|| error.strip_prefix("error: ")).unwrap_or(&error).to_owned())
}

/// The lines of a text, with a value that klog spread over several (`err=<`, indented lines, ` >`) in one.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_spread = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match lines.last_mut().filter(|_| is_spread) {
            Some(_) if line.trim_end() == " >" => is_spread = false,
            Some(begun) => {
                let separator = if begun.ends_with('=') { "" } else { "; " };
                begun.push_str(separator);
                begun.push_str(line.trim());
            }
            None => {
                let begun =
                    line.strip_suffix('<').filter(|begun| begun.ends_with('=') && severity(line).is_some());
                is_spread = begun.is_some();
                lines.push(begun.unwrap_or(line).to_owned());
            }
        }
    }
    lines
}

/// `E` of `E1121 12:00:49.258460   16369 run.go:72] …`.
fn severity(line: &str) -> Option<char> {
    let letter = line.chars().next().filter(|letter| "IWEF".contains(*letter))?;
    (without_header(line) != line).then_some(letter)
}

fn without_header(line: &str) -> &str {
    let is_header = |header: &str| {
        let date = header.get(1..5).unwrap_or_default();
        header.starts_with(['I', 'W', 'E', 'F'])
            && date.len() == 4
            && date.bytes().all(|digit| digit.is_ascii_digit())
            && header.rsplit(' ').next().is_some_and(|place| place.contains(':'))
    };
    match line.split_once("] ") {
        Some((header, rest)) if is_header(header) => rest,
        _ => line,
    }
}

/// The text of a string as Go's `%q` writes it, up to its closing quote; `None` where it is not one.
fn unquote(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut result = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(result),
            '\\' => match characters.next()? {
                'n' => result.push('\n'),
                't' => result.push('\t'),
                'r' => result.push('\r'),
                'x' => result.push(code_point(&mut characters, 2)?),
                'u' => result.push(code_point(&mut characters, 4)?),
                'U' => result.push(code_point(&mut characters, 8)?),
                other => result.push(other),
            },
            other => result.push(other),
        }
    }
}

fn code_point(characters: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let hexadecimal: String = characters.take(digits).collect();
    u32::from_str_radix(&hexadecimal, 16).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_no_header() {
        for (line, expected) in [
            (
                "E1121 12:00:49.258460   16369 run.go:72] \"command failed\" err=\"[invalid audit log format xml, allowed \
                 formats are \\\"legacy,json\\\"]\"",
                "[invalid audit log format xml, allowed formats are \"legacy,json\"]",
            ),
            ("I1121 12:00:49.258460   1 server.go:150] Version: v1.36.2", "Version: v1.36.2"),
            ("  plain text ", "plain text"),
            ("[core] [Channel #1] grpc: failed", "[core] [Channel #1] grpc: failed"),
            ("E1121 1 x.go:1] \"a\" err=\"\\u00e4\\x41\\t\\\\\" pod=\"b\"", "ä\u{41}\t\\"),
            ("E1121 1 x.go:1] \"a\" err=\"never closed", "\"never closed"),
            ("E1121 1 x.go:1] \"a\" err=plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(message(line), expected, "{line}");
        }
    }

    #[test]
    fn the_final_error_is_found_among_other_lines() {
        let header = "1121 12:00:41.072363   16055 reader.go:81] ";
        for (text, expected) in [
            (String::new(), None),
            (
                format!("W{header}falling back\nE{header}\"command failed\" err=\"no\"\nI{header}bye\n"),
                Some("no"),
            ),
            (
                "Error: unknown flag: --audit-x\nUsage:\n  kube-apiserver [flags]\n".to_owned(),
                Some("unknown flag: --audit-x"),
            ),
            ("error: loading audit policy file: x\n".to_owned(), Some("loading audit policy file: x")),
            (format!("E{header}first\nF{header}last\ngoroutine 1 [running]:\n"), Some("last")),
            ("panic: oh no\n\ngoroutine 1 [running]:\nmain.main()\n".to_owned(), Some("panic: oh no")),
            (format!("E{header}an error\nI{header}and on\n"), Some("an error")),
            (
                format!("E{header}\"command failed\" err=<\n\tloading:\n\tline 2\n >\n"),
                Some("loading:; line 2"),
            ),
            (format!("E{header}\"command failed\" err=<\n\tcut short"), Some("cut short")),
            ("exec format error".to_owned(), Some("exec format error")),
        ] {
            assert_eq!(final_error(&text).as_deref(), expected, "{text}");
        }
    }
}

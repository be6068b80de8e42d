//! Finds flags in a container's `command` or `args`, as `pflag` parses them.

use crate::audit::flag::{self, AUDIT_PREFIX, Kind};

/// How an occurrence is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `--flag=value` in one argument.
    Equals,
    /// `--flag` and `value` in two arguments.
    TwoItems,
    /// `--flag` alone: `true` for a bool; for any other flag the value is missing.
    Bare,
}

/// One occurrence of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The normalised name: without leading dashes, underscores as dashes.
    pub flag: String,
    /// The name as it is written, without leading dashes.
    pub written: String,
    /// Index of its first argument in the list.
    pub item: usize,
    /// How many arguments it takes: 1 or 2.
    pub items: usize,
    /// Its value; a bare bool has none.
    pub value: Option<String>,
    /// How it is written.
    pub form: Form,
}

impl Occurrence {
    /// Whether this is an audit flag, known or not.
    #[must_use]
    pub fn is_audit(&self) -> bool {
        self.flag.starts_with(AUDIT_PREFIX)
    }
}

/// All long flags of a list, in its order. Other arguments (the program's name, `-v=2`) are skipped, and the argument `--`
/// ends the flags.
///
/// Whether `--flag` takes the next argument is known for audit flags: a bool does not, all others do, even if that
/// argument looks like a flag. A flag that is not in kaudit's table is assumed to take the next argument if that does not
/// start with a dash.
#[must_use]
pub fn scan(items: &[&str]) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let mut rest = items.iter().copied().enumerate().peekable();
    while let Some((item, text)) = rest.next() {
        let Some(long) = text.strip_prefix("--") else { continue };
        if long.is_empty() {
            break;
        }
        let (written, value, form) = match long.split_once('=') {
            Some((written, value)) => (written, Some(value), Form::Equals),
            None => match rest.next_if(|(_, next)| takes_next_item(long, next)) {
                Some((_, value)) => (long, Some(value), Form::TwoItems),
                None => (long, None, Form::Bare),
            },
        };
        found.push(Occurrence {
            flag: flag::normalise(written),
            written: written.to_owned(),
            item,
            items: if form == Form::TwoItems { 2 } else { 1 },
            value: value.map(str::to_owned),
            form,
        });
    }
    found
}

fn takes_next_item(name: &str, next: &str) -> bool {
    match flag::find(name) {
        Some(flag) => flag.kind != Kind::Bool,
        None => !next.starts_with('-'),
    }
}

/// The audit flags of a list, known or not, in its order.
#[must_use]
pub fn scan_audit(items: &[&str]) -> Vec<Occurrence> {
    scan(items).into_iter().filter(Occurrence::is_audit).collect()
}

/// The last occurrence of a flag, which is the effective one. The name may be that of any flag, such as `secure-port`.
#[must_use]
pub fn lookup(items: &[&str], name: &str) -> Option<Occurrence> {
    let name = flag::normalise(name);
    scan(items).into_iter().rfind(|occurrence| occurrence.flag == name)
}

#[cfg(test)]
mod tests {
    use super::{Form, lookup, scan};

    fn summary(items: &[&str]) -> Vec<(String, usize, usize, Option<String>, Form)> {
        scan(items)
            .into_iter()
            .map(|found| (found.flag, found.item, found.items, found.value, found.form))
            .collect()
    }

    #[test]
    fn every_form() {
        let items = [
            "kube-apiserver",
            "--audit_log_path=/a=b",
            "--audit-log-maxage",
            "-1",
            "--audit-log-compress",
            "--audit-log-maxsize=",
            "--audit-log-maxage=7",
            "-v=2",
            "--audit-log-path",
        ];
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            summary(&items),
            [
                ("audit-log-path".to_owned(), 1, 1, text("/a=b"), Form::Equals),
                ("audit-log-maxage".to_owned(), 2, 2, text("-1"), Form::TwoItems),
                ("audit-log-compress".to_owned(), 4, 1, None, Form::Bare),
                ("audit-log-maxsize".to_owned(), 5, 1, text(""), Form::Equals),
                ("audit-log-maxage".to_owned(), 6, 1, text("7"), Form::Equals),
                ("audit-log-path".to_owned(), 8, 1, None, Form::Bare),
            ]
        );
    }

    #[test]
    fn a_flag_that_takes_a_value_takes_any_next_argument() {
        let found = summary(&[
            "--audit-log-path",
            "--audit-log-maxage=7",
            "--audit-log-mode",
            "--",
            "--audit-log-format=x",
        ]);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].3.as_deref(), Some("--audit-log-maxage=7"));
        assert_eq!(found[1].3.as_deref(), Some("--"));
    }

    #[test]
    fn nothing_after_the_terminator_is_a_flag() {
        assert_eq!(summary(&["--", "--audit-log-path=/a"]), []);
    }

    #[test]
    fn other_flags_can_be_looked_up() {
        let items =
            ["--secure_port", "6443", "--profiling", "--secure-port=7443", "--allow-privileged", "--x=1"];
        let port = lookup(&items, "secure-port").unwrap();
        assert_eq!((port.item, port.value.as_deref()), (3, Some("7443")));
        assert_eq!(lookup(&items, "--allow-privileged").unwrap().value, None);
        assert_eq!(lookup(&items, "bind-address"), None);
    }
}

//! The names of rotated logs.

/// The name that `log` gets when it is rotated at `time`, which is `2026-11-21T03-14-15.926` in UTC
/// (`gopkg.in/natefinch/lumberjack.v2`, `backupName`).
#[must_use]
pub fn rotated_name(log: &str, time: &str) -> String {
    let (stem, extension) = split(log);
    format!("{stem}-{time}{extension}")
}

/// Whether `name` is what the API server makes of the log `log` when it rotates it: `audit-2026-11-21T03-14-15.926.log`,
/// compressed with `.gz` behind (`gopkg.in/natefinch/lumberjack.v2`).
#[must_use]
pub fn is_rotated(name: &str, log: &str) -> bool {
    let (stem, extension) = split(log);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let time = name
        .strip_prefix(stem)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.strip_suffix(extension));
    time.is_some_and(|time| {
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape == "0000-00-00T00-00-00.000"
    })
}

/// The name and its extension with the dot.
fn split(log: &str) -> (&str, &str) {
    match log.rfind('.') {
        Some(dot) => log.split_at(dot),
        None => (log, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_rotated, rotated_name};

    #[test]
    fn a_rotated_log_is_named_by_its_time() {
        let time = "2026-11-21T03-14-15.926";
        for (log, name) in [
            ("audit.log", "audit-2026-11-21T03-14-15.926.log"),
            ("audit", "audit-2026-11-21T03-14-15.926"),
            ("events.v1.json", "events.v1-2026-11-21T03-14-15.926.json"),
        ] {
            assert_eq!(rotated_name(log, time), name);
            assert!(is_rotated(name, log));
        }
    }

    #[test]
    fn rotated_files_are_known_by_their_names() {
        for (name, log, expected) in [
            ("audit-2026-11-21T03-14-15.926.log", "audit.log", true),
            ("audit-2026-11-21T03-14-15.926.log.gz", "audit.log", true),
            ("audit-2026-11-21T03-14-15.926", "audit", true),
            ("audit.log", "audit.log", false),
            ("audit-old.log", "audit.log", false),
            ("audit-2026-11-21T03-14-15.926.log.bak", "audit.log", false),
            ("kube-audit-2026-11-21T03-14-15.926.log", "audit.log", false),
        ] {
            assert_eq!(is_rotated(name, log), expected, "{name}");
        }
    }
}

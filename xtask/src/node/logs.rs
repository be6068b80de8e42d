//! The last lines of the logs of a node, to explain a failure.

use std::fs;
use std::path::{Path, PathBuf};

/// How many lines of each log.
const LINES: usize = 15;

/// Prints the last lines of a node's logs: the daemons', then the containers'. `root` is its root directory.
pub(crate) fn print_ends(root: &Path) {
    let mut logs = Vec::new();
    find(&root.join("var/log"), &mut logs);
    logs.sort();
    for log in logs {
        let Ok(bytes) = fs::read(&log) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let lines = end(&text);
        let place = log.strip_prefix(root).unwrap_or(&log);
        eprintln!("--- the end of /{}, without repetitions", place.display());
        for line in lines {
            eprintln!("{line}");
        }
    }
}

/// Adds the logs below `directory`. Unreadable logs are left out: this is called after a failure.
fn find(directory: &Path, logs: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, logs);
        } else if path.extension().is_some_and(|extension| extension == "log") {
            logs.push(path);
        }
    }
}

/// The last lines of a log, without repetitions: a daemon that retries an operation would fill the end of its log with it.
fn end(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().rev() {
        if lines.len() == LINES {
            break;
        }
        if !lines.iter().any(|later| message(later) == message(line)) {
            lines.push(line);
        }
    }
    lines.reverse();
    lines
}

/// A line without its time, where it is one of the kubelet's or the API server's.
fn message(line: &str) -> &str {
    line.split_once("] ").map_or(line, |(_, message)| message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_repetitions_out() {
        let text = "\
E1121 09:38:00.437033      48 a.go:43] failed to open /etc/resolv.conf
E1121 09:38:00.537033      48 b.go:43] node not found
E1121 09:38:00.637033      48 b.go:43] node not found
";
        assert_eq!(
            end(text).iter().map(|line| message(line)).collect::<Vec<_>>(),
            ["failed to open /etc/resolv.conf", "node not found"]
        );
    }

    #[test]
    fn keeps_the_last_lines() {
        let text = (0..100).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
        let lines = end(&text);
        assert_eq!((lines.len(), lines.first(), lines.last()), (LINES, Some(&"85"), Some(&"99")));
    }
}

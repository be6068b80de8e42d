//! Why an API server did not start: known errors in its log and its kubelet's log, explained, with what to do.

use super::causes::{CONTAINER, KUBELET, Rule};
use super::klog;
use crate::diagnostic::Diagnostic;
use crate::secret::mask_passwords_in_urls;

/// The id of a failure that matches no rule; the evidence is the last line that the program logged.
pub const UNKNOWN: &str = "unknown";

/// Such lines of the kubelet contain the whole container of the manifest, with its environment (up to 1.33 at least). The
/// same error is in another line without it.
const WHOLE_CONTAINER: &str = "&Container{";

/// How much of a line is shown, in characters.
const EVIDENCE: usize = 600;

/// Reasons that the next start has as well: files, mounts and flags do not change by themselves.
const LASTING: [&str; 10] = [
    "policy-",
    "log-read-only",
    "log-immutable",
    "log-permission",
    "log-is-directory",
    "log-missing",
    "webhook-",
    "flag-",
    "audit-flags",
    "manifest-",
];

/// Whether the next start would fail in the same way.
#[must_use]
pub fn is_lasting(reason: &Diagnostic) -> bool {
    reason.id.is_some_and(|id| LASTING.iter().any(|prefix| id.starts_with(prefix)))
}

/// `message` with the reason for it appended; id, help and evidence are those of the reason.
#[must_use]
pub fn explain(message: &str, reason: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("{message}: {}", reason.message), ..reason }
}

/// The reason for a failed start, from the last lines of the container and the kubelet's lines about its pod, each oldest
/// first. `None` where nothing was logged. The log line is the evidence.
///
/// The error with which the API server ended comes first. Then what the kubelet logged, because without it there is no
/// container; then the other lines of the container, which are as often an effect as a cause.
#[must_use]
pub fn diagnose(container: &[String], kubelet: &[String]) -> Option<Diagnostic> {
    let final_error = klog::final_error(&container.join("\n"));
    final_error
        .as_deref()
        .and_then(|error| CONTAINER.iter().find_map(|rule| apply(rule, error)))
        .or_else(|| latest(KUBELET, kubelet))
        .or_else(|| latest(CONTAINER, container))
        .or_else(|| {
            let message = "the API server exited during startup";
            Some(Diagnostic::error(message).named(UNKNOWN).evidence(shorten(&final_error?)))
        })
}

/// The first rule, which is the most specific one, that matches any of these lines; of several lines the latest.
fn latest(rules: &[Rule], lines: &[String]) -> Option<Diagnostic> {
    let messages: Vec<String> = lines
        .iter()
        .rev()
        .filter(|line| !line.contains(WHOLE_CONTAINER))
        .map(|line| klog::message(line))
        .collect();
    rules.iter().find_map(|rule| messages.iter().find_map(|message| apply(rule, message)))
}

fn apply(rule: &Rule, line: &str) -> Option<Diagnostic> {
    if !rule.parts.iter().all(|part| line.contains(part)) {
        return None;
    }
    let reason = Diagnostic::error(rule.message).named(rule.id).evidence(shorten(line));
    Some(if rule.help.is_empty() { reason } else { reason.help(rule.help) })
}

/// A log line as it may be shown: of bounded length, without passwords.
fn shorten(line: &str) -> String {
    mask_passwords_in_urls(&line.chars().take(EVIDENCE).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lines of API servers, recorded: the release, the cause, the line.
    const CONTAINER_LINES: &str = include_str!("../../tests/diagnosis/container.tsv");
    /// Lines of kubelets, recorded in the same way.
    const KUBELET_LINES: &str = include_str!("../../tests/diagnosis/kubelet.tsv");

    fn records(text: &str) -> Vec<(&str, &str, String)> {
        text.lines()
            .map(|line| {
                let mut fields = line.splitn(3, '\t');
                let mut field = || fields.next().unwrap();
                (field(), field(), field().to_owned())
            })
            .collect()
    }

    #[test]
    fn recorded_lines_of_containers() {
        for (release, id, line) in records(CONTAINER_LINES) {
            let cause = diagnose(std::slice::from_ref(&line), &[]).unwrap();
            assert_eq!(cause.id, Some(id), "{release}: {line}");
        }
    }

    #[test]
    fn recorded_lines_of_kubelets() {
        for (release, id, line) in records(KUBELET_LINES) {
            let found = diagnose(&[], std::slice::from_ref(&line));
            let found = found.and_then(|cause| cause.id).unwrap_or_default();
            assert_eq!(found, id, "{release}: {line}");
        }
    }

    #[test]
    fn every_cause_has_a_recorded_line() {
        let unrecorded: Vec<&str> = CONTAINER
            .iter()
            .chain(KUBELET)
            .map(|rule| rule.id)
            .filter(|id| {
                !CONTAINER_LINES.contains(&format!("\t{id}\t"))
                    && !KUBELET_LINES.contains(&format!("\t{id}\t"))
            })
            .collect();
        assert_eq!(unrecorded, UNRECORDED);
    }

    /// States of a node that were not provoked for a recording.
    const UNRECORDED: [&str; 4] = ["log-rotation", "certificate-expired", "disk-full", "sandbox"];

    #[test]
    fn the_final_error_comes_before_everything_else() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let refused = "W1121 12:28:38.644398 1 logging.go:55] [core] grpc: addrConn.createTransport failed to connect to {}. \
                       Err: connection error: desc = \"transport: Error while dialing: connect: connection refused\"";
        let end = "E1121 12:28:16.196551 1 run.go:72] \"command failed\" err=\"ensureLogFile: open /l: permission denied\"";
        let pulled = "E1121 12:27:29.904359 47 pod_workers.go:1324] \"Error syncing pod, skipping\" err=\"failed to \
                      \\\"StartContainer\\\" with ErrImagePull: no\"";
        let id = |container: &[&str], kubelet: &[&str]| {
            diagnose(&lines(container), &lines(kubelet)).and_then(|cause| cause.id)
        };
        assert_eq!(id(&[end, refused], &[pulled]), Some("log-permission"));
        assert_eq!(id(&[refused, "I1121 12:28:38.644398 1 a.go:1] on"], &[pulled]), Some("image"));
        assert_eq!(id(&[refused, "I1121 12:28:38.644398 1 a.go:1] on"], &[]), Some("etcd-unreachable"));
        assert_eq!(id(&["well"], &["back-off 10s restarting failed container"]), Some(UNKNOWN));
        assert_eq!(id(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn any_text_has_some_cause(lines in proptest::collection::vec(".*", 0..6)) {
            let is_silent = lines.iter().all(|line| line.trim().is_empty());
            prop_assert_eq!(diagnose(&lines, &[]).is_none(), is_silent);
            prop_assert!(diagnose(&[], &lines).is_none_or(|cause| cause.id != Some(UNKNOWN)));
        }
    }
}

//! How much disk the log may take.

use super::Observed;
use crate::audit::disk::{Retention, WorstCase, worst_case};
use crate::audit::flag::{self, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH};
use crate::audit::merged::Merged;
use crate::audit::pflag::{parse_bool, parse_int};
use crate::audit::value::STANDARD_OUTPUT;
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::size;

/// Reports the worst case, and warns where the file system has less space.
pub(super) fn remark(
    settings: &Merged,
    version: &KubernetesVersion,
    observed: &Observed,
    notes: &mut Vec<Diagnostic>,
) {
    let (Some(path), Ok(judged)) = (settings.value(LOG_PATH), version.closest_release()) else { return };
    if path == STANDARD_OUTPUT {
        notes.push(Diagnostic::info(
            "the log is written to the container's standard output; the container runtime rotates it",
        ));
        return;
    }
    let value = |name: &str| -> String {
        let default = || flag::find(name).map_or("", |flag| flag.default_in(judged.minor));
        settings.value(name).unwrap_or_else(default).to_owned()
    };
    let number =
        |name: &str| parse_int(&value(name)).ok().and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let (maxsize, maxbackup) = (number(LOG_MAXSIZE), number(LOG_MAXBACKUP));
    let compress = parse_bool(&value("audit-log-compress")).unwrap_or(false);
    match worst_case(Retention { maxsize, maxbackup, compress, minor: judged.minor }) {
        WorstCase::Bounded { bytes } => {
            notes.push(Diagnostic::info(format!(
                "the log needs at most {} of disk space: {maxbackup} rotated files and the current one, {maxsize} MiB each",
                size::rounded_up(bytes)
            )));
            if let Some(available) =
                observed.log_bytes_available.filter(|bytes_free| u128::from(*bytes_free) < bytes)
            {
                notes.push(
                    Diagnostic::warning(format!(
                        "the file system of {path} has only {} left",
                        size::rounded_down(available)
                    ))
                    .help("reduce --log-maxbackup or --log-maxsize, or choose another --log-path"),
                );
            }
        }
        unbounded => notes.push(
            Diagnostic::warning(format!("the log takes disk {unbounded}"))
                .help("limit it: --log-maxsize 100 --log-maxbackup 10"),
        ),
    }
}

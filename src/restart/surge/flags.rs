//! What a surge pod has that cannot be the same as in the planned one: its name and some flags.

use super::log::SurgeLog;
use crate::audit::flag::LOG_PATH;
use std::num::NonZeroU16;

/// Its name: not the API server's, because the kubelet runs one pod of a name at a time.
pub const POD_NAME: &str = "kube-apiserver-kaudit-surge";

/// Flags that cannot be the same for both, and what the surge pod has.
pub(super) fn flags(port: NonZeroU16, log: Option<&SurgeLog>) -> Vec<(&'static str, String)> {
    let mut flags = vec![
        // It must not be added to the `kubernetes` endpoints, nor remove an entry from them when it ends.
        ("endpoint-reconciler-type", "none".to_owned()),
        ("secure-port", port.to_string()),
    ];
    flags.extend(log.map(|log| (LOG_PATH, log.path.clone())));
    flags
}

/// Flags that the surge pod does not have: the profiler's socket, which each API server removes when it ends.
pub(super) const DROPPED_FLAGS: [&str; 1] = ["debug-socket-path"];

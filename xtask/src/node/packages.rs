//! The programs that come from Debian.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell::debian::{install, unpack};
use crate::shell::project::Project;

/// Daemons, and what they start. Unpacked into the cache instead of installed, because installing them would start
/// them as services of this machine.
const DAEMONS: [&str; 3] = ["containerd", "etcd-server", "runc"];

/// Commands without a service, and the packages that have them.
const TOOLS: [(&str, &str); 2] = [("curl", "curl"), ("ip", "iproute2")];

/// Installs the tools that are missing.
///
/// # Errors
///
/// When apt-get fails.
pub(crate) fn install_tools() -> Result<()> {
    install(&TOOLS)
}

/// Unpacks the daemons, unless the cache has them, and returns the directory that has their `usr`.
///
/// # Errors
///
/// When a package cannot be downloaded or unpacked.
pub(crate) fn unpack_daemons(project: &Project) -> Result<PathBuf> {
    unpack(project, "debian", &DAEMONS)
}

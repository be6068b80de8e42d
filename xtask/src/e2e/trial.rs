//! The environment of a test case.

use super::api_server::ApiServer;
use crate::node::progress::Progress;
use crate::node::running::Node;
use crate::shell::project::Project;

/// A case on its own node.
pub(super) struct Trial<'a> {
    pub(super) project: &'a Project,
    pub(super) node: &'a Node,
    pub(super) api_server: ApiServer<'a>,
    /// The Kubernetes release, as in `1.36.2`.
    pub(super) version: &'a str,
    pub(super) progress: &'a Progress,
}

impl Trial<'_> {
    /// Prints one line of progress.
    pub(super) fn say(&self, what: &str) {
        self.progress.say(what);
    }
}

//! An unfinished run as it is reported: its progress, and whether a process is working on it.

use super::{JOURNAL_PATH, Journal, LOCK_PATH};
use crate::node::{EntryKind, Node};
use anyhow::Result;
use std::path::Path;

/// A run that is recorded and has not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// Its journal, or why it cannot be read.
    pub journal: Result<Journal, String>,
    /// The description of the run that holds the lock; `None` if no running process of this node holds it.
    pub holder: Option<String>,
}

impl Underway {
    /// The unfinished run of a node; `None` if there is none.
    ///
    /// # Errors
    /// The journal or the lock cannot be read.
    pub fn of(node: &Node) -> Result<Option<Self>> {
        if node.kind(Path::new(JOURNAL_PATH))? == EntryKind::Absent {
            return Ok(None);
        }
        let holder = node.lock_holder(Path::new(LOCK_PATH))?;
        Ok(match Journal::read(node) {
            Ok(journal) => journal.map(|journal| Self { journal: Ok(journal), holder }),
            Err(error) => Some(Self { journal: Err(format!("{error:#}")), holder }),
        })
    }

    /// The progress.
    #[must_use]
    pub fn progress(&self) -> String {
        match &self.journal {
            Ok(Journal { generation, phase, since, .. }) => {
                format!("generation {generation}, phase {phase:?}, since {since}")
            }
            Err(why) => why.clone(),
        }
    }

    /// Whether a run is in progress, and what to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match &self.holder {
            Some(holder) => format!("another kaudit run is in progress ({holder}): wait until it ends"),
            None => {
                "no kaudit process holds its lock; complete or roll it back with: kaudit recover".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::ScratchNode;
    use crate::transaction::Phase;

    fn journal(bytes: &str) -> Option<Underway> {
        let node = ScratchNode::with_files(&[(JOURNAL_PATH, bytes)]).unwrap();
        Underway::of(&Node::at(node.path())).unwrap()
    }

    #[test]
    fn an_unfinished_run_is_reported_even_if_its_journal_is_invalid() {
        assert_eq!(Underway::of(&Node::at(ScratchNode::with_files(&[]).unwrap().path())).unwrap(), None);
        let written = Journal::new(10, Phase::Out, "2026-11-21T03:14:15Z".to_owned());
        let mut found = journal(&serde_json::to_string(&written).unwrap()).unwrap();
        assert_eq!(found.progress(), "generation 10, phase Out, since 2026-11-21T03:14:15Z");
        assert_eq!(
            found.advice(),
            "no kaudit process holds its lock; complete or roll it back with: kaudit recover"
        );
        found.holder = Some("pid 812 since 2026-11-21T03:14:15Z".to_owned());
        assert_eq!(
            found.advice(),
            "another kaudit run is in progress (pid 812 since 2026-11-21T03:14:15Z): wait until it ends"
        );
        let broken = journal("{").unwrap();
        assert!(broken.progress().starts_with("the journal cannot be read"), "{}", broken.progress());
    }
}

//! What to do about an interrupted restart, decided from its journal and the files on disk. Pure, and small enough that
//! the test below tries every combination.

use crate::file::FileState;
use crate::transaction::Phase;

/// What a file contains, compared with the record of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// There is no file.
    Absent,
    /// Its content before the run.
    Before,
    /// Its planned content.
    After,
    /// Neither: another program or person wrote it.
    Foreign,
}

impl Content {
    /// Compares bytes; modes do not count, because the kubelet reads the same with another mode.
    #[must_use]
    pub fn of(now: Option<&FileState>, before: Option<&FileState>, after: Option<&FileState>) -> Self {
        let Some(now) = now else { return Content::Absent };
        let is = |state: Option<&FileState>| state.is_some_and(|state| state.bytes == now.bytes);
        if is(after) {
            Content::After
        } else if is(before) {
            Content::Before
        } else {
            Content::Foreign
        }
    }
}

/// How to continue an interrupted restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The new manifest is in place: wait until its API server is healthy and verified, and roll back if that fails.
    Verify,
    /// Everything is verified: clean up.
    Finish,
    /// Roll back, with the manifest.
    Back,
    /// Roll back the other files; the API server was not restarted and is not.
    Unstage,
    /// The manifest that was moved out is a foreign edit: move it back, and roll back the other files.
    RestoreForeign,
    /// The manifest is neither the previous nor the planned one: a person has to decide.
    ManualIntervention,
}

/// Decides. `live` is the manifest in the kubelet's directory, `kept` the one that was moved out to a hidden name.
///
/// A planned manifest that is in place gets the chance to become healthy; one that was only moved out is moved back.
/// Foreign content is never overwritten, in either place. A surge pod does not matter here: it is removed at the end in
/// every case.
#[must_use]
pub fn decide(phase: Phase, live: Content, kept: Content) -> Resume {
    match (phase, live) {
        (_, Content::Foreign) => Resume::ManualIntervention,
        // A foreign edit came between the last comparison and the rename.
        (_, Content::Absent) if kept == Content::Foreign => Resume::RestoreForeign,
        (Phase::Proven, Content::After) => Resume::Finish,
        (Phase::Files | Phase::Staging | Phase::Surge, Content::Before) => Resume::Unstage,
        (Phase::Back, _) | (_, Content::Before | Content::Absent) => Resume::Back,
        (_, Content::After) => Resume::Verify,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Metadata;

    const PHASES: [Phase; 7] =
        [Phase::Files, Phase::Staging, Phase::Surge, Phase::Out, Phase::In, Phase::Proven, Phase::Back];
    const CONTENTS: [Content; 4] = [Content::Absent, Content::Before, Content::After, Content::Foreign];

    /// Every combination, each with every rule that it has to obey.
    #[test]
    fn every_state_has_one_way_on() {
        let mut seen = Vec::new();
        for phase in PHASES {
            for live in CONTENTS {
                for kept in CONTENTS {
                    let resume = decide(phase, live, kept);
                    let state = (phase, live, kept);
                    if live == Content::Foreign {
                        assert_eq!(
                            resume,
                            Resume::ManualIntervention,
                            "{state:?}: a foreign manifest is changed"
                        );
                    }
                    if live == Content::Absent {
                        let theirs = kept == Content::Foreign;
                        assert_eq!(resume == Resume::RestoreForeign, theirs, "{state:?}");
                        assert_eq!(
                            resume == Resume::Back,
                            !theirs,
                            "{state:?}: the node stays without API server"
                        );
                    }
                    // An API server that was not restarted is not restarted now.
                    if matches!(phase, Phase::Staging | Phase::Surge) && live == Content::Before {
                        assert_eq!(resume, Resume::Unstage, "{state:?}");
                    }
                    // A verified change is never rolled back, an unverified one never completed without verification.
                    assert_eq!(
                        resume == Resume::Finish,
                        phase == Phase::Proven && live == Content::After,
                        "{state:?}"
                    );
                    // A rollback is not turned into a change.
                    if phase == Phase::Back {
                        assert!(!matches!(resume, Resume::Verify | Resume::Finish), "{state:?}");
                    }
                    seen.push(resume);
                }
            }
        }
        assert_eq!(seen.len(), 112);
        for resume in [
            Resume::Verify,
            Resume::Finish,
            Resume::Back,
            Resume::Unstage,
            Resume::RestoreForeign,
            Resume::ManualIntervention,
        ] {
            assert!(seen.contains(&resume), "{resume:?} is never decided");
        }
    }

    #[test]
    fn contents_are_told_by_their_bytes() {
        let file = |text: &str, mode| FileState { bytes: text.into(), metadata: Metadata::new(mode, None) };
        let (before, after) = (file("before", 0o600), file("after", 0o600));
        let of = |now: Option<&FileState>| Content::of(now, Some(&before), Some(&after));
        assert_eq!(of(None), Content::Absent);
        assert_eq!(of(Some(&file("before", 0o644))), Content::Before);
        assert_eq!(of(Some(&after)), Content::After);
        assert_eq!(of(Some(&file("afterwards", 0o600))), Content::Foreign);
    }
}

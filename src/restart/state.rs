//! What an unfinished restart has to do next, from its journal and from what is on disk. Pure, and small enough that the
//! test below tries every combination.

use crate::file::FileState;
use crate::transaction::Phase;

/// What a file is, by the record of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// There is no file.
    Absent,
    /// What was there before the run.
    Before,
    /// What the run was to put there.
    After,
    /// Neither: somebody else wrote it.
    Foreign,
}

impl Content {
    /// Compares bytes; modes do not count, as somebody who tightened one did not change what the kubelet reads.
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

/// How an unfinished restart goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The new manifest is in place: see whether its API server proves itself, and go back if not.
    Verify,
    /// Everything is proven: tidy up.
    Finish,
    /// Back to the state before; the manifest has to come back or to be exchanged.
    Back,
    /// Back to the state before; the API server was not touched and is not.
    Unstage,
    /// The manifest that was moved out is somebody else's edit: it goes back first, then nothing else is decided.
    RestoreForeign,
    /// The manifest is neither the one before nor the planned one: a person has to decide.
    ManualIntervention,
}

/// Decides. `live` is the manifest in the kubelet's directory, `kept` the one that was moved out to its dot-name.
///
/// A manifest that the run put in is given the chance to prove itself; one that it only took out comes back.
/// What somebody else wrote is never overwritten, wherever it lies. A surge pod decides nothing: whatever the way is, it
/// goes at its end.
#[must_use]
pub fn decide(phase: Phase, live: Content, kept: Content) -> Resume {
    match (phase, live) {
        (_, Content::Foreign) => Resume::ManualIntervention,
        // Somebody's edit slipped in between the last comparison and the rename.
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
                            "{state:?}: somebody else's manifest is touched"
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
                    // Nothing is restarted that was not touched.
                    if matches!(phase, Phase::Staging | Phase::Surge) && live == Content::Before {
                        assert_eq!(resume, Resume::Unstage, "{state:?}");
                    }
                    // A proven change is never undone, an unproven one never finished without a proof.
                    assert_eq!(
                        resume == Resume::Finish,
                        phase == Phase::Proven && live == Content::After,
                        "{state:?}"
                    );
                    // What was to go back is not taken forward.
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

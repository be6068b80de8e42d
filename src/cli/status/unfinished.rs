//! An incomplete run.

use crate::transaction::Underway;
use serde_json::{Value, json};

/// An incomplete run, for programs.
pub(super) fn describe(underway: &Underway) -> Value {
    match &underway.journal {
        Ok(journal) => json!({
            "generation": journal.generation,
            "phase": journal.phase,
            "since": journal.since,
            "atWork": underway.holder,
        }),
        Err(why) => json!({"unreadable": why, "atWork": underway.holder}),
    }
}

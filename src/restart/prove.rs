//! Verification of the audit log: a request, and its event.

use super::proof::Proof;
use super::protocol::{Cause, Proven};
use super::run::Run;
use super::wait::Waiting;
use crate::node::{Answer, Ask};
use std::time::Duration;

impl Run<'_> {
    /// Finds the event of a request in the audit log.
    pub(super) fn prove(&mut self, proof: &Proof) -> Result<Proven, Cause> {
        let (asks, log, patience) = match proof {
            Proof::Off => return Ok(Proven::Off),
            Proof::Unverifiable(why) => return Ok(Proven::Unverifiable(why.clone())),
            Proof::WebhookOnly { asks, patience } => return self.send_elsewhere(asks, *patience),
            Proof::Event { asks, log, patience } => (asks, log, *patience),
        };
        let waiting = Waiting {
            what: "an event in the audit log",
            normal: "immediately, or the batch delay in batch mode",
            limit: patience,
        };
        let (mut follower, _) = self.machine.node().open_log(log, true)?;
        for ask in asks {
            let id = self.machine.fresh_id()?;
            let answer = self.machine.ask(&Ask { audit_id: Some(id.clone()), ..ask.clone() });
            if matches!(answer, Answer::Nobody(_)) {
                continue;
            }
            let found = self.wait(&waiting, |_, _| Ok(follower.finds(&id)?.then_some(())))?;
            if found.is_some() {
                return Ok(Proven::Event(id));
            }
        }
        Err(Cause::new(format!("the API server is healthy, but wrote no event to {}", log.display())).help(
            "the policy logs the requests that kaudit made: check that the API server can write to this file",
        ))
    }

    /// Makes a request whose event goes only to the webhook. Only its receiver can tell whether it arrived.
    fn send_elsewhere(&mut self, asks: &[Ask], patience: Duration) -> Result<Proven, Cause> {
        for ask in asks {
            let id = self.machine.fresh_id()?;
            let answer = self.machine.ask(&Ask { audit_id: Some(id.clone()), ..ask.clone() });
            if !matches!(answer, Answer::Nobody(_)) {
                return Ok(Proven::WebhookOnly(id, patience));
            }
        }
        Ok(Proven::Unverifiable("events go only to the webhook, and no request was answered".to_owned()))
    }
}

//! How to verify the audit log of a revision.

use super::{Anonymous, Proof, ProofRequest, requests};
use crate::audit::flag::{Backend, LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG_FILE};
use crate::audit::pflag::parse_duration;
use crate::audit::value::STANDARD_OUTPUT;
use crate::file::FileState;
use crate::node::{Ask, Node};
use crate::observe::Obstacle;
use crate::policy::{self, Policy};
use crate::restart::revision::{Revision, get, identities, minor_of};
use crate::yaml;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// An event is written when its response is complete; a busy disk may need longer.
const EVENT_PATIENCE: Duration = Duration::from_secs(10);
/// In batch mode events wait for so long, unless told otherwise
/// (`apiserver/pkg/server/options/audit.go`, `defaultBatchMaxWait`).
const BATCH_WAIT: Duration = Duration::from_secs(30);

impl Revision {
    /// How to verify its audit log; `then` reads a file of the host as it will be.
    pub(in crate::restart) fn find_proof(
        &self,
        node: &Node,
        then: &dyn Fn(&Path) -> Result<Option<FileState>>,
    ) -> Result<Proof, Obstacle> {
        let log = self.flag(LOG_PATH);
        if self.flag(POLICY_FILE).is_none() || (log.is_none() && self.flag(WEBHOOK_CONFIG_FILE).is_none()) {
            return Ok(Proof::Off);
        }
        let log = match log.as_deref() {
            None => None,
            Some(STANDARD_OUTPUT) => return Ok(unverifiable("events go to the container's standard output")),
            Some(_) => match self.host(LOG_PATH) {
                Some(host) => Some(host),
                None => return Ok(unverifiable("the log is inside the container")),
            },
        };
        let policy = match self.host(POLICY_FILE) {
            Some(path) => then(&path)?.and_then(|file| self.read_policy(&file.bytes)),
            None => None,
        };
        let anonymous = Anonymous::of(&self.manifest.api_server().arguments());
        let identities = identities(node, &self.manifest)?;
        Ok(match requests(policy.as_ref(), anonymous, &identities) {
            Err(why) => Proof::Unverifiable(why),
            Ok(requests) => {
                let asks = requests.into_iter().map(|request| self.ask(request)).collect();
                match log {
                    Some(log) => Proof::Event { asks, log, patience: self.patience(Backend::Log) },
                    None => Proof::WebhookOnly { asks, patience: self.patience(Backend::Webhook) },
                }
            }
        })
    }

    fn read_policy(&self, bytes: &[u8]) -> Option<Policy> {
        policy::examine(yaml::decode(bytes).ok()?, u32::from(minor_of(&self.manifest))).policy
    }

    fn ask(&self, request: ProofRequest) -> Ask {
        let ask = get(&self.readyz.endpoint, request.identity, &request.path);
        Ask { method: request.method, body: request.body, ..ask }
    }

    /// How long an event may take to its file or receiver.
    fn patience(&self, backend: Backend) -> Duration {
        let name = backend.name();
        let mode = self.flag(&format!("audit-{name}-mode"));
        // By default the log blocks, and the webhook sends batches.
        let is_batched = mode.map_or(backend == Backend::Webhook, |mode| mode == "batch");
        if !is_batched {
            return EVENT_PATIENCE;
        }
        let wait =
            self.flag(&format!("audit-{name}-batch-max-wait")).and_then(|text| parse_duration(&text).ok());
        let wait = wait.and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
        EVENT_PATIENCE + wait.map_or(BATCH_WAIT, Duration::from_nanos)
    }
}

fn unverifiable(why: &str) -> Proof {
    Proof::Unverifiable(why.to_owned())
}

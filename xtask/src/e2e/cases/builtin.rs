//! The table of built-in resources, which lint uses, is equal to the discovery of the API server.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::builtin;
use crate::e2e::discovery;
use crate::e2e::trial::Trial;
use crate::node::release::minor;

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let served = discovery::read(&trial.api_server)?;
    trial.say(&format!("it serves {} resources", served.len()));
    builtin::check(trial.project, &BTreeMap::from([(minor(trial.version)?, served)]))
}

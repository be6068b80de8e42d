//! A client that watches the `ConfigMap`s: when its watch breaks, it goes on from the last `resourceVersion` that it has
//! seen, as every controller does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::connection::{Connection, Read, Request, ask_once};
use super::{COLLECTION, Signal};
use crate::e2e::client::Client;

/// Short, so that a watch notices its end.
const READ_LIMIT: Duration = Duration::from_secs(1);
/// A client's pause before it comes again.
const PAUSE: Duration = Duration::from_millis(50);
/// The server's answer to a version that it does not know any more.
const GONE: u16 = 410;

/// A follower.
pub(super) struct Follower {
    pub(super) client: Client,
    /// The `resourceVersion` to begin after.
    pub(super) version: String,
    pub(super) seen: Arc<Mutex<Seen>>,
}

/// What a follower has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many events of each writer's `ConfigMap`s, by the prefix of their names: created, deleted, the next created.
    pub(super) events: BTreeMap<String, u64>,
    /// The first event that did not follow from the ones before.
    pub(super) gap: Option<String>,
    /// How often it went on after its watch had broken.
    pub(super) resumed: u32,
    /// How often the watch was not accepted at the first attempt.
    pub(super) refused: Vec<String>,
    /// How often the server did not know any more what came after the last version.
    pub(super) lost: u32,
    last: u64,
}

/// How a watch ended.
enum End {
    Broken,
    Gone,
    Stopped,
}

/// The version of the collection as it is now.
///
/// # Errors
///
/// When the API server does not say.
pub(super) fn version(client: &Client) -> Result<String> {
    let path = format!("{COLLECTION}?limit=1");
    let request = Request { method: "GET", path: &path, identifier: "load-list", body: "", keep: false };
    let list: Value =
        serde_json::from_str(&ask_once(client, &request, 200, READ_LIMIT)?).context("reading a list")?;
    let version = list.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    Ok(version.context("a list without a version")?.to_owned())
}

impl Follower {
    /// Follows until told to stop.
    ///
    /// # Errors
    ///
    /// When the node has ended, or the API server says what cannot be understood.
    pub(super) fn run(mut self, stop: &Signal) -> Result<()> {
        self.client.enter_network()?;
        while !stop.is_given() {
            match self.watch(stop) {
                Ok(End::Stopped) => break,
                Ok(End::Broken) => lock(&self.seen).resumed += 1,
                Ok(End::Gone) => {
                    // What happened meanwhile is not told any more.
                    lock(&self.seen).lost += 1;
                    if let Ok(version) = version(&self.client) {
                        self.version = version;
                    }
                }
                Err(error) => lock(&self.seen).refused.push(format!("{error:#}")),
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn watch(&mut self, stop: &Signal) -> Result<End> {
        let path = format!(
            "{COLLECTION}?watch=true&allowWatchBookmarks=true&timeoutSeconds=3600&resourceVersion={}",
            self.version
        );
        let request = Request { method: "GET", path: &path, identifier: "load-watch", body: "", keep: true };
        let mut connection = Connection::open(&self.client, READ_LIMIT)?;
        let head = connection.ask(&request)?;
        if head.status == GONE {
            return Ok(End::Gone);
        }
        ensure!(head.status == 200, "status {}", head.status);
        loop {
            while let Some(line) = connection.line(&head)? {
                let event: Value = serde_json::from_str(&line).with_context(|| format!("reading {line}"))?;
                if event.get("type").and_then(Value::as_str) == Some("ERROR") {
                    let code = event.pointer("/object/code").and_then(Value::as_u64);
                    ensure!(code == Some(GONE.into()), "{line}");
                    return Ok(End::Gone);
                }
                self.version = lock(&self.seen).note(&event)?;
            }
            match connection.read() {
                _ if stop.is_given() => return Ok(End::Stopped),
                Ok(Read::Something | Read::Nothing) => {}
                Ok(Read::End) | Err(_) => return Ok(End::Broken),
            }
        }
    }
}

impl Seen {
    /// Notes an event, and returns its version.
    fn note(&mut self, event: &Value) -> Result<String> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let kind = text("/type").context("an event without a type")?;
        let version = text("/object/metadata/resourceVersion").context("an event without a version")?;
        if kind == "BOOKMARK" {
            return Ok(version.to_owned());
        }
        let name = text("/object/metadata/name").context("an event without a name")?;
        let number: u64 = version.parse().context("reading a version")?;
        if number <= self.last {
            self.miss(format!("{kind} of {name} with version {number} after {}", self.last));
        }
        self.last = number;
        // Others write too.
        if let Some((prefix, number)) = name.rsplit_once('.')
            && prefix.starts_with("load")
        {
            let count = self.events.entry(format!("{prefix}.")).or_default();
            let expected = (["ADDED", "DELETED"].into_iter().cycle().nth((*count % 2) as usize), *count / 2);
            let is_next = (Some(kind), number.parse().ok()) == (expected.0, Some(expected.1));
            *count += 1;
            if !is_next {
                self.miss(format!("{kind} of {name}, not {expected:?}"));
            }
        }
        Ok(version.to_owned())
    }

    fn miss(&mut self, what: String) {
        self.gap.get_or_insert(what);
    }

    /// Checks that it has seen everything, once and in order.
    ///
    /// # Errors
    ///
    /// When it has not.
    pub(super) fn check(&self, created: &BTreeMap<String, u64>) -> Result<()> {
        if let Some(gap) = &self.gap {
            bail!("a watch has seen {gap}");
        }
        for (prefix, created) in created {
            let events = self.events.get(prefix).copied().unwrap_or_default();
            ensure!(
                events == 2 * created,
                "a watch has seen {events} events of {created} ConfigMaps {prefix}"
            );
        }
        Ok(())
    }
}

/// What was seen, for reading and writing.
pub(super) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(events: &[(&str, &str, u64)]) -> Seen {
        let mut seen = Seen::default();
        for (kind, name, version) in events {
            let event = json!({"type": kind, "object": {"metadata": {
                "name": name, "resourceVersion": version.to_string(),
            }}});
            assert_eq!(seen.note(&event).unwrap(), version.to_string());
        }
        seen
    }

    #[test]
    fn everything_once_and_in_order() {
        let all = [
            ("ADDED", "load-a.0", 5),
            ("ADDED", "other", 6),
            ("ADDED", "load-b.0", 7),
            ("DELETED", "load-a.0", 8),
            ("BOOKMARK", "", 8),
            ("DELETED", "load-b.0", 9),
            ("ADDED", "load-a.1", 10),
            ("DELETED", "load-a.1", 11),
        ];
        let created = BTreeMap::from([("load-a.".to_owned(), 2), ("load-b.".to_owned(), 1)]);
        after(&all).check(&created).unwrap();
        for missing in [0, 2, 3, 5, 6, 7] {
            let mut events = all.to_vec();
            events.remove(missing);
            after(&events).check(&created).unwrap_err();
            let mut events = all.to_vec();
            events.insert(missing, all[missing]);
            after(&events).check(&created).unwrap_err();
        }
    }
}

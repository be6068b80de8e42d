//! A real API server and `kaudit receive`: over TLS with a token and with a client certificate every write arrives once,
//! also when the receiver is unavailable for a while. kaudit refuses settings that cannot work, and the API server is not
//! affected.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::e2e::api_server::ApiServer;
use crate::e2e::kaudit::{DRAIN, LOG, kaudit, kaudit_json};
use crate::e2e::load::trail::Trail;
use crate::e2e::pki::{self, Certificate, Pki};
use crate::e2e::receiver::Receiver;
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::configuration::ADDRESS;
use crate::node::wait::wait_for;

const PORT: u16 = 9443;
const REFUSED: i32 = 3;
/// The API server sends a batch after this time; its default is 30 s.
const QUICK: [&str; 2] = ["--webhook-batch-max-wait", "1s"];
/// The API server waits 10 s before it repeats a batch, then longer.
const ARRIVAL_LIMIT: Duration = Duration::from_mins(2);
const WRITES: u32 = 40;
/// How long the receiver is unavailable: some batches are due meanwhile.
const DOWNTIME: Duration = Duration::from_secs(5);

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    api_server.write_certificate()?;
    let pki = Pki::make(api_server)?;
    let hook = Webhook { trial, pki: &pki, url: url(PORT) };
    let token_file = pki::write(api_server, "token", "a-token-of-the-receiver\n")?;
    let token = ["--webhook-token-file", &token_file];
    let start = |who: &[&str]| Receiver::start(api_server, &pki.server, PORT, who);
    let pristine = Snapshot::take(api_server)?;

    let receiver = start(&["--token-file", &token_file])?;
    refusals(&hook, &token)?;
    let mut written = vec![hook.enable(&token)?.sent()?];
    written.extend(hook.write("token", WRITES)?);
    require_received(&receiver, &written)?;
    trial.say(&format!("{} requests over TLS with a token: each received once", written.len()));

    receiver.stop()?;
    written.extend(hook.write("downtime", WRITES)?);
    sleep(DOWNTIME);
    let receiver = start(&["--token-file", &token_file])?;
    require_received(&receiver, &written)?;
    trial.say(&format!(
        "the receiver was unavailable for a while: each of {} events was received once",
        written.len()
    ));
    receiver.stop()?;

    let receiver = start(&["--client-ca", &pki.authority])?;
    hook.refuse("no certificate where one is asked for", &hook.url, &[], "certificate")?;
    let Certificate { file, key } = &pki.client;
    let certificate = ["--webhook-client-certificate", file, "--webhook-client-key", key];
    written.push(hook.enable(&certificate)?.sent()?);
    written.extend(hook.write("certificate", WRITES)?);
    require_received(&receiver, &written)?;
    trial.say(&format!("with a client certificate: each of {} was received once", written.len()));

    let found = hook.enable(&[&certificate[..], &["--log-path", LOG]].concat())?.found()?;
    let both = [vec![found], hook.write("both", WRITES)?].concat();
    api_server.prove_audit(LOG)?;
    Trail::read(api_server.path(LOG).parent().context("the log lies in no directory")?)?.check(&both)?;
    written.extend(both);
    require_received(&receiver, &written)?;
    trial.say(&format!(
        "with a log beside it: each of {} was received once, the last also logged",
        written.len()
    ));

    kaudit_json(api_server, 0, &[&["disable"], &DRAIN[..]].concat())?;
    pristine.check_restored(api_server)?;
    receiver.stop()
}

fn refusals(hook: &Webhook<'_>, token: &[&str]) -> Result<()> {
    let api_server = &hook.trial.api_server;
    let wrong = pki::write(api_server, "wrong-token", "another-token\n")?;
    hook.refuse("a wrong token", &hook.url, &["--webhook-token-file", &wrong], "401")?;
    hook.refuse("no token", &hook.url, &[], "401")?;
    let unresolvable = "https://receiver.invalid:9443/events";
    hook.refuse("a name that does not resolve", unresolvable, token, "receiver.invalid")?;
    let service = "https://receiver.audit.svc:9443/events";
    hook.refuse("a Service's name", service, token, "--resolve-service")?;
    hook.refuse("a port without a listener", &url(PORT + 1), token, "refused")?;
    let expired = Receiver::start(api_server, &hook.pki.expired, PORT + 2, &[])?;
    hook.refuse("an expired certificate", &url(PORT + 2), token, "expired")?;
    expired.stop()
}

fn url(port: u16) -> String {
    format!("https://{ADDRESS}:{port}/events")
}

struct Webhook<'a> {
    trial: &'a Trial<'a>,
    pki: &'a Pki,
    url: String,
}

impl Webhook<'_> {
    fn arguments<'b>(&'b self, url: &'b str, more: &[&'b str]) -> Vec<&'b str> {
        let enable = ["enable", "--policy", "metadata", "--webhook-url", url];
        let authority = ["--webhook-ca-file", self.pki.authority.as_str()];
        [&enable[..], &authority, more, &QUICK].concat()
    }

    /// Checks that kaudit refuses it for this reason and changes nothing.
    fn refuse(&self, what: &str, url: &str, more: &[&str], said: &str) -> Result<()> {
        let api_server = &self.trial.api_server;
        let before = Snapshot::take(api_server)?;
        let ending =
            kaudit(api_server, &[&self.arguments(url, more)[..], &DRAIN].concat())?.expect(REFUSED)?;
        let words = format!("{}{}", ending.stdout, ending.stderr);
        ensure!(words.contains(said), "{what}: no message about {said}: {words}");
        before.check_untouched(api_server).with_context(|| what.to_owned())?;
        self.trial.say(&format!("{what}: refused"));
        Ok(())
    }

    fn enable(&self, more: &[&str]) -> Result<Enabled> {
        let arguments = [&self.arguments(&self.url, more)[..], &DRAIN].concat();
        let report = kaudit_json(&self.trial.api_server, 0, &arguments)?;
        let changed = report.get("changed") == Some(&true.into());
        ensure!(changed, "enable has changed nothing: {report}");
        Ok(Enabled { report })
    }

    /// Makes numbered writes, and returns their `Audit-ID`s.
    fn write(&self, series: &str, count: u32) -> Result<Vec<String>> {
        let api_server: &ApiServer<'_> = &self.trial.api_server;
        let mut identifiers = Vec::new();
        for number in 0..count {
            identifiers.extend(api_server.write(&format!("{series}-{number}"))?);
        }
        Ok(identifiers)
    }
}

/// The final report of kaudit.
struct Enabled {
    report: Value,
}

impl Enabled {
    /// The `Audit-ID` of kaudit's own request, of which only the receiver gets an event.
    fn sent(&self) -> Result<String> {
        self.identifier("/verified/sentEvent")
    }

    /// The `Audit-ID` that kaudit has found in the log.
    fn found(&self) -> Result<String> {
        self.identifier("/verified/auditEvent")
    }

    fn identifier(&self, place: &str) -> Result<String> {
        let identifier = self.report.pointer(place).and_then(Value::as_str);
        Ok(identifier.with_context(|| format!("no {place} in {}", self.report))?.to_owned())
    }
}

/// Waits until each of these requests is in the receiver's files, and checks that it is there once.
fn require_received(receiver: &Receiver<'_>, identifiers: &[String]) -> Result<()> {
    let directory = receiver.directory();
    let arrived = wait_for("all events at the receiver", ARRIVAL_LIMIT, || {
        // A line may be half written.
        Ok(Trail::read(&directory).is_ok_and(|trail| trail.has_all(identifiers)).then_some(()))
    });
    // Which are missing, the trail says better.
    Trail::read(&directory)?.check(identifiers).and(arrived)
}

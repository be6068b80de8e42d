//! What cannot work is refused, and the running API server does not notice.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use crate::e2e::api_server::ApiServer;
use crate::e2e::files::{MANIFEST, MANIFESTS, STATE, manifest};
use crate::e2e::kaudit::{DRAIN, LOG, kaudit};
use crate::e2e::obstacles::Obstacle;
use crate::e2e::processes::{Process, only_process, processes};
use crate::e2e::snapshot::Snapshot;
use crate::e2e::trial::Trial;
use crate::node::wait::wait_for;

const ENABLE: [&str; 5] = ["enable", "--policy", "default", "--log-path", LOG];
const REFUSED: i32 = 3;
const USAGE: i32 = 2;

/// The API server asks etcd every time; its own limit for that is seconds.
const HEALTH_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(30);

/// Policies that the API server would not load, or not as they are meant, and a part of what must be said.
const POLICIES: [(&str, &str, &str); 6] = [
    ("no-rules", "rules: []\n", "0 rules"),
    ("level", "rules:\n- level: metadata\n", "metadata"),
    ("misspelt", "rules:\n- level: None\n  usergroups: [system:nodes]\n- level: Metadata\n", "usergroups"),
    ("nested", "omitStages:\n- RequestReceived\n- rules:\n  - level: Metadata\n", "omitStages"),
    ("broken", "rules:\n- level: \"Metadata\n", "unexpected end of stream"),
    ("group", "rules:\n- level: Metadata\n  resources: [{group: apps/v1}]\n", "group"),
];

/// Options that no API server of these releases starts with, or whose log it cannot write, with the code and a part of
/// what must be said.
const OPTIONS: [(&[&str], i32, &str); 6] = [
    (&["enable", "--policy", "defualt"], REFUSED, "no preset"),
    (&["enable", "--policy", "default", "--log-path", "audit.log"], REFUSED, "absolute"),
    (&["enable", "--policy", "default", "--log-path", "/var/log/ro/audit.log"], REFUSED, "/var/log/ro"),
    (&["enable", "--policy", "default", "--log-mode", "batched"], REFUSED, "batched"),
    (&["enable", "--policy", "default", "--dynamic-configuration"], REFUSED, "dynamic-configuration"),
    (&["enable", "--policy", "default", "--log-maxagee", "3"], USAGE, "--log-maxagee"),
];

pub(super) fn run(trial: &Trial<'_>) -> Result<()> {
    let api_server = &trial.api_server;
    let first = api_server.process()?;
    let refusals = Refusals { trial, first: &first };

    for (name, text, said) in POLICIES {
        let path = format!("/root/{name}.yaml");
        let policy = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{text}");
        fs::write(api_server.path(&path), policy).with_context(|| format!("writing {path}"))?;
        refusals.expect(&["enable", "--policy", &path, "--log-path", LOG], REFUSED, said)?;
    }
    let read_only = Obstacle::empty(api_server, "/var/log/ro")?;
    for (options, code, said) in OPTIONS {
        refusals.expect(options, code, said)?;
    }
    read_only.remove()?;

    manifests(&refusals)?;
    directories(&refusals)?;
    unhealthy(&refusals)?;
    no_kubelet(&refusals)?;
    foreign_manager(&refusals)?;
    ensure!(!api_server.path(LOG).exists(), "something has written {LOG}");
    Ok(())
}

/// A node whose API server has run since the beginning.
struct Refusals<'a> {
    trial: &'a Trial<'a>,
    first: &'a Process,
}

impl Refusals<'_> {
    /// Runs kaudit, and checks that it ends with `code`, says `said`, and has left everything as it was.
    fn expect(&self, arguments: &[&str], code: i32, said: &str) -> Result<()> {
        let api_server = &self.trial.api_server;
        let before = Snapshot::take(api_server)?;
        ensure!(before.process == *self.first, "another API server than at first: {}", before.process.pid);
        self.refuse(arguments, code, said)?;
        before.check_untouched(api_server).with_context(|| format!("after kaudit {}", arguments.join(" ")))
    }

    /// Runs kaudit, and checks only its exit code and its message.
    fn refuse(&self, arguments: &[&str], code: i32, said: &str) -> Result<()> {
        let ending = kaudit(&self.trial.api_server, &[arguments, &DRAIN[..]].concat())?.expect(code)?;
        let stderr = &ending.stderr;
        ensure!(stderr.contains(said), "kaudit {} does not say {said}:\n{stderr}", arguments.join(" "));
        let line = stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        self.trial.say(&format!("{code}: {line}"));
        Ok(())
    }
}

/// A manifests directory that a change would make worse.
fn manifests(refusals: &Refusals<'_>) -> Result<()> {
    let api_server = &refusals.trial.api_server;
    // The kubelet does not admit this pod: no node has the label. Otherwise it would fight for the port.
    let text = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let duplicate = text.replacen("  name: kube-apiserver\n", "  name: old-apiserver\n", 1).replacen(
        "spec:\n",
        "spec:\n  nodeSelector: {example.com/never: \"true\"}\n",
        1,
    );
    let path = api_server.path(MANIFESTS).join("old-apiserver");
    fs::write(&path, duplicate).context("writing a duplicate manifest")?;
    let before = only_process(refusals.trial.node, "kube-apiserver")?;
    let refused = refusals.refuse(&ENABLE, REFUSED, "duplicate static pod manifest");
    fs::remove_file(&path).context("removing the duplicate manifest")?;
    refused?;
    ensure!(api_server.process()? == before, "the duplicate manifest caused a restart");

    // The kubelet follows the link, and sees the same manifest.
    let (live, real) = (api_server.path(MANIFEST), "/srv/kube-apiserver.yaml");
    fs::create_dir_all(api_server.path("/srv")).context("creating /srv")?;
    let aside = api_server.path(MANIFESTS).join(".link");
    fs::copy(&live, api_server.path(real)).context("copying the manifest")?;
    let kept = api_server.path(MANIFESTS).join(".kept");
    fs::hard_link(&live, &kept).context("keeping the manifest")?;
    symlink(real, &aside).context("linking the manifest")?;
    fs::rename(&aside, &live).context("replacing the manifest with a link")?;
    let refused = refusals.refuse(&ENABLE, REFUSED, "symbolic link");
    let is_link = live.is_symlink();
    fs::rename(&kept, &live).context("putting the manifest back")?;
    refused?;
    ensure!(is_link, "the link was replaced");
    ensure!(api_server.process()? == before, "the link caused a restart");
    Ok(())
}

/// Directories that cannot be written: the file system is full or read-only.
fn directories(refusals: &Refusals<'_>) -> Result<()> {
    let api_server = &refusals.trial.api_server;
    for place in [STATE, "/etc/kubernetes/audit", MANIFESTS] {
        let obstacle = Obstacle::full(api_server, place)?;
        refuse_behind(refusals, obstacle, place, "No space left on device")?;
        let obstacle = Obstacle::read_only(api_server, place)?;
        refuse_behind(refusals, obstacle, place, "ead-only file system")?;
    }
    Ok(())
}

fn refuse_behind(refusals: &Refusals<'_>, obstacle: Obstacle<'_>, place: &str, said: &str) -> Result<()> {
    let before = refusals.trial.api_server.process()?;
    let refused = refusals.refuse(&ENABLE, REFUSED, said);
    let names = names(&refusals.trial.api_server, place)?;
    obstacle.remove()?;
    refused.with_context(|| format!("where {place} cannot be written"))?;
    let left = names.iter().find(|name| name.contains("kaudit") || *name == "journal");
    ensure!(left.is_none(), "{place} has {names:?} afterwards");
    let now = Snapshot::take(&refusals.trial.api_server)?;
    ensure!(now.process == before, "a restart where {place} cannot be written");
    Ok(())
}

fn names(api_server: &ApiServer<'_>, place: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(api_server.path(place)).with_context(|| format!("listing {place}"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// An API server that is not healthy before.
fn unhealthy(refusals: &Refusals<'_>) -> Result<()> {
    let Trial { node, api_server, .. } = refusals.trial;
    let before = Snapshot::take(api_server)?;
    let etcd = only_process(node, "etcd")?;
    etcd.signal(node, Signal::SIGSTOP)?;
    let ill =
        wait_for("the API server to miss etcd", HEALTH_LIMIT, || Ok((!api_server.is_ready()?).then_some(())));
    let refused = refusals.refuse(&ENABLE, REFUSED, "etcd");
    etcd.signal(node, Signal::SIGCONT)?;
    ill?;
    refused?;
    wait_for("the API server to have etcd again", HEALTH_LIMIT, || Ok(api_server.is_ready()?.then_some(())))?;
    before.check_untouched(api_server)
}

/// Without a kubelet the API server would not be started again. Nearly last, because this stops the kubelet for good.
fn no_kubelet(refusals: &Refusals<'_>) -> Result<()> {
    let Trial { node, .. } = refusals.trial;
    only_process(node, "kubelet")?.signal(node, Signal::SIGTERM)?;
    wait_for("the kubelet's end", END_LIMIT, || Ok(processes(node, "kubelet")?.is_empty().then_some(())))?;
    refusals.expect(&["restart"], REFUSED, "kubelet")
}

/// A manifest that another tool manages. The annotation that marks it restarts nothing here, because no kubelet runs.
fn foreign_manager(refusals: &Refusals<'_>) -> Result<()> {
    let api_server = &refusals.trial.api_server;
    let text = String::from_utf8(manifest(api_server)?).context("reading the manifest")?;
    let marked =
        text.replacen("  annotations:\n", "  annotations:\n    talos.dev/config-version: \"1\"\n", 1);
    ensure!(marked != text, "kubeadm's manifest has no annotations");
    fs::write(api_server.path(MANIFEST), marked).context("marking the manifest")?;
    refusals.expect(&ENABLE, REFUSED, "Talos")
}

//! `status` while there is no manifest because a run has moved it: what is known without it.

use super::generations;
use super::live;
use super::render::{api_server_line, describe_api_server, describe_kubelet, kubelet_line};
use super::running::{ApiServer, KubeletSeen};
use super::unfinished;
use crate::cli::target::Target;
use crate::generation::{self, History};
use crate::node::EntryKind;
use crate::observe::Obstacle;
use crate::restart::Names;
use crate::transaction::Underway;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A node without its manifest.
#[derive(Debug)]
pub(super) struct MovedOut {
    /// The incomplete run.
    pub(super) underway: Underway,
    /// The path of the missing manifest.
    pub(super) manifest: PathBuf,
    /// The path of the previous manifest, if it exists.
    pub(super) kept: Option<PathBuf>,
    /// The changes that kaudit made.
    pub(super) history: History,
    /// The kubelet and its API servers; nothing for a tree.
    pub(super) running: Option<(Result<KubeletSeen, String>, Vec<ApiServer>)>,
}

impl MovedOut {
    /// Reads the node; `None` if there is a manifest, or no run that may have moved it.
    ///
    /// # Errors
    /// Something exists and cannot be read.
    pub(super) fn of(target: &Target) -> Result<Option<Self>, Obstacle> {
        let node = &target.node;
        if node.kind(&target.manifest)? != EntryKind::Absent {
            return Ok(None);
        }
        let Some(underway) = Underway::of(node)? else { return Ok(None) };
        let Names { old, .. } = Names::of(&target.manifest);
        let running = match &target.kubelet {
            Some(kubelet) => {
                Some((live::look_at_kubelet(node, kubelet)?, live::look_at_api_servers(node, kubelet, None)?))
            }
            None => None,
        };
        Ok(Some(Self {
            underway,
            manifest: target.manifest.clone(),
            kept: (node.kind(&old)? == EntryKind::File).then_some(old),
            history: generation::load(node)?,
            running,
        }))
    }

    /// For programs and for people.
    pub(super) fn render(&self, verbose: bool) -> (Value, Vec<String>) {
        let Self { underway, manifest, kept, history, running } = self;
        let mut details = json!({
            "enabled": null,
            "manifest": manifest,
            "unfinished": unfinished::describe(underway),
            "drift": ["the manifest does not exist: a kaudit run is not complete"],
            "generations": generations::describe(history),
        });
        let mut lines = vec![
            "Audit logging: unknown, because the manifest does not exist".to_owned(),
            format!("Unfinished:    {}", underway.progress()),
            format!("               {}", underway.advice()),
        ];
        if let Some((kubelet, api_servers)) = running {
            lines.push(kubelet_line(kubelet));
            if api_servers.is_empty() {
                lines.push("Running:       no API server".to_owned());
            }
            lines.extend(api_servers.iter().map(|api_server| api_server_line(api_server, "")));
            if let Some(fields) = details.as_object_mut() {
                fields.insert("atWork".to_owned(), json!(underway.holder));
                fields.insert("kubelet".to_owned(), describe_kubelet(kubelet));
                let api_servers: Vec<Value> = api_servers.iter().map(describe_api_server).collect();
                fields.insert("apiServers".to_owned(), Value::from(api_servers));
            }
        }
        lines.push(format!("Manifest:      {} (does not exist)", manifest.display()));
        lines.extend(
            kept.as_ref().map(|kept| format!("               previous manifest: {}", kept.display())),
        );
        lines.extend(generations::lines(history, verbose));
        (details, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Process;
    use crate::transaction::{Journal, Phase};

    #[test]
    fn a_node_during_a_restart() {
        let since = "2026-11-21T03:14:15Z";
        let journal = Journal::new(10, Phase::Out, since.to_owned());
        let process = Process { pid: 127, start: 1, arguments: Vec::new(), pod_uid: Some("6ebc".to_owned()) };
        let server = ApiServer {
            process,
            since: since.parse().unwrap(),
            executable: None,
            is_audited: true,
            difference: None,
        };
        let mut moved_out = MovedOut {
            underway: Underway { journal: Ok(journal), holder: Some(format!("pid 812 since {since}")) },
            manifest: PathBuf::from("/m/kube-apiserver.yaml"),
            kept: Some(PathBuf::from("/m/.kube-apiserver.yaml.kaudit-old")),
            history: History::default(),
            running: Some((Err("no kubelet runs on this node".to_owned()), vec![server])),
        };
        let (details, lines) = moved_out.render(false);
        let advice = moved_out.underway.advice();
        let expected = format!(
            "\
Audit logging: unknown, because the manifest does not exist
Unfinished:    generation 10, phase Out, since 2026-11-21T03:14:15Z
               {advice}
Kubelet:       no kubelet runs on this node
Running:       pid 127 since 2026-11-21T03:14:15Z, pod 6ebc, audit logging on
Manifest:      /m/kube-apiserver.yaml (does not exist)
               previous manifest: /m/.kube-apiserver.yaml.kaudit-old
Generations:   none"
        );
        assert_eq!(lines.join("\n"), expected);
        assert_eq!(details["enabled"], Value::Null);
        assert_eq!(details["unfinished"]["phase"], "out");
        assert_eq!(details["apiServers"][0]["pid"], 127);

        moved_out.running = Some((Err(String::new()), Vec::new()));
        assert!(moved_out.render(false).1.contains(&"Running:       no API server".to_owned()));
    }
}

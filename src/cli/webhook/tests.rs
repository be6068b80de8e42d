//! The preflight of `enable` on a node that is live but for its kubelet.

use super::made;
use super::{check_receiver, resolve_service};
use crate::cli::enable;
use crate::cli::planned::Planned;
use crate::cli::target::Target;
use crate::node::test_server::{read_request, serve};
use crate::node::{Node, ScratchNode};
use crate::observe::Obstacle;
use crate::plan::{PolicyWanted, Wanted};
use crate::webhook::ClientConfig;
use std::io::Write as _;

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const KUBELET_CLIENT: &[u8] = include_bytes!("../../node/net/api/testdata/kubelet-client-current.pem");
const SAMPLE: &str = include_str!("../../../templates/sample-node/kube-apiserver.yaml");

fn target(scratch: &ScratchNode) -> Target {
    Target { node: Node::at(scratch.path()), root: None, kubelet: None, manifest: MANIFEST.into() }
}

fn plan(target: &Target, url: &str) -> Planned {
    let client = ClientConfig { url: url.to_owned(), ..ClientConfig::default() };
    let wanted = Wanted {
        policy: Some(PolicyWanted::Preset("default")),
        webhook: Some(made(&client).unwrap()),
        ..Wanted::default()
    };
    enable::plan(target, &wanted, &[], false).unwrap()
}

/// The ids of the notes, or the reasons to refuse.
fn judged(target: &Target, planned: &Planned, ignored: &[&str]) -> Result<Vec<&'static str>, Vec<String>> {
    let ignored: Vec<String> = ignored.iter().map(|name| (*name).to_owned()).collect();
    match check_receiver(target, &planned.plan, &ignored) {
        Ok(notes) => Ok(notes.into_iter().filter_map(|note| note.id).collect()),
        Err(Obstacle::Refused(refusals)) => {
            Err(refusals.into_iter().map(|refusal| refusal.message).collect())
        }
        Err(Obstacle::Failed(error)) => panic!("{error:#}"),
    }
}

#[test]
fn a_receiver_that_cannot_be_reached_is_refused_before_anything_is_touched() {
    let scratch = ScratchNode::with_files(&[(MANIFEST, SAMPLE)]).unwrap();
    let target = target(&scratch);
    for (url, why) in [
        ("http://sink.invalid/", "the host name sink.invalid does not resolve on this node"),
        ("http://127.0.0.1:1/", "the receiver does not answer: 127.0.0.1:1: connection refused"),
    ] {
        let planned = plan(&target, url);
        assert!(planned.plan.brings_webhook);
        let reasons = judged(&target, &planned, &[]).unwrap_err();
        assert!(reasons.len() == 1 && reasons[0].starts_with(why), "{url}: {reasons:?}");
        assert_eq!(judged(&target, &planned, &["all"]).map(|ids| ids.len()), Ok(1), "{url}");
    }
    assert_eq!(scratch.read(MANIFEST).unwrap().unwrap(), SAMPLE.as_bytes());
    let directory = target.node.directory_metadata("/etc/kubernetes/audit".as_ref()).unwrap();
    assert!(directory.is_none());
}

#[test]
fn the_name_of_a_service_is_told_apart_from_other_names() {
    let scratch = ScratchNode::with_files(&[(MANIFEST, SAMPLE)]).unwrap();
    let target = target(&scratch);
    let reasons = judged(&target, &plan(&target, "http://sink.audit.svc/"), &[]).unwrap_err();
    assert!(reasons[0].starts_with("sink.audit.svc is the DNS name of a Service"), "{reasons:?}");
}

/// A manifest whose API server listens on `port`, with a certificate that nobody knows.
fn manifest(port: u16) -> String {
    let is_known =
        |line: &&str| !line.contains("--tls-cert-file") && !line.contains("--tls-private-key-file");
    let lines: Vec<String> = SAMPLE
        .lines()
        .filter(is_known)
        .map(|line| line.replace("--secure-port=6443", &format!("--secure-port={port}")))
        .collect();
    lines.join("\n") + "\n"
}

/// What `--resolve-service` makes of a URL, where the API server gives this answer.
fn resolved(url: &str, answer: &'static str) -> Result<(ClientConfig, String), String> {
    let (address, server) = serve(move |mut stream| {
        let asked = read_request(&mut stream);
        assert!(asked.client.is_some());
        assert_eq!(asked.head[0], "GET /api/v1/namespaces/audit/services/sink HTTP/1.0");
        write!(stream, "HTTP/1.0 {answer}").unwrap();
        stream.flush().unwrap();
    });
    let identity = std::str::from_utf8(KUBELET_CLIENT).unwrap();
    let files = [
        (MANIFEST, manifest(address.port())),
        ("/var/lib/kubelet/pki/kubelet-client-current.pem", identity.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let scratch = ScratchNode::with_files(&files).unwrap();
    let mut client = ClientConfig { url: url.to_owned(), ..ClientConfig::default() };
    let ended = resolve_service(&target(&scratch), &mut client).map_err(|refusal| refusal.message);
    server.join().unwrap();
    let name = client.server_name.clone().unwrap_or_default();
    ended.map(|()| (client, name))
}

#[test]
fn the_api_server_tells_a_services_address() {
    let answer = "200 OK\r\n\r\n{\"spec\": {\"clusterIP\": \"10.96.0.7\", \"ports\": [{\"port\": 9443}]}}";
    let (client, name) = resolved("https://sink.audit.svc:9443/events", answer).unwrap();
    assert_eq!((client.url.as_str(), name.as_str()), ("https://10.96.0.7:9443/events", "sink.audit.svc"));
    for (answer, why) in [
        ("404 Not Found\r\n\r\n{}", "the Service sink does not exist in the namespace audit"),
        (
            "200 OK\r\n\r\n{\"spec\": {\"clusterIP\": \"None\"}}",
            "--resolve-service: the Service sink in audit is headless and has no cluster IP",
        ),
        (
            "403 Forbidden\r\n\r\n{}",
            "this node's API server did not return the Service sink: it returned 403 for user system:node:cp0",
        ),
    ] {
        assert_eq!(
            resolved("https://sink.audit.svc:9443/", answer).map(|(_, name)| name),
            Err(why.to_owned())
        );
    }
}

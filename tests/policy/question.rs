//! Requests as arguments of kubectl, and many of them in a stream.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use kaudit::policy::{Request, RequestSpec, describe_request};

const MINOR: u32 = 36;

/// The request that these arguments describe, options included.
fn ask(words: &str) -> Result<(Request, Vec<String>), String> {
    let mut spec = RequestSpec::default();
    let mut rest = words.split(' ');
    while let Some(word) = rest.next() {
        let mut value = || rest.next().unwrap().to_owned();
        match word {
            "-n" => spec.namespace = Some(value()),
            "-A" => spec.all_namespaces = true,
            "--as" => spec.user = Some(value()),
            "--as-group" => spec.groups.push(value()),
            "--raw" => spec.raw = Some(value()),
            "--subresource" => spec.subresource = Some(value()),
            "-w" => spec.is_watch = true,
            "--no-user" => spec.no_user = true,
            word => spec.arguments.push(word.to_owned()),
        }
    }
    spec.request(MINOR).map_err(|refusal| refusal.message)
}

#[test]
fn arguments_of_kubectl_become_the_request_that_the_api_server_sees() {
    for (words, request) in [
        (
            "get pods/log -n shop --as alice --as-group devs",
            "get pods/log -n shop by alice (devs, system:authenticated)",
        ),
        ("get po web --no-user", "get pods web -n default by nobody"),
        ("Get pod/web --no-user", "get pods web -n default by nobody"),
        ("list deploy -A --no-user", "list deployments.apps --all-namespaces by nobody"),
        (
            "update deployments.apps/scale web --no-user",
            "update deployments.apps/scale web -n default by nobody",
        ),
        (
            "update deployments.v1.apps web --subresource scale --no-user",
            "update deployments.apps/scale web -n default by nobody",
        ),
        ("get widgets.example.com --no-user", "list widgets.example.com -n default by nobody"),
        ("get nodes -n shop --no-user", "list nodes by nobody"),
        ("get pods -w --no-user", "watch pods -n default by nobody"),
        ("get pods web -w --no-user", "watch pods web -n default by nobody"),
        ("get pods -A --no-user", "list pods --all-namespaces by nobody"),
        ("describe pods --no-user", "list pods -n default by nobody"),
        ("describe pods web --no-user", "get pods web -n default by nobody"),
        ("delete pods --no-user", "deletecollection pods -n default by nobody"),
        ("deletecollection pods web --no-user", "delete pods web -n default by nobody"),
        ("create cm foo --no-user", "create configmaps -n default by nobody"),
        ("create deploy web -n shop --no-user", "create deployments.apps -n shop by nobody"),
        ("create sa/token bot -n shop --no-user", "create serviceaccounts/token bot -n shop by nobody"),
        ("create ns foo --no-user", "create namespaces by nobody"),
        ("get ns --no-user", "list namespaces by nobody"),
        ("watch ns foo --no-user", "watch namespaces foo by nobody"),
        ("get ns foo --no-user", "get namespaces foo -n foo by nobody"),
        ("delete ns shop --no-user", "delete namespaces shop -n shop by nobody"),
        ("apply cm settings --no-user", "patch configmaps settings -n default by nobody"),
        (
            "list events --as system:anonymous",
            "list events -n default by system:anonymous (system:unauthenticated)",
        ),
        ("list events.events.k8s.io --no-user", "list events.events.k8s.io -n default by nobody"),
        ("get --raw /healthz --no-user", "get /healthz by nobody"),
        ("--raw /metrics --no-user", "get /metrics by nobody"),
        ("get /healthz --no-user", "get /healthz by nobody"),
        ("create --raw /healthz --no-user", "post /healthz by nobody"),
        ("HEAD /healthz --no-user", "head /healthz by nobody"),
        ("watch /healthz --no-user", "get /healthz by nobody"),
        ("--raw /api/v1/namespaces/a/pods?watch=1 --no-user", "watch pods -n a by nobody"),
        (
            "delete /apis/apps/v1/namespaces/a/deployments/web --no-user",
            "delete deployments.apps web -n a by nobody",
        ),
        ("exec web --no-user", "create pods/exec web -n default by nobody"),
        ("exec pod/web -n a --no-user", "create pods/exec web -n a by nobody"),
        ("exec pods web -n a --no-user", "create pods/exec web -n a by nobody"),
        ("exec pods -n a --no-user", "create pods/exec -n a by nobody"),
        ("exec web ls -l /tmp --no-user", "create pods/exec web -n default by nobody"),
        ("exec deploy/web ls --no-user", "create pods/exec -n default by nobody"),
        ("port-forward svc/web 8080:80 --no-user", "create pods/portforward -n default by nobody"),
        ("evict web --no-user", "create pods/eviction web -n default by nobody"),
        ("logs deployments.apps/web --no-user", "get pods/log -n default by nobody"),
        ("logs web --no-user", "get pods/log web -n default by nobody"),
        ("port-forward web --no-user", "create pods/portforward web -n default by nobody"),
        ("scale deploy/web --no-user", "patch deployments.apps/scale web -n default by nobody"),
        ("cordon node-1 --no-user", "patch nodes node-1 by nobody"),
        (
            "get pods web",
            "get pods web -n default by kubernetes-admin (kubeadm:cluster-admins, system:authenticated)",
        ),
        (
            "list pods --as system:serviceaccount:ci:bot",
            "list pods -n default by system:serviceaccount:ci:bot (system:serviceaccounts, system:serviceaccounts:ci, system:authenticated)",
        ),
        (
            "list pods --as system:node:a",
            "list pods -n default by system:node:a (system:nodes, system:authenticated)",
        ),
    ] {
        assert_eq!(describe_request(&ask(words).unwrap().0), request, "{words}");
    }
}

#[test]
fn assumptions_are_reported() {
    for (words, remarks) in [
        ("get pods web", vec![]),
        ("get deployments web", vec![]),
        ("get pods", vec!["without a name, the API server sees a list, not a get"]),
        ("delete pods", vec!["without a name, the API server sees a deletecollection, not a delete"]),
        (
            "create cm foo",
            vec![
                "assuming that cm means configmaps",
                "the API server does not see the name foo in a request that creates it: the name is in the body",
            ],
        ),
        ("evict web", vec![]),
        (
            "port-forward svc/web 80",
            vec![
                "a policy does not see the other arguments: 80",
                "kubectl gets svc/web, lists its pods and then uses one of them; its name is not known here",
                "over a WebSocket, which kubectl uses from 1.31 on, the verb is get: check both",
            ],
        ),
        (
            "apply deployments web",
            vec![
                "kubectl apply gets the object, then patches it, or creates it if it does not exist: check get and create too",
            ],
        ),
        ("get deploy web", vec!["assuming that deploy means deployments.apps"]),
        (
            "get Pod/web",
            vec!["assuming that Pod means pods", "pods have no subresource web: assuming it is a name"],
        ),
        ("list events", vec!["there are also events.events.k8s.io, which a policy distinguishes"]),
        ("list events.events.k8s.io", vec![]),
        ("list nodes -n a", vec!["nodes are not namespaced: -n a is ignored"]),
        (
            "get widgets a",
            vec![
                "widgets is not a built-in resource: assuming the core group; to name its group: widgets.example.com",
            ],
        ),
        ("get --raw /api/v1/pods", vec!["this path is a resource request for the API server: list pods"]),
    ] {
        assert_eq!(ask(words).unwrap().1, remarks, "{words}");
    }
    // Of 1.15, where both groups have them.
    let words = ["list", "deployments"].map(str::to_owned).to_vec();
    let (_, remarks) = RequestSpec { arguments: words, ..RequestSpec::default() }.request(15).unwrap();
    assert_eq!(remarks, ["there are also deployments.extensions, which a policy distinguishes"]);
}

#[test]
fn arguments_that_do_not_specify_a_request_are_refused() {
    for (words, reason) in [
        ("get", "verb and resource are missing"),
        ("frobnicate pods", "requests for a resource do not have the verb frobnicate"),
        ("get all", "all is not a single resource"),
        ("get po,svc", "po,svc is not a single resource"),
        ("get pods/web/log", "pods/web/log is not a single resource"),
        ("get pods web -A", "-A works only with list and watch"),
        ("create pods -A", "-A works only with list and watch"),
        ("evict deploy/web", "deploy/web is not the name of one of pods"),
        ("exec widgets/web", "widgets/web is not the name of one of pods"),
        ("logs web app", "unexpected argument app"),
        ("delete pods web -w", "-w works only with get and list"),
        ("exec web -A", "-A works only with list and watch"),
        ("frobnicate /healthz", "requests for a path do not have the verb frobnicate"),
        ("get /healthz -n a", "a path already contains the namespace"),
        ("get pods a b", "unexpected argument b"),
        ("get pods --raw /healthz", "--raw replaces the resource"),
        ("--raw healthz", "a path begins with /"),
    ] {
        assert!(ask(words).unwrap_err().contains(reason), "{words}");
    }
    assert_eq!(ask("list deploy").unwrap().1, ["assuming that deploy means deployments.apps"]);
    assert!(ask("get widgets").unwrap().1[0].contains("not a built-in resource"));
    assert!(ask("list pods").unwrap().1.is_empty());
}

/// The input may be endless: kaudit stops when the reader of its output has closed the pipe.
#[test]
fn answers_that_nobody_reads_end_the_questions() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(["policy", "explain", "default", "--requests", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let asking = thread::spawn(move || {
        let many = "{\"user\":\"a\",\"verb\":\"get\",\"resource\":\"pods\"}\n".repeat(1000);
        (0..2000).try_for_each(|_| questions.write_all(many.as_bytes()))
    });
    let output = child.wait_with_output().unwrap();
    assert!(asking.join().unwrap().is_err(), "all questions were read");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

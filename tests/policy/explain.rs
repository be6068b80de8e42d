//! Requests in kubectl's words, why a rule does not match, what differs between policies, and older versions.

use std::collections::BTreeSet;

use kaudit::policy::{
    ApiVersion, Level, Policy, Question, Request, Resource, Target, User, decide, describe_request, diff,
    examine, judge, migrate, preset, why_not,
};

use crate::random::{self, Random};

const MINOR: u32 = 36;

/// The request of such words, options included.
fn ask(words: &str) -> Result<(Request, Vec<String>), String> {
    let mut question = Question::default();
    let mut rest = words.split(' ');
    while let Some(word) = rest.next() {
        let mut value = || rest.next().unwrap().to_owned();
        match word {
            "-n" => question.namespace = Some(value()),
            "-A" => question.all_namespaces = true,
            "--as" => question.user = Some(value()),
            "--as-group" => question.groups.push(value()),
            "--raw" => question.raw = Some(value()),
            "--subresource" => question.subresource = Some(value()),
            "--no-user" => question.no_user = true,
            word => question.words.push(word.to_owned()),
        }
    }
    question.request(MINOR).map_err(|refusal| refusal.reason)
}

#[test]
fn words_of_kubectl_become_the_request_that_the_api_server_sees() {
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
        ("get widgets.example.com --no-user", "get widgets.example.com -n default by nobody"),
        ("get nodes -n shop --no-user", "get nodes by nobody"),
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
        ("logs web --no-user", "get pods/log web -n default by nobody"),
        ("port-forward web --no-user", "create pods/portforward web -n default by nobody"),
        ("scale deploy/web --no-user", "patch deployments.apps/scale web -n default by nobody"),
        ("cordon node-1 --no-user", "patch nodes node-1 by nobody"),
        (
            "get pods",
            "get pods -n default by kubernetes-admin (kubeadm:cluster-admins, system:authenticated)",
        ),
        (
            "get pods --as system:serviceaccount:ci:bot",
            "get pods -n default by system:serviceaccount:ci:bot (system:serviceaccounts, system:serviceaccounts:ci, system:authenticated)",
        ),
        (
            "get pods --as system:node:a",
            "get pods -n default by system:node:a (system:nodes, system:authenticated)",
        ),
    ] {
        assert_eq!(describe_request(&ask(words).unwrap().0), request, "{words}");
    }
}

#[test]
fn what_is_guessed_is_said() {
    for (words, remarks) in [
        ("get pods web", vec![]),
        ("get deployments web", vec![]),
        ("get deploy web", vec!["deploy is taken as deployments.apps"]),
        (
            "get Pod/web",
            vec!["Pod is taken as pods", "web is taken as a name, because it is no subresource of Pod"],
        ),
        ("list events", vec!["there are events.events.k8s.io too, which a policy tells apart"]),
        ("list events.events.k8s.io", vec![]),
        ("list nodes -n a", vec!["nodes are in no namespace: -n a is left out"]),
        (
            "get widgets a",
            vec![
                "widgets is no built-in resource, and is taken as one of the core group; name its group: widgets.example.com",
            ],
        ),
        ("get --raw /api/v1/pods", vec!["the API server takes this path for a resource: list pods"]),
    ] {
        assert_eq!(ask(words).unwrap().1, remarks, "{words}");
    }
    // Of 1.15, where both groups have them.
    let words = ["list", "deployments"].map(str::to_owned).to_vec();
    let (_, remarks) = Question { words, ..Question::default() }.request(15).unwrap();
    assert_eq!(remarks, ["there are deployments.extensions too, which a policy tells apart"]);
}

#[test]
fn words_that_make_no_request_are_refused() {
    for (words, reason) in [
        ("get", "name a verb and a resource"),
        ("frobnicate pods", "no request for a resource has the verb frobnicate"),
        ("get all", "all: one resource"),
        ("get po,svc", "po,svc: one resource"),
        ("get pods/web/log", "pods/web/log: one resource"),
        ("get pods web -A", "only a list or a watch"),
        ("create pods -A", "only a list or a watch"),
        ("exec deploy/web", "deploy/web: name one of pods itself"),
        ("exec web -A", "only a list or a watch"),
        ("frobnicate /healthz", "no request for a path has the verb frobnicate"),
        ("get /healthz -n a", "a path has its namespace"),
        ("get pods a b", "b: one verb"),
        ("get pods --raw /healthz", "--raw takes the place"),
        ("--raw healthz", "a path begins with /"),
    ] {
        assert!(ask(words).unwrap_err().contains(reason), "{words}");
    }
    assert_eq!(ask("get deploy").unwrap().1, ["deploy is taken as deployments.apps"]);
    assert!(ask("get widgets").unwrap().1[0].contains("no built-in resource"));
    assert!(ask("get pods").unwrap().1.is_empty());
}

fn random_request(random: &mut Random) -> Request {
    let (group, resource) = random.resource();
    let target = if random.chance(80) {
        let [subresource, namespace, name] = [&random::SUBRESOURCES[..], &random::NAMESPACES, &random::NAMES]
            .map(|words| random.word(words).to_owned());
        Target::Resource(Resource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource,
            namespace,
            name,
        })
    } else {
        Target::Path(random.word(&random::PATHS).to_owned())
    };
    let user = User { name: random.word(&random::USERS).to_owned(), groups: random.some(&random::GROUPS, 3) };
    Request {
        user: (!random.chance(5)).then_some(user),
        verb: random.word(&random::VERBS).to_owned(),
        target,
    }
}

/// Random policies and requests, as the differential tests against Go have them.
fn random_pairs(count: usize, mut check: impl FnMut(&Policy, &Request)) {
    let mut random = Random::new(crate::oracle::seed());
    for _ in 0..count {
        let policy = examine(&random::policy(&mut random), MINOR).policy.unwrap();
        for _ in 0..20 {
            check(&policy, &random_request(&mut random));
        }
    }
}

#[test]
fn a_reason_is_given_for_every_rule_that_is_passed_over_and_for_no_other() {
    random_pairs(2000, |policy, request| {
        let decided = decide(policy, request).rule;
        let first = policy.rules.iter().position(|rule| why_not(rule, request).is_none());
        assert_eq!(first, decided, "{request:?} {policy:?}");
    });
}

#[test]
fn a_difference_is_found_exactly_where_requests_are_decided_differently() {
    let mut random = Random::new(crate::oracle::seed());
    for _ in 0..300 {
        let [before, after] = [(); 2].map(|()| examine(&random::policy(&mut random), MINOR).policy.unwrap());
        let classes = diff(&before, &after).unwrap();
        let known: BTreeSet<_> = classes.iter().map(|class| (class.before.rule, class.after.rule)).collect();
        for class in &classes {
            assert_eq!(decide(&before, &class.example), class.before);
            assert_eq!(decide(&after, &class.example), class.after);
        }
        for _ in 0..300 {
            let request = random_request(&mut random);
            // No API server makes these: see `outcomes`.
            if matches!(&request.target, Target::Path(path) if path.is_empty()) {
                continue;
            }
            let (one, other) = (decide(&before, &request), decide(&after, &request));
            if one.level != other.level {
                assert!(known.contains(&(one.rule, other.rule)), "{request:?}");
            }
        }
        assert_eq!(diff(&before, &before).unwrap(), []);
    }
}

#[test]
fn the_presets_differ_in_what_they_say_they_differ() {
    let [default, bodies] =
        ["default", "write-bodies"].map(|name| judge(preset::find(name).unwrap().text, MINOR).unwrap());
    let classes = diff(&default, &bodies).unwrap();
    assert!(!classes.is_empty());
    assert!(classes.iter().all(|class| class.after.level >= class.before.level));
    assert!(
        classes
            .iter()
            .any(|class| class.before.level == Level::Metadata && class.after.level == Level::Request)
    );
}

#[test]
fn a_policy_of_an_older_version_is_migrated_with_its_comments() {
    let old =
        "# mine\napiVersion: audit.k8s.io/v1beta1 # old\nkind: Policy\nrules:\n# all\n- {level: Metadata}\n";
    let migrated = migrate(old).unwrap();
    assert_eq!(migrated.from, ApiVersion::V1beta1);
    assert_eq!(migrated.text, old.replace("v1beta1", "v1"));
    let crlf = old.replace('\n', "\r\n").replace("v1beta1", "v1alpha1");
    assert_eq!(migrate(&crlf).unwrap().text, crlf.replace("v1alpha1", "v1"));
    let current = preset::find("default").unwrap().text;
    assert_eq!(migrate(current).unwrap().text, current);
    let unknown = old.replace("level:", "colour: red, level:");
    assert_eq!(migrate(&unknown).unwrap().findings.len(), 1);
    for (refused, reason) in [
        ("kind: Policy\n", "1.36 would not start with this policy: unknown group version"),
        ("a: [\n", "1.36 would not start with this policy: failed decoding: yaml"),
        // Of a version that was removed the last release that read it says what is wrong beside.
        (
            &old.replace("level: Metadata", "level: yes"),
            "1.23 would not start with this policy: failed decoding: json",
        ),
        (&old.replace("{level: Metadata}", ""), "1.23 would not start with this policy: rules[0].level"),
        (&format!("{old}---\na: b\n"), "not safe to edit: a second YAML document"),
        (&format!("{old}kind: Policy\n"), "not safe to edit: the key `kind` is there twice"),
        (
            &old.replace("apiVersion: ", "apiVersion: &a ").replace("kind:", "metadata: {name: *a}\nkind:"),
            "shared by an anchor",
        ),
    ] {
        let refusal = migrate(refused).unwrap_err();
        assert!(refusal.reason.contains(reason), "{refused}{refusal:?}");
        assert!(refusal.position.is_some());
    }
}

//! Whether a process was started from a manifest: compares its arguments with the container's. Pure.

use crate::manifest::Manifest;
use crate::node::{Component, Process};
use crate::secret::mask_passwords_in_urls;
use std::collections::BTreeMap;

/// An argument as far as the manifest determines it: texts, with something unknown between them.
///
/// The kubelet expands `$(NAME)` from the container's environment, and what a `fieldRef` or a service puts there is
/// not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedArgument {
    /// At least one; a single one is the whole argument.
    texts: Vec<String>,
}

impl ExpectedArgument {
    fn new() -> Self {
        Self { texts: vec![String::new()] }
    }

    fn push(&mut self, text: &str) {
        if let Some(last) = self.texts.last_mut() {
            last.push_str(text);
        }
    }

    fn push_unknown(&mut self) {
        self.texts.push(String::new());
    }

    fn push_all(&mut self, other: &Self) {
        for (index, text) in other.texts.iter().enumerate() {
            if index > 0 {
                self.push_unknown();
            }
            self.push(text);
        }
    }

    /// Whether `argument` can be it.
    #[must_use]
    pub fn matches(&self, argument: &str) -> bool {
        let mut texts = self.texts.iter();
        let Some(mut rest) = texts.next().and_then(|first| argument.strip_prefix(first.as_str())) else {
            return false;
        };
        let Some(last) = texts.next_back() else { return rest.is_empty() };
        for text in texts {
            let Some((_, behind)) = rest.split_once(text.as_str()) else { return false };
            rest = behind;
        }
        rest.ends_with(last.as_str())
    }

    /// The argument as it is shown, with `…` for what is unknown.
    fn shown(&self) -> String {
        mask_passwords_in_urls(&self.texts.join("…"))
    }
}

/// The arguments that kube-apiserver gets from the kubelet, in order.
///
/// `$(NAME)` and `$$` are expanded as the kubelet does it (`pkg/kubelet/container/helpers.go`,
/// `ExpandContainerCommandAndArgs`).
#[must_use]
pub fn expected_arguments(manifest: &Manifest) -> Vec<ExpectedArgument> {
    let environment = environment(manifest);
    manifest.api_server().words.iter().map(|word| expand(&word.text, &environment)).collect()
}

/// Whether `process` is the API server that the kubelet starts from `manifest`.
#[must_use]
pub fn is_running(manifest: &Manifest, process: &Process) -> bool {
    difference(manifest, process).is_none()
}

/// How `process` differs from the API server of `manifest`; `None`: not at all. Passwords are masked.
#[must_use]
pub fn difference(manifest: &Manifest, process: &Process) -> Option<String> {
    let Some(running) = Component::ApiServer.own_words(&process.arguments) else {
        return Some("it is not a kube-apiserver".to_owned());
    };
    let expected = expected_arguments(manifest);
    if expected.len() == running.len()
        && expected.iter().zip(running).all(|(expected, argument)| expected.matches(argument))
    {
        return None;
    }
    let missing = expected.iter().find(|expected| !running.iter().any(|argument| expected.matches(argument)));
    let surplus = running.iter().find(|argument| !expected.iter().any(|expected| expected.matches(argument)));
    Some(match (missing, surplus) {
        (Some(missing), _) => match same_flag(missing, running) {
            Some(other) => {
                format!("it has {}, the manifest has {}", mask_passwords_in_urls(other), missing.shown())
            }
            None => format!("it does not have {}, which the manifest has", missing.shown()),
        },
        (None, Some(surplus)) => {
            format!("it has {}, which the manifest does not have", mask_passwords_in_urls(surplus))
        }
        (None, None) => "it has the manifest's arguments in another order or number".to_owned(),
    })
}

/// The argument that gives the same flag another value.
fn same_flag<'a>(expected: &ExpectedArgument, running: &'a [String]) -> Option<&'a str> {
    let (name, _) = expected.texts.first()?.split_once('=')?;
    let same = |argument: &&String| argument.split_once('=').is_some_and(|(other, _)| other == name);
    running.iter().find(same).map(String::as_str)
}

/// The values that the container's environment is known to have. An entry may refer to those before it
/// (`pkg/kubelet/kubelet_pods.go`, `makeEnvironmentVariables`).
fn environment(manifest: &Manifest) -> BTreeMap<String, ExpectedArgument> {
    let mut known = BTreeMap::new();
    let entries = manifest.container().and_then(|container| container.env.as_deref()).unwrap_or_default();
    for entry in entries {
        let value = match (&entry.value_from, &entry.value) {
            (Some(_), _) => {
                let mut unknown = ExpectedArgument::new();
                unknown.push_unknown();
                unknown
            }
            (None, value) => expand(value.as_deref().unwrap_or_default(), &known),
        };
        known.insert(entry.name.clone(), value);
    }
    known
}

/// `$(NAME)` becomes the variable's value, or something unknown; `$$` becomes `$`; everything else stays
/// (`third_party/forked/golang/expansion/expand.go`).
fn expand(text: &str, environment: &BTreeMap<String, ExpectedArgument>) -> ExpectedArgument {
    let mut argument = ExpectedArgument::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        argument.push(before);
        if let Some(behind) = behind.strip_prefix('$') {
            argument.push("$");
            rest = behind;
        } else if let Some((name, behind)) = behind.strip_prefix('(').and_then(|name| name.split_once(')')) {
            match environment.get(name) {
                Some(value) => argument.push_all(value),
                // A service's variable or one of `envFrom`; without a variable of that name the text stays as it is written.
                None => argument.push_unknown(),
            }
            rest = behind;
        } else {
            argument.push("$");
            rest = behind;
        }
    }
    argument.push(rest);
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(command: &str, env: &str) -> Manifest {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: kube-system}}\nspec:\n  containers:\n  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v1.36.2\n    command: {command}\n    env: {env}\n"
        );
        Manifest::read(text.as_bytes()).unwrap()
    }

    fn process(arguments: &[&str]) -> Process {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Process { pid: 1, start: 1, arguments, pod_uid: None }
    }

    #[test]
    fn the_process_of_a_manifest_is_recognised_by_its_arguments() {
        const ETCD: &str = "--etcd-servers=https://u:geheim@e:2379";
        let manifest = manifest(
            "[kube-apiserver, --secure-port=6443, '--etcd-servers=https://u:geheim@e:2379', --v=2]",
            "[]",
        );
        let same = process(&["/usr/local/bin/kube-apiserver", "--secure-port=6443", ETCD, "--v=2"]);
        assert!(is_running(&manifest, &same));
        for (arguments, expected) in [
            (vec!["etcd"], "it is not a kube-apiserver"),
            (
                vec!["kube-apiserver", "--secure-port=7443", ETCD, "--v=2"],
                "it has --secure-port=7443, the manifest has --secure-port=6443",
            ),
            (
                vec!["kube-apiserver", "--secure-port=6443", "--v=2"],
                "it does not have --etcd-servers=https://u:***@e:2379, which the manifest has",
            ),
            (
                vec!["kube-apiserver", "--secure-port=6443", ETCD, "--v=2", "--profiling=false"],
                "it has --profiling=false, which the manifest does not have",
            ),
            (
                vec!["kube-apiserver", ETCD, "--secure-port=6443", "--v=2"],
                "it has the manifest's arguments in another order or number",
            ),
            (
                vec!["kube-apiserver", "--secure-port=6443", ETCD, "--v=2", "--v=2"],
                "it has the manifest's arguments in another order or number",
            ),
        ] {
            assert_eq!(difference(&manifest, &process(&arguments)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn wrappers_and_hyperkube_are_not_compared() {
        let wrapped = manifest("[/go-runner, --log-file=/x, kube-apiserver, --v=2]", "[]");
        assert!(is_running(&wrapped, &process(&["kube-apiserver", "--v=2"])));
        let hyperkube = manifest("[/hyperkube, kube-apiserver, --v=2]", "[]");
        assert!(is_running(&hyperkube, &process(&["/hyperkube", "kube-apiserver", "--v=2"])));
        assert!(is_running(&hyperkube, &process(&["/usr/local/bin/kube-apiserver", "--v=2"])));
    }

    #[test]
    fn variables_are_expanded_as_the_kubelet_does() {
        let env = "[{name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, {name: PORT, value: '6443'}, {name: ADDRESS, value: '$(HOST):$(PORT)'}, {name: EMPTY}]";
        for (written, running, is_it) in [
            ("--a=$(PORT)", "--a=6443", true),
            ("--a=$(PORT)", "--a=6444", false),
            ("--a=$(HOST)", "--a=10.0.0.1", true),
            ("--a=$(ADDRESS)/x", "--a=10.0.0.1:6443/x", true),
            ("--a=$(ADDRESS)/x", "--a=10.0.0.1:6443/y", false),
            ("--a=$(ADDRESS)/x", "--a=10.0.0.1:644/x", false),
            ("--a=$(ADDRESS)$(HOST)", "--a=:6443", true),
            ("--a=$(EMPTY)", "--a=", true),
            ("--a=$(EMPTY)", "--a=x", false),
            ("--a=$(KUBERNETES_SERVICE_HOST)", "--a=10.96.0.1", true),
            ("--a=$(NONE)", "--a=$(NONE)", true),
            ("--a=$$(PORT)", "--a=$(PORT)", true),
            ("--a=$$(PORT)", "--a=6443", false),
            ("--a=$$$(PORT)", "--a=$6443", true),
            ("--a=^cn$", "--a=^cn$", true),
            ("--a=$x$(PORT", "--a=$x$(PORT", true),
            // The texts must not overlap.
            ("--a=ab$(HOST)bc", "--a=abc", false),
            ("--a=ab$(HOST)bc", "--a=abbc", true),
        ] {
            let manifest = manifest(&format!("[kube-apiserver, '{written}']"), env);
            let process = process(&["kube-apiserver", running]);
            assert_eq!(is_running(&manifest, &process), is_it, "{written} {running}");
        }
    }

    #[test]
    fn what_is_unknown_is_shown_so() {
        let manifest = manifest("[kube-apiserver, '--a=$(HOST):1']", "[]");
        let difference = difference(&manifest, &process(&["kube-apiserver", "--a=x:2"]));
        assert_eq!(difference.as_deref(), Some("it has --a=x:2, the manifest has --a=…:1"));
    }
}

//! Recognising programs by their command line.

/// A Kubernetes program among the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The kubelet.
    Kubelet,
    /// kube-apiserver.
    ApiServer,
}

impl Component {
    /// The arguments of the program, after its name; `None` if the command line is that of another program.
    ///
    /// hyperkube contained every program, selected by its first argument (kubernetes `cmd/hyperkube`, until 1.18). A
    /// wrapper, such as `go-runner … kube-apiserver …`, is not the program: its child is.
    #[must_use]
    pub fn own_words(self, arguments: &[String]) -> Option<&[String]> {
        let (program, words) = arguments.split_first()?;
        let base = base_name(program);
        if base == self.name() {
            return Some(words);
        }
        if !base.starts_with("hyperkube") {
            return None;
        }
        let (chosen, words) = words.split_first()?;
        (base_name(chosen) == self.name() || chosen == self.hyperkube_name()).then_some(words)
    }

    fn name(self) -> &'static str {
        match self {
            Component::Kubelet => "kubelet",
            Component::ApiServer => "kube-apiserver",
        }
    }

    /// The name that old hyperkubes used.
    fn hyperkube_name(self) -> &'static str {
        match self {
            Component::Kubelet => "kubelet",
            Component::ApiServer => "apiserver",
        }
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::Component;

    #[test]
    fn arguments_follow_the_name() {
        for (line, kubelet, api_server) in [
            ("/usr/bin/kubelet --config=/x", Some("--config=/x"), None),
            ("kubelet", Some(""), None),
            ("kube-apiserver --secure-port=6443", None, Some("--secure-port=6443")),
            ("/usr/local/bin/kube-apiserver --a --b=1", None, Some("--a --b=1")),
            ("/hyperkube kube-apiserver --a", None, Some("--a")),
            ("/hyperkube apiserver --a", None, Some("--a")),
            ("/hyperkube-amd64 kubelet --a", Some("--a"), None),
            ("/hyperkube", None, None),
            ("/go-runner --log-file=/x kube-apiserver --a", None, None),
            ("/bin/sh -c kube-apiserver", None, None),
            ("kube-apiserver-exporter --a", None, None),
            ("tail -f kube-apiserver", None, None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let own = |program: Component| program.own_words(&words).map(|words| words.join(" "));
            assert_eq!(own(Component::Kubelet).as_deref(), kubelet, "{line}");
            assert_eq!(own(Component::ApiServer).as_deref(), api_server, "{line}");
        }
        assert_eq!(Component::Kubelet.own_words(&[]), None);
    }
}

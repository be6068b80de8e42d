//! Command lines and configuration files of kubelets, and what follows from them.

use super::*;

fn process(line: &str) -> Process {
    let arguments = line.split(' ').map(str::to_owned).collect();
    Process { pid: 812, start: 1, arguments, pod_uid: None }
}

fn file(path: &str, text: &str) -> ConfigFile {
    ConfigFile { path: PathBuf::from(path), text: text.to_owned() }
}

fn kubelet(line: &str, config: Option<&ConfigFile>, drop_ins: &[ConfigFile]) -> Kubelet {
    let surroundings = Surroundings { directory: PathBuf::from("/srv"), host_name: "Master-1".to_owned() };
    Kubelet::of(process(line), &surroundings, config, drop_ins).unwrap()
}

/// What kubeadm's unit file starts, and what kubeadm writes.
const KUBEADM: &str = "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
                           --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml \
                           --container-runtime-endpoint=unix:///run/containerd/containerd.sock";

#[test]
fn kubeadms_kubelet() {
    let sources = Sources::of(&process(KUBEADM), Path::new("/"));
    assert_eq!(sources.config, Some(PathBuf::from("/var/lib/kubelet/config.yaml")));
    assert_eq!(sources.drop_ins, None);
    let config =
        file("/var/lib/kubelet/config.yaml", include_str!("../../templates/sample-node/kubelet-config.yaml"));
    let kubelet = kubelet(KUBEADM, Some(&config), &[]);
    assert_eq!(kubelet.manifests().unwrap(), Path::new("/etc/kubernetes/manifests"));
    assert_eq!(kubelet.root_dir, Path::new("/var/lib/kubelet"));
    assert_eq!(kubelet.file_check_frequency, Duration::from_secs(20));
    assert_eq!(kubelet.node_name, "master-1");
    assert_eq!(kubelet.config.as_deref(), Some(Path::new("/var/lib/kubelet/config.yaml")));
}

#[test]
fn sources_in_every_form() {
    for (line, config, drop_ins) in [
        ("kubelet --config /a --config-dir /d", Some("/a"), Some("/d")),
        ("kubelet --config=a/b.yaml --config_dir=d", Some("/srv/a/b.yaml"), Some("/srv/d")),
        ("kubelet --config=/a --config=/b", Some("/b"), None),
        ("kubelet --config= --v=2", None, None),
        ("hyperkube kubelet --config=/a", Some("/a"), None),
    ] {
        let sources = Sources::of(&process(line), Path::new("/srv"));
        assert_eq!(sources.config, config.map(PathBuf::from), "{line}");
        assert_eq!(sources.drop_ins, drop_ins.map(PathBuf::from), "{line}");
    }
}

#[test]
fn later_files_and_then_flags_win() {
    let config = file("/etc/kubelet/config.yaml", "staticPodPath: manifests\nfileCheckFrequency: 1m30s\n");
    let first = file("/d/10.conf", "staticPodPath: /from/drop-in\n");
    let second = file("/d/20.conf", "{\"fileCheckFrequency\": \"5s\"}");
    let takes_back = file("/d/30.conf", "staticPodPath: null\n");
    let relative = file("/d/40.conf", "staticPodPath: below\n");
    for (line, drop_ins, path, seconds) in [
        ("kubelet", vec![], Some("/etc/kubelet/manifests"), 90),
        ("kubelet", vec![first.clone(), second], Some("/from/drop-in"), 5),
        ("kubelet", vec![first.clone(), takes_back], None, 90),
        ("kubelet", vec![relative], Some("/srv/below"), 90),
        ("kubelet --pod-manifest-path=/flag", vec![first.clone()], Some("/flag"), 90),
        ("kubelet --pod-manifest-path flag --file-check-frequency 0s", vec![], Some("/srv/flag"), 20),
        ("kubelet --pod-manifest-path=", vec![first], None, 90),
    ] {
        let kubelet = kubelet(line, Some(&config), &drop_ins);
        assert_eq!(kubelet.static_pod_path.as_deref(), path.map(Path::new), "{line} {drop_ins:?}");
        assert_eq!(kubelet.file_check_frequency, Duration::from_secs(seconds), "{line} {drop_ins:?}");
    }
}

#[test]
fn flags_alone() {
    let found = kubelet(
        "kubelet --root-dir=/data/kubelet --hostname-override Node.Example --pod-manifest-path=/m",
        None,
        &[],
    );
    assert_eq!(found.root_dir, Path::new("/data/kubelet"));
    assert_eq!(found.node_name, "node.example");
    assert_eq!(found.manifests().unwrap(), Path::new("/m"));
    assert_eq!(found.config, None);
}

#[test]
fn a_worker_is_rejected() {
    let config = file("/c.yaml", "kind: KubeletConfiguration\nstaticPodPath: ''\n");
    let error = kubelet("kubelet --config=/c.yaml", Some(&config), &[]).manifests().unwrap_err();
    assert!(error.message.contains("(pid 812) reads no static pods"), "{}", error.message);
    assert_eq!(error.location.file.as_deref(), Some("/c.yaml"));
}

#[test]
fn an_invalid_configuration_is_rejected() {
    let surroundings = Surroundings { directory: PathBuf::from("/"), host_name: String::new() };
    let broken = file("/c.yaml", "staticPodPath: [\n");
    let error = Kubelet::of(process("kubelet"), &surroundings, Some(&broken), &[]).unwrap_err();
    assert_eq!(error.location.file.as_deref(), Some("/c.yaml"));
    assert!(error.location.position.is_some());
}

#[test]
fn there_must_be_exactly_one() {
    let one = process("kubelet");
    assert_eq!(only_one(vec![one.clone()]).unwrap(), one);
    assert!(only_one(vec![]).unwrap_err().message.starts_with("no kubelet is running on this node"));
    let another = Process { pid: 913, ..one.clone() };
    let error = only_one(vec![one, another]).unwrap_err();
    assert_eq!(error.message, "more than one kubelet is running on this node: pids 812, 913");
}

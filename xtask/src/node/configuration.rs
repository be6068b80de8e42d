//! The configuration of a node's programs. kubeadm writes the rest, the API server's manifest above all.

/// The node's address, on the loopback interface of its own network. All nodes use the same one: they cannot reach each other.
pub(crate) const ADDRESS: &str = "10.77.0.1";

/// containerd's socket.
pub(crate) const SOCKET: &str = "/run/containerd/containerd.sock";

/// The configuration of kubeadm.
pub(crate) fn kubeadm(name: &str, version: &str) -> String {
    format!(
        "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {{advertiseAddress: {ADDRESS}, bindPort: 6443}}
nodeRegistration: {{name: {name}, criSocket: 'unix://{SOCKET}'}}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v{version}
controlPlaneEndpoint: {ADDRESS}:6443
"
    )
}

/// The configuration of containerd, with the default directories. All pods use the host network, so no pod network is
/// configured.
pub(crate) fn containerd(pause: &str) -> String {
    format!(
        r#"version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # A profile would be loaded into the kernel of the machine.
  disable_apparmor = true
  # The machine may have no such controller.
  disable_hugetlb_controller = true
  # Where CAP_SYS_RESOURCE is missing, as in some sandboxes, runc may not lower the score and dies.
  restrict_oom_score_adj = true
"#
    )
}

/// The configuration of the kubelet.
pub(crate) fn kubelet() -> String {
    format!(
        "\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
containerRuntimeEndpoint: unix://{SOCKET}
authentication: {{anonymous: {{enabled: false}}, x509: {{clientCAFile: /etc/kubernetes/pki/ca.crt}}}}
# Nobody but the node's own first process is there to manage control groups, of whichever version the machine has.
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
# What the machine has is not this node's.
failSwapOn: false
localStorageCapacityIsolation: false
# A machine that is nearly full shall not have the API server evicted.
evictionHard: {{}}
makeIPTablesUtilChains: false
# The usual place lies in /usr, which is the machine's.
volumePluginDir: /var/lib/kubelet/volumeplugins
"
    )
}

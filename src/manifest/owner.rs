//! Other tools that write this manifest themselves and would overwrite any edit. They are recognised by their marks, so
//! that kaudit can name the right setting of that tool.
//!
//! A mark must be one that kubeadm and tools based on kubeadm (kubespray, minikube, Cluster API, Deckhouse) never write: a
//! manifest of kubeadm must never be refused.

use crate::diagnostic::Diagnostic;
use k8s_openapi::api::core::v1::Pod;
use std::path::Path;

/// A tool that owns the API server's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// RKE2: the server process writes the manifest at each start.
    Rke2,
    /// k3s: the API server is part of the k3s process, there is no static pod.
    K3s,
    /// kOps: nodeup writes the manifest from the cluster spec.
    Kops,
    /// OpenShift: the cluster-kube-apiserver-operator rolls out revisions.
    OpenShift,
    /// Talos: machined renders the static pods from the machine configuration.
    Talos,
    /// bootkube and Typhoon: a temporary API server that starts the cluster.
    Bootkube,
}

impl Manager {
    /// Every manager that is known.
    pub const ALL: [Manager; 6] =
        [Manager::Rke2, Manager::K3s, Manager::Kops, Manager::OpenShift, Manager::Talos, Manager::Bootkube];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Manager::Rke2 => "RKE2",
            Manager::K3s => "k3s",
            Manager::Kops => "kOps",
            Manager::OpenShift => "OpenShift",
            Manager::Talos => "Talos",
            Manager::Bootkube => "bootkube",
        }
    }

    /// Where audit logging is configured with this manager.
    #[must_use]
    pub fn right_place(self) -> &'static str {
        match self {
            Manager::Rke2 => {
                "RKE2: set `audit-policy-file: FILE` and `kube-apiserver-arg: [\"audit-log-path=…\"]` in \
                 /etc/rancher/rke2/config.yaml, then restart rke2-server (docs.rke2.io, \"CIS hardening\")"
            }
            Manager::K3s => {
                "k3s: set `kube-apiserver-arg: [\"audit-log-path=…\", \"audit-policy-file=…\"]` in \
                 /etc/rancher/k3s/config.yaml, then restart k3s (docs.k3s.io, \"CIS hardening guide\")"
            }
            Manager::Kops => {
                "kOps: set `spec.kubeAPIServer.auditLogPath`, `.auditPolicyFile` and a `fileAssets` entry with \
                 `kops edit cluster`, then `kops update cluster` and `kops rolling-update cluster`"
            }
            Manager::OpenShift => {
                "OpenShift: audit logging is on; choose with `oc patch apiserver cluster --type=merge \
                 -p '{\"spec\":{\"audit\":{\"profile\":\"WriteRequestBodies\"}}}'`"
            }
            Manager::Talos => {
                "Talos: set `cluster.apiServer.auditPolicy` in the machine configuration and apply it with \
                 `talosctl apply-config`"
            }
            Manager::Bootkube => {
                "this API server only runs while the cluster starts: configure the permanent one (for Typhoon: \
                 its Terraform module)"
            }
        }
    }

    /// Paths whose presence on the node marks this manager, for nodes where no manifest is found.
    #[must_use]
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Manager::Rke2 => &["/var/lib/rancher/rke2/agent/pod-manifests", "/etc/rancher/rke2"],
            Manager::K3s => &["/var/lib/rancher/k3s", "/etc/rancher/k3s"],
            Manager::Kops => &["/opt/kops", "/var/lib/toolbox/kops"],
            Manager::OpenShift => &["/etc/kubernetes/static-pod-resources"],
            Manager::Talos => &["/system/secrets/kubernetes"],
            Manager::Bootkube => &[],
        }
    }

    /// The refusal that names the manager, how it was recognised and where to configure audit logging.
    #[must_use]
    fn refuse(self, evidence: &str) -> Diagnostic {
        Diagnostic::error(format!("this manifest is managed by {}: {evidence}", self.name()))
            .help(format!("{} would overwrite the edit", self.name()))
            .help(self.right_place())
    }
}

/// The refusal for a pod that is managed by a known tool.
pub(super) fn refuse_managed(pod: &Pod, manifest: &Path) -> Option<Diagnostic> {
    let marks = Marks::of(pod);
    let path = manifest.to_string_lossy();
    Manager::ALL
        .into_iter()
        .find_map(|manager| marks.show(manager, &path).map(|evidence| manager.refuse(&evidence)))
}

/// The parts of a pod by which its manager is recognised.
struct Marks {
    annotations: Vec<String>,
    labels: Vec<(String, String)>,
    namespace: String,
    name: String,
    images: Vec<String>,
    host_paths: Vec<String>,
}

impl Marks {
    fn of(pod: &Pod) -> Self {
        let spec = pod.spec.as_ref();
        let metadata = &pod.metadata;
        Self {
            annotations: metadata.annotations.iter().flat_map(|map| map.keys().cloned()).collect(),
            labels: metadata.labels.clone().unwrap_or_default().into_iter().collect(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            images: spec.iter().flat_map(|s| &s.containers).filter_map(|c| c.image.clone()).collect(),
            host_paths: spec
                .iter()
                .flat_map(|s| s.volumes.iter().flatten())
                .filter_map(|volume| Some(volume.host_path.as_ref()?.path.clone()))
                .collect(),
        }
    }

    fn show(&self, manager: Manager, path: &str) -> Option<String> {
        match manager {
            // rancher/rke2, pkg/podtemplate and pkg/executor/staticpod. Its labels are the same as kubeadm's.
            Manager::Rke2 => self
                .image_with("rancher/hardened-kubernetes")
                .or_else(|| self.image_with("-rke2r"))
                .or_else(|| path.contains("/rancher/rke2/").then(|| format!("its path is {path}")))
                .or_else(|| self.host_path_below("/var/lib/rancher/rke2"))
                .or_else(|| self.host_path_below("/etc/rancher/rke2")),
            Manager::K3s => self.host_path_below("/var/lib/rancher/k3s"),
            // kubernetes/kops, nodeup/pkg/model/kube_apiserver.go. Its annotations are missing without DNS, and
            // /srv/kubernetes alone is kube-up's as well.
            Manager::Kops => {
                let has = |key: &str, value: &str| self.labels.iter().any(|(k, v)| k == key && v == value);
                let labelled = has("k8s-app", "kube-apiserver") && !has("component", "kube-apiserver");
                let evidence = self
                    .annotation_with("dns.alpha.kubernetes.io/")
                    .or_else(|| self.host_path_below("/srv/kubernetes"));
                evidence.filter(|_| labelled)
            }
            // openshift/library-go, pkg/operator/staticpod/installerpod.
            Manager::OpenShift => (self.namespace.starts_with("openshift-"))
                .then(|| format!("its namespace is {}", self.namespace))
                .or_else(|| self.host_path_below("/etc/kubernetes/static-pod-resources")),
            // siderolabs/talos, controllers/k8s/control_plane_static_pod.go.
            Manager::Talos => self
                .annotation_with("talos.dev/")
                .or_else(|| self.label_with("app.kubernetes.io/managed-by", "Talos"))
                .or_else(|| self.host_path_below("/system/secrets/kubernetes")),
            // kubernetes-retired/bootkube, pkg/checkpoint. Its secrets' directory alone is Typhoon's lasting manifest too.
            Manager::Bootkube => (self.name == "bootstrap-kube-apiserver")
                .then(|| format!("its name is {}", self.name))
                .or_else(|| self.annotation_with("checkpointer.alpha.coreos.com/")),
        }
    }

    fn annotation_with(&self, prefix: &str) -> Option<String> {
        let found = self.annotations.iter().find(|name| name.starts_with(prefix))?;
        Some(format!("it has the annotation {found}"))
    }

    fn label_with(&self, name: &str, value: &str) -> Option<String> {
        let (name, value) = self.labels.iter().find(|(key, text)| key == name && text == value)?;
        Some(format!("it has the label {name}: {value}"))
    }

    fn image_with(&self, part: &str) -> Option<String> {
        let found = self.images.iter().find(|image| image.contains(part))?;
        Some(format!("its image is {found}"))
    }

    fn host_path_below(&self, directory: &str) -> Option<String> {
        let found = self.host_paths.iter().find(|path| Path::new(path).starts_with(directory))?;
        Some(format!("it mounts {found}"))
    }
}

//! The mounts of the API server's container.

use k8s_openapi::api::core::v1::{Pod, Volume, VolumeMount};
use std::path::{Component, Path, PathBuf};

/// One volume mount of the container, joined with its volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Index in the container's `volumeMounts`.
    pub index: usize,
    /// The volume's name.
    pub volume: String,
    /// Where it appears in the container, normalised.
    pub path: PathBuf,
    /// Whether the container may not write there.
    pub read_only: bool,
    /// What is mounted.
    pub source: MountSource,
    /// Whether another mount, of any container, uses the same volume.
    pub shared: bool,
}

/// What a mount shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host.
    Host {
        /// The path, with the mount's `subPath`.
        path: PathBuf,
        /// `hostPath.type`; empty when not given.
        kind: String,
        /// Index of the volume in `spec.volumes`.
        volume: usize,
    },
    /// Another kind of volume (`emptyDir`, `configMap`, …).
    Other(String),
    /// A source that cannot be determined, and why: an undeclared volume, a `subPathExpr`.
    Unknown(&'static str),
}

/// How a path of the container is covered by a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The mount, the deepest that covers the path.
    pub mount: Mount,
    /// The host's path for it, where the mount shows the host.
    pub host: Option<PathBuf>,
    /// Whether the mount point is the path itself, and not a directory above it.
    pub exact: bool,
}

impl Coverage {
    /// The mount under which the container finds `path`: the deepest one, as the kernel resolves it.
    #[must_use]
    pub fn of(mounts: &[Mount], path: &Path) -> Option<Self> {
        let path = normalise(path);
        let mount = mounts
            .iter()
            .filter(|mount| path.starts_with(&mount.path))
            .max_by_key(|mount| mount.path.components().count())?
            .clone();
        let rest = path.strip_prefix(&mount.path).unwrap_or(Path::new("")).to_path_buf();
        let host = match &mount.source {
            MountSource::Host { path: host, .. } if rest.as_os_str().is_empty() => Some(host.clone()),
            MountSource::Host { path: host, .. } => Some(host.join(&rest)),
            MountSource::Other(_) | MountSource::Unknown(_) => None,
        };
        let exact = rest.as_os_str().is_empty();
        Some(Self { mount, host, exact })
    }
}

/// An absolute path without `.`, `..`, repeated or trailing slashes, as the kernel resolves it without links.
#[must_use]
pub fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                normal.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    normal
}

/// The mounts of a container in the order of the manifest.
pub(super) fn of(pod: &Pod, container: usize) -> Vec<Mount> {
    let Some(spec) = pod.spec.as_ref() else { return Vec::new() };
    let volumes = spec.volumes.as_deref().unwrap_or_default();
    let everywhere: Vec<&VolumeMount> = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten())
        .flat_map(|container| container.volume_mounts.iter().flatten())
        .collect();
    let own = spec.containers.get(container).and_then(|c| c.volume_mounts.as_deref()).unwrap_or_default();
    own.iter()
        .enumerate()
        .map(|(index, mount)| Mount {
            index,
            volume: mount.name.clone(),
            path: normalise(Path::new(&mount.mount_path)),
            read_only: mount.read_only.unwrap_or(false),
            source: source_of(volumes, mount),
            shared: everywhere.iter().filter(|other| other.name == mount.name).count() > 1,
        })
        .collect()
}

fn source_of(volumes: &[Volume], mount: &VolumeMount) -> MountSource {
    let Some((index, volume)) = volumes.iter().enumerate().find(|(_, volume)| volume.name == mount.name)
    else {
        return MountSource::Unknown("a volume that the pod does not declare");
    };
    if mount.sub_path_expr.is_some() {
        return MountSource::Unknown("a subPathExpr, which only the kubelet can resolve");
    }
    match &volume.host_path {
        Some(host) => {
            let path = Path::new(&host.path).join(mount.sub_path.as_deref().unwrap_or_default());
            MountSource::Host {
                path: normalise(&path),
                kind: host.type_.clone().unwrap_or_default(),
                volume: index,
            }
        }
        None => MountSource::Other(kind_of(volume)),
    }
}

/// The key of a volume's source, for messages: `emptyDir`, `configMap`, `persistentVolumeClaim` …
fn kind_of(volume: &Volume) -> String {
    let value = serde_json::to_value(volume).unwrap_or_default();
    let keys = value.as_object().map(|fields| fields.keys().filter(|key| *key != "name").cloned().collect());
    keys.map_or_else(String::new, |keys: Vec<String>| keys.join(", "))
}

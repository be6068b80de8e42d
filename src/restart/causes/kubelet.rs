//! What the kubelet and the kernel say about the pod.

use super::{Rule, rule};

/// The more specific ones first.
pub(in crate::restart) const KUBELET: &[Rule] = &[
    rule(
        "manifest-unreadable",
        &["couldn't parse as pod("],
        "the kubelet cannot read the manifest, and stopped the API server",
        "correct the manifest",
    ),
    rule(
        "manifest-invalid",
        &["invalid pod: "],
        "the kubelet does not accept the manifest as a pod, and stopped the API server",
        "correct the manifest at the field that is named",
    ),
    rule(
        "host-path",
        &["hostPath type check failed: "],
        "a path of the node that the pod mounts is not there or not of the type that the manifest says",
        "make it, or correct the volume's hostPath",
    ),
    rule(
        "image",
        &["ErrImageNeverPull"],
        "the image is not on the node, and is not to be pulled",
        "import the image, or correct its name",
    ),
    rule(
        "image",
        &["ErrImagePull"],
        "the image cannot be pulled",
        "look at the image's name, at the registry and at the way to it",
    ),
    rule(
        "image",
        &["ImagePullBackOff"],
        "the image cannot be pulled",
        "look at the image's name, at the registry and at the way to it",
    ),
    rule(
        "mount",
        &["error mounting "],
        "the runtime cannot mount something into the container",
        "a file is mounted over a directory or a directory over a file, or the path in the container cannot be made",
    ),
    rule(
        "executable-missing",
        &["exec: ", "no such file or directory"],
        "the program that the container is to run is not in the image",
        "look at the first word of the container's command",
    ),
    rule("container-start", &["RunContainerError"], "the runtime cannot start the container", ""),
    rule("container-start", &["CreateContainer"], "the runtime cannot make the container", ""),
    rule(
        "sandbox",
        &["CreatePodSandboxError"],
        "the runtime cannot make the pod's sandbox",
        "look at the container runtime's own log",
    ),
    rule(
        "volume",
        &["unmounted volumes=["],
        "a volume of the pod cannot be mounted",
        "look at the paths of the pod's volumes",
    ),
    rule(
        "memory",
        &["out of memory: Killed process"],
        "the kernel killed it, because it was out of memory",
        "give the node or the container's limit more memory",
    ),
    rule(
        "memory",
        &["OOMKilled"],
        "the kernel killed it, because it was out of memory",
        "give the node or the container's limit more memory",
    ),
];

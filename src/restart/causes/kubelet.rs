//! Errors in the kubelet's and the kernel's log about the pod.

use super::{Rule, rule};

/// The more specific ones first.
pub(in crate::restart) const KUBELET: &[Rule] = &[
    rule(
        "manifest-unreadable",
        &["couldn't parse as pod("],
        "the kubelet cannot parse the manifest and stopped the API server",
        "correct the manifest",
    ),
    rule(
        "manifest-invalid",
        &["invalid pod: "],
        "the kubelet rejects the manifest as an invalid pod and stopped the API server",
        "correct the reported field of the manifest",
    ),
    rule(
        "host-path",
        &["hostPath type check failed: "],
        "a hostPath of the pod does not exist or does not have the type in the manifest",
        "create it, or correct the volume's hostPath",
    ),
    rule(
        "image",
        &["ErrImageNeverPull"],
        "the image does not exist on the node, and its pull policy is Never",
        "import the image, or correct its name",
    ),
    rule(
        "image",
        &["ErrImagePull"],
        "the image cannot be pulled",
        "check the image's name, the registry and the network",
    ),
    rule(
        "image",
        &["ImagePullBackOff"],
        "the image cannot be pulled",
        "check the image's name, the registry and the network",
    ),
    rule(
        "mount",
        &["error mounting "],
        "the container runtime cannot mount a volume into the container",
        "check for a file mounted over a directory or the reverse, and whether the path in the container can be created",
    ),
    rule(
        "executable-missing",
        &["exec: ", "no such file or directory"],
        "the container's program does not exist in the image",
        "check the first argument of the container's command",
    ),
    rule("container-start", &["RunContainerError"], "the container runtime cannot start the container", ""),
    rule("container-start", &["CreateContainer"], "the container runtime cannot create the container", ""),
    rule(
        "sandbox",
        &["CreatePodSandboxError"],
        "the container runtime cannot create the pod's sandbox",
        "check the container runtime's log",
    ),
    rule(
        "volume",
        &["unmounted volumes=["],
        "a volume of the pod cannot be mounted",
        "check the paths of the pod's volumes",
    ),
    rule(
        "memory",
        &["out of memory: Killed process"],
        "the kernel killed the API server, because it ran out of memory",
        "add memory to the node, or raise the container's limit",
    ),
    rule(
        "memory",
        &["OOMKilled"],
        "the kernel killed the API server, because it ran out of memory",
        "add memory to the node, or raise the container's limit",
    ),
];

//! Whether a second API server can run beside the planned one.

use crate::audit::argv::lookup;
use crate::audit::pflag::parse_int;
use crate::audit::version::KubernetesVersion;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;

/// The flag for the port without authentication.
const INSECURE_PORT: &str = "insecure-port";

/// The last release that opens it by default (8080); from 1.20 on only 0 is allowed.
const LAST_WITH_INSECURE_PORT: u16 = 19;

/// The first release with `--endpoint-reconciler-type`. Without it a second API server adds itself to the `kubernetes`
/// endpoints.
const RECONCILER_TYPE_SINCE: u16 = 9;

/// Refuses a pod that cannot run twice on the node.
///
/// # Errors
/// The first reason.
pub(super) fn require_fit(planned: &Manifest) -> Result<(), Diagnostic> {
    let Some(spec) = planned.pod().spec.as_ref() else {
        return Err(Diagnostic::error("the pod has no spec"));
    };
    if spec.host_network != Some(true) {
        return Err(Diagnostic::error(
            "the pod does not use hostNetwork: its connections cannot be redirected",
        ));
    }
    if spec.containers.len() != 1 {
        return Err(Diagnostic::error(format!(
            "the pod has {} containers: kaudit runs only kube-apiserver twice",
            spec.containers.len()
        )));
    }
    if spec.init_containers.iter().flatten().next().is_some() {
        return Err(Diagnostic::error(
            "the pod has init containers, which would run again beside the running API server",
        ));
    }
    let version = KubernetesVersion::from_image(&planned.api_server().image);
    if let Some(version) = version.as_ref().filter(|version| version.minor < RECONCILER_TYPE_SINCE) {
        return Err(Diagnostic::error(format!(
            "Kubernetes {version} has no --endpoint-reconciler-type: a second API server would add itself to the endpoints"
        )));
    }
    require_no_insecure_port(planned, version.as_ref())
}

fn require_no_insecure_port(
    planned: &Manifest,
    version: Option<&KubernetesVersion>,
) -> Result<(), Diagnostic> {
    let is_open = match lookup(&planned.api_server().arguments(), INSECURE_PORT).and_then(|found| found.value)
    {
        Some(port) => parse_int(&port) != Ok(0),
        None => version.is_some_and(|version| version.minor <= LAST_WITH_INSECURE_PORT),
    };
    if !is_open {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "the API server also serves --{INSECURE_PORT}, and only one API server can"
    ))
    .help(format!("disable it: --{INSECURE_PORT}=0")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(spec: &str, image: &str, flag: &str) -> String {
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  {spec}\n  containers:\n  - name: a\n    image: {image}\n    command: [kube-apiserver, {flag}]\n"
        );
        let manifest = Manifest::read(manifest.as_bytes()).unwrap();
        require_fit(&manifest).map_or_else(|refusal| refusal.message, |()| String::new())
    }

    #[test]
    fn each_obstacle_is_named() {
        let init = "hostNetwork: true\n  initContainers: [{name: b}]";
        for (spec, image, flag, expected) in [
            ("hostNetwork: true", "k:v1.36.0", "--a", ""),
            ("hostNetwork: true", "k@sha256:0", "--a", ""),
            ("hostNetwork: true\n  initContainers: []", "k:v1.36.0", "--a", ""),
            ("hostNetwork: false", "k:v1.36.0", "--a", "does not use hostNetwork"),
            ("nodeName: x", "k:v1.36.0", "--a", "does not use hostNetwork"),
            (init, "k:v1.36.0", "--a", "init containers"),
            ("hostNetwork: true", "k:v1.8.2", "--insecure-port=0", "has no --endpoint-reconciler-type"),
            ("hostNetwork: true", "k:v1.19.2", "--insecure-port=0", ""),
            ("hostNetwork: true", "k:v1.19.2", "--insecure-port=8080", "also serves --insecure-port"),
            ("hostNetwork: true", "k:v1.19.2", "--a", "also serves --insecure-port"),
            ("hostNetwork: true", "k:v1.20.2", "--a", ""),
        ] {
            let reason = reason(spec, image, flag);
            assert!(reason.contains(expected) && reason.is_empty() == expected.is_empty(), "{reason}");
        }
    }
}

//! Probes and hooks of the surge pod's container, which listens on another port and declares no ports.

use crate::diagnostic::Diagnostic;
use serde_json::{Map, Value};
use std::num::NonZeroU16;

/// The probes of a container.
pub(super) const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// The handlers of a probe or a hook that have a port.
const HANDLERS: [&str; 3] = ["httpGet", "tcpSocket", "grpc"];

/// The move from one port to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    /// The planned API server's.
    pub(super) from: u16,
    /// The surge pod's.
    pub(super) to: NonZeroU16,
}

/// Changes the ports in the probes and hooks of `container` to the new port, by number.
///
/// A probe that runs a command is removed: it may contain the port, and check the API server that is being stopped. The
/// surge pod exists for a minute, and kaudit checks its health.
///
/// # Errors
/// One refers to a port by a name that the container does not declare.
pub(super) fn redirect(container: &mut Map<String, Value>, ports: Move) -> Result<(), Diagnostic> {
    let declared = container.get("ports").cloned().unwrap_or_default();
    container
        .retain(|key, probe| !PROBES.contains(&key.as_str()) || probe.get("exec").is_none_or(Value::is_null));
    for (key, value) in container.iter_mut() {
        if PROBES.contains(&key.as_str()) {
            redirect_one(key, value, &declared, ports)?;
        } else if key == "lifecycle" {
            for (hook, value) in value.as_object_mut().into_iter().flatten() {
                redirect_one(hook, value, &declared, ports)?;
            }
        }
    }
    Ok(())
}

fn redirect_one(name: &str, probe: &mut Value, declared: &Value, ports: Move) -> Result<(), Diagnostic> {
    for handler in HANDLERS {
        let Some(port) = probe.get_mut(handler).and_then(|handler| handler.get_mut("port")) else { continue };
        let number = number_of(port, declared).ok_or_else(|| {
            Diagnostic::error(format!(
                "its {name} refers to the port {port}, which the container does not declare"
            ))
            .help("the kubelet cannot resolve it either; use the name of a declared port, or a number")
        })?;
        *port = Value::from(if number == u64::from(ports.from) { u64::from(ports.to.get()) } else { number });
    }
    Ok(())
}

/// The number of a port as the kubelet resolves it: by name among the container's ports, else as digits
/// (`pkg/probe/util.go`, `ResolveContainerPort`).
fn number_of(port: &Value, declared: &Value) -> Option<u64> {
    let Some(name) = port.as_str() else { return port.as_u64() };
    let mut declared = declared.as_array().into_iter().flatten();
    let named = declared.find(|port| port.get("name").and_then(Value::as_str) == Some(name));
    named.map_or_else(|| name.parse().ok(), |port| port.get("containerPort")?.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redirected(container: Value) -> Result<Value, String> {
        let Value::Object(mut container) = container else { panic!("an object") };
        redirect(&mut container, Move { from: 6443, to: NonZeroU16::new(16443).unwrap() })
            .map(|()| Value::Object(container))
            .map_err(|refusal| refusal.message)
    }

    #[test]
    fn ports_become_the_new_number() {
        let ports =
            json!([{"name": "probe-port", "containerPort": 6443}, {"name": "other", "containerPort": 9}]);
        for (port, expected) in [
            (json!(6443), 16443),
            (json!("6443"), 16443),
            (json!("probe-port"), 16443),
            (json!("other"), 9),
            (json!(8080), 8080),
        ] {
            for probe in PROBES {
                for handler in HANDLERS {
                    let container =
                        |port: Value| json!({probe: {handler: {"port": port, "x": 1}}, "ports": ports});
                    assert_eq!(redirected(container(port.clone())), Ok(container(json!(expected))));
                }
            }
            let hook =
                |port: Value| json!({"lifecycle": {"preStop": {"httpGet": {"port": port}}}, "ports": ports});
            assert_eq!(redirected(hook(port.clone())), Ok(hook(json!(expected))));
        }
    }

    #[test]
    fn an_undeclared_port_name_is_refused() {
        let reason = redirected(json!({"startupProbe": {"tcpSocket": {"port": "https"}}})).unwrap_err();
        assert_eq!(
            reason,
            "its startupProbe refers to the port \"https\", which the container does not declare"
        );
    }

    #[test]
    fn a_probe_that_runs_a_command_is_removed() {
        let container = json!({
            "livenessProbe": {"exec": {"command": ["curl", "-k", "https://localhost:6443/livez"]}},
            "readinessProbe": {"exec": null, "httpGet": {"port": 1}},
            "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        });
        let expected = json!({
            "readinessProbe": {"exec": null, "httpGet": {"port": 1}},
            "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        });
        assert_eq!(redirected(container), Ok(expected));
    }
}

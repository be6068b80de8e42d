//! Receivers that run in the cluster. Only the cluster's DNS server resolves their names, and kube-apiserver, in the
//! host's network, does not use it: kubelets give such pods the host's resolv.conf unless the pod's `dnsPolicy` is
//! `ClusterFirstWithHostNet` (`pkg/kubelet/network/dns/dns.go`, `getPodDNSType`).

use serde_json::Value;
use std::net::IpAddr;

/// The Service of a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceName {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl ServiceName {
    /// `NAME.NAMESPACE.svc` and everything below, as `NAME.NAMESPACE.svc.cluster.local`.
    #[must_use]
    pub fn of(host: &str) -> Option<Self> {
        let mut labels = host.trim_end_matches('.').split('.');
        let (name, namespace, mark) = (labels.next()?, labels.next()?, labels.next()?);
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        (mark == "svc" && is_label(name) && is_label(namespace))
            .then(|| Self { name: name.to_owned(), namespace: namespace.to_owned() })
    }

    /// Its path in the API.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/services/{}", self.namespace, self.name)
    }
}

/// The cluster IP of the Service, from the API server's JSON.
///
/// # Errors
/// Why it has no address on that port, as a clause that follows the Service's name.
pub fn cluster_address(service: &str, port: u16) -> Result<IpAddr, String> {
    let service: Value = serde_json::from_str(service)
        .map_err(|_| "could not be parsed from the API server's response".to_owned())?;
    let spec = service.get("spec").unwrap_or(&Value::Null);
    let text = |key: &str| spec.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("type") == "ExternalName" {
        return Err(format!("is of type ExternalName, an alias for {}", text("externalName")));
    }
    let address = match text("clusterIP") {
        "None" => return Err("is headless and has no cluster IP".to_owned()),
        address => address.parse().map_err(|_| "has no cluster IP".to_owned())?,
    };
    let ports: Vec<u64> = spec
        .get("ports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("port")?.as_u64())
        .collect();
    if ports.contains(&u64::from(port)) {
        return Ok(address);
    }
    let ports: Vec<String> = ports.iter().map(u64::to_string).collect();
    Err(format!("has no port {port}; it has: {}", ports.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_have_svc_as_third_label() {
        let found = |host| ServiceName::of(host).map(|service| service.path());
        let path = Some("/api/v1/namespaces/audit/services/sink".to_owned());
        assert_eq!(found("sink.audit.svc"), path);
        assert_eq!(found("sink.audit.svc.cluster.local."), path);
        for host in ["sink.audit", "svc", "sink.example.com", "sink..svc", "a/b.audit.svc", "192.0.2.1"] {
            assert_eq!(found(host), None, "{host}");
        }
    }

    #[test]
    fn a_service_has_an_address_on_its_ports() {
        let spec = |spec: &str| cluster_address(&format!("{{\"spec\": {spec}}}"), 443);
        let ports = "\"ports\": [{\"port\": 443, \"targetPort\": 8443}]";
        assert_eq!(spec(&format!("{{\"clusterIP\": \"10.96.0.7\", {ports}}}")), Ok([10, 96, 0, 7].into()));
        for (text, why) in [
            ("{\"clusterIP\": \"None\"}", "is headless and has no cluster IP"),
            (
                "{\"type\": \"ExternalName\", \"externalName\": \"a.b\"}",
                "is of type ExternalName, an alias for a.b",
            ),
            ("{\"clusterIP\": \"10.96.0.7\", \"ports\": [{\"port\": 80}]}", "has no port 443; it has: 80"),
            ("{}", "has no cluster IP"),
        ] {
            assert_eq!(spec(text), Err(why.to_owned()));
        }
        assert!(cluster_address("no JSON", 443).is_err());
    }
}

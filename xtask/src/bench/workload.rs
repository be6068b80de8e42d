//! The input of the evaluators: policies like those of real clusters, and requests like those in a cluster.

use serde_json::{Value, json};

/// The policies by name, the ones with the fewest rules first.
pub(super) fn policies() -> Vec<(&'static str, String)> {
    let fixed = [
        ("metadata", include_str!("../../../templates/policies/metadata.yaml")),
        ("default", include_str!("../../../templates/policies/default.yaml")),
        ("write-bodies", include_str!("../../../templates/policies/write-bodies.yaml")),
        ("like kube-up's", include_str!("like-kube-up.yaml")),
    ];
    let fixed = fixed.map(|(name, text)| (name, text.to_owned()));
    fixed.into_iter().chain([("50 teams", of_teams(50))]).collect()
}

/// Two rules for each team, and some for all teams.
fn of_teams(teams: usize) -> String {
    let mut rules = vec![
        json!({ "level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"] }),
        json!({ "level": "None", "resources": [{ "group": "coordination.k8s.io" }, { "resources": ["events"] }] }),
        json!({ "level": "Metadata", "resources": [{ "resources": ["secrets", "configmaps"] }] }),
    ];
    for team in 0..teams {
        rules.push(json!({
            "level": "None",
            "users": [format!("system:serviceaccount:team-{team}:ci")],
            "verbs": ["get", "list", "watch"],
        }));
        rules.push(json!({
            "level": "Request",
            "namespaces": [format!("team-{team}")],
            "verbs": ["create", "update", "patch", "delete"],
            "resources": [{ "group": "apps" }, { "resources": ["pods", "services"] }],
        }));
    }
    rules.push(json!({ "level": "Metadata" }));
    json!({ "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules }).to_string()
}

/// User and groups; verb; API group and resource; namespace and name. `#` is replaced by a varying number.
type Kind = (&'static str, &'static [&'static str], &'static str, [&'static str; 4]);

const NODE: &str = "system:node:worker-#";
const NODES: &[&str] = &["system:nodes"];
const CONTROLLER: &str = "system:serviceaccount:kube-system:deployment-controller";
const CONTROLLERS: &[&str] = &["system:serviceaccounts", "system:serviceaccounts:kube-system"];
const CI: &str = "system:serviceaccount:team-#:ci";
const OF_CI: &[&str] = &["system:serviceaccounts", "system:serviceaccounts:team-#"];
const MANAGER: &str = "system:kube-controller-manager";
const SCHEDULER: &str = "system:kube-scheduler";

/// How many of a hundred requests are of this kind.
const KINDS: [(usize, Kind); 31] = [
    (20, (NODE, NODES, "update", ["coordination.k8s.io", "leases", "kube-node-lease", "worker-#"])),
    (6, (NODE, NODES, "get", ["", "nodes", "", "worker-#"])),
    (5, (NODE, NODES, "patch", ["", "nodes/status", "", "worker-#"])),
    (6, (NODE, NODES, "patch", ["", "pods/status", "team-#", "web-#"])),
    (4, (NODE, NODES, "create", ["", "events", "team-#", ""])),
    (2, (NODE, NODES, "create", ["", "serviceaccounts/token", "team-#", "default"])),
    (2, (NODE, NODES, "get", ["", "configmaps", "team-#", "settings"])),
    (2, (NODE, NODES, "watch", ["", "secrets", "team-#", "web"])),
    (1, (NODE, NODES, "create", ["authorization.k8s.io", "subjectaccessreviews", "", ""])),
    (
        6,
        (MANAGER, &[], "update", ["coordination.k8s.io", "leases", "kube-system", "kube-controller-manager"]),
    ),
    (2, (MANAGER, &[], "list", ["", "nodes", "", ""])),
    (2, (MANAGER, &[], "get", ["", "/apis/apps/v1", "", ""])),
    (4, (SCHEDULER, &[], "update", ["coordination.k8s.io", "leases", "kube-system", "kube-scheduler"])),
    (2, (SCHEDULER, &[], "create", ["", "pods/binding", "team-#", "web-#"])),
    (2, (SCHEDULER, &[], "watch", ["", "services", "", ""])),
    (3, (CONTROLLER, CONTROLLERS, "update", ["apps", "deployments/status", "team-#", "web"])),
    (2, (CONTROLLER, CONTROLLERS, "create", ["apps", "replicasets", "team-#", ""])),
    (2, (CONTROLLER, CONTROLLERS, "get", ["", "services", "team-#", "web"])),
    (3, (CI, OF_CI, "patch", ["apps", "deployments", "team-#", "web"])),
    (2, (CI, OF_CI, "get", ["apps", "deployments", "team-#", "web"])),
    (1, (CI, OF_CI, "create", ["batch", "jobs", "team-#", ""])),
    (2, ("alice-#", &["devs"], "get", ["", "pods", "team-#", "web-#"])),
    (2, ("alice-#", &["devs"], "list", ["", "secrets", "team-#", ""])),
    (1, ("alice-#", &["devs"], "create", ["", "pods/exec", "team-#", "web-#"])),
    (1, ("alice-#", &["devs"], "get", ["", "pods/log", "team-#", "web-#"])),
    (
        1,
        ("admin", &["system:masters"], "create", ["rbac.authorization.k8s.io", "rolebindings", "team-#", ""]),
    ),
    (3, ("system:serviceaccount:monitoring:prometheus", &[], "watch", ["", "endpoints", "", ""])),
    (2, ("system:serviceaccount:monitoring:prometheus", &[], "get", ["", "/metrics", "", ""])),
    (3, ("cert-manager", &[], "update", ["cert-manager.io", "certificates/status", "team-#", "tls"])),
    (3, ("", &[], "get", ["", "/livez", "", ""])),
    (3, ("", &[], "get", ["", "/readyz", "", ""])),
];

/// A thousand requests.
pub(super) fn requests() -> Vec<Value> {
    let hundred: Vec<&Kind> =
        KINDS.iter().flat_map(|(many, kind)| std::iter::repeat_n(kind, *many)).collect();
    // In an order that does not repeat a kind: 37 and 100 have no common divisor.
    let kind =
        |number: usize| hundred.get(number * 37 % hundred.len()).map(|kind| request(kind, number % 53));
    (0..1000).filter_map(kind).collect()
}

fn request((user, groups, verb, what): &Kind, number: usize) -> Value {
    let fill = |text: &str| text.replace('#', &number.to_string());
    let [group, resource, namespace, name] = what.map(fill);
    let (user, everybody) = match *user {
        "" => ("system:anonymous".to_owned(), "system:unauthenticated"),
        user => (fill(user), "system:authenticated"),
    };
    let groups: Vec<String> = groups.iter().copied().chain([everybody]).map(fill).collect();
    if resource.starts_with('/') {
        return json!({ "user": user, "groups": groups, "verb": verb, "path": resource });
    }
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    json!({
        "user": user,
        "groups": groups,
        "verb": verb,
        "apiGroup": group,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
        "name": name,
        "resourceRequest": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_a_hundred_requests_of_a_hundred() {
        assert_eq!(KINDS.iter().map(|(many, _)| many).sum::<usize>(), 100);
        let requests = requests();
        assert_eq!(requests.len(), 1000);
        let of_nodes = requests.iter().filter(|it| it["user"].as_str().unwrap().starts_with("system:node:"));
        assert_eq!(of_nodes.count(), 480);
    }
}

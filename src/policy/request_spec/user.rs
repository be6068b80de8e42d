//! The user of a request and the user's groups.

use crate::policy::decide::decision::User;

/// The user in `admin.conf` and their groups, as `kubeadm init` makes them since 1.29.
const ADMINISTRATOR: (&str, [&str; 2]) =
    ("kubernetes-admin", ["kubeadm:cluster-admins", "system:authenticated"]);

/// As the API server does for an impersonated user: every user is authenticated, and a service account is in its
/// groups. The API server does not add the group that a node has from its certificate; no rule for `system:nodes` would
/// match then, so it is added here. Without a name, the user is the administrator of a kubeadm cluster.
pub(super) fn named(name: Option<&str>, asked: &[String]) -> User {
    let mut groups = asked.to_vec();
    let Some(name) = name else {
        let (name, usual) = ADMINISTRATOR;
        if groups.is_empty() {
            groups = usual.map(str::to_owned).into();
        }
        return User { name: name.to_owned(), groups: with_authenticated(groups) };
    };
    for group in groups_of(name) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    User { name: name.to_owned(), groups }
}

/// The groups in which every request of the user is.
pub(in crate::policy) fn groups_of(user: &str) -> Vec<String> {
    if user == "system:anonymous" {
        return vec!["system:unauthenticated".to_owned()];
    }
    let mut groups = Vec::new();
    if let Some(account) = user.strip_prefix("system:serviceaccount:") {
        let namespace = account.split(':').next().unwrap_or_default();
        groups.extend(["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]);
    }
    if user.starts_with("system:node:") {
        groups.push("system:nodes".to_owned());
    }
    with_authenticated(groups)
}

fn with_authenticated(mut groups: Vec<String>) -> Vec<String> {
    let authenticated = "system:authenticated".to_owned();
    if !groups.contains(&authenticated) {
        groups.push(authenticated);
    }
    groups
}

//! Environment entries, from one run to the next.

use super::*;

const SAMPLE: &[u8] = include_bytes!("../../../templates/sample-node/kube-apiserver.yaml");
const LOG: &str = "/var/log/audit/audit.log";

/// A manifest, and the entries of its environment that are kaudit's.
struct Node {
    manifest: Vec<u8>,
    owned: Owned,
}

impl Node {
    fn new() -> Self {
        Self { manifest: SAMPLE.to_vec(), owned: Owned::default() }
    }

    /// Plans and edits; returns the remarks, and the environment as it is then.
    fn enable(&mut self, wanted: &Wanted, log: Option<&str>) -> (Vec<String>, Vec<String>) {
        let manifest = Manifest::read(&self.manifest).unwrap();
        let version = KubernetesVersion::parse("1.36").unwrap();
        let planned = plan_environment(&manifest, wanted, &version, log.map(Path::new), &self.owned).unwrap();
        self.manifest = manifest.document().edit(&planned.edits).unwrap().into_bytes();
        self.owned.environment.retain(|name| !planned.dropped.contains(name));
        self.owned.environment.extend(planned.added);
        let edited = Manifest::read(&self.manifest).unwrap();
        let variables = edited.container().and_then(|container| container.env.clone()).unwrap_or_default();
        let shown =
            |name: &str, value: &Option<String>| format!("{}={}", name, value.as_deref().unwrap_or_default());
        let texts = planned.notes.into_iter().map(|note| note.message).collect();
        (texts, variables.iter().map(|variable| shown(&variable.name, &variable.value)).collect())
    }
}

fn logtail(id: &str) -> Wanted {
    Wanted { logtail_cluster_id: Some(id.to_owned()), ..Wanted::default() }
}

fn entries(id: &str, log: &str) -> Vec<String> {
    let entries = env::logtail(id, log).unwrap();
    entries.iter().map(|entry| format!("{}={}", entry.name, entry.value)).collect()
}

#[test]
fn logtail_follows_the_log() {
    let mut node = Node::new();
    assert_eq!(node.enable(&logtail("c1"), Some(LOG)).1, entries("c1", LOG));
    assert_eq!(
        node.enable(&Wanted::default(), Some("/var/log/b/b.log")).1,
        entries("c1", "/var/log/b/b.log")
    );
    let (notes, left) = node.enable(&Wanted::default(), None);
    assert_eq!((notes.len(), left), (1, Vec::new()));
    assert!(node.owned.environment.is_empty() && node.manifest == SAMPLE);
}

#[test]
fn another_cluster_takes_the_place_of_kaudits_own() {
    let mut node = Node::new();
    let wanted = Wanted { environment: vec!["TZ=UTC".to_owned()], ..logtail("c1") };
    node.enable(&wanted, Some(LOG));
    let (notes, left) = node.enable(&logtail("c2"), Some(LOG));
    assert_eq!(left, [vec!["TZ=UTC".to_owned()], entries("c2", LOG)].concat());
    assert!(
        notes.iter().any(|note| note.contains("for Logtail cluster c1 are replaced by those for c2")),
        "{notes:?}"
    );
    assert_eq!(node.enable(&logtail("c2"), Some(LOG)).0, [""; 0]);

    // Entries that are not kaudit's are kept.
    node.owned = Owned::default();
    let both = [left, entries("c3", LOG)].concat();
    assert_eq!(node.enable(&logtail("c3"), Some(LOG)).1, both);
    let followed = entries("c3", "/b/b.log");
    let both: Vec<String> = both.into_iter().take(5).chain(followed).collect();
    assert_eq!(node.enable(&Wanted::default(), Some("/b/b.log")).1, both);
}

#[test]
fn reset_drops_kaudits_entries_that_are_not_named() {
    let mut node = Node::new();
    let wanted = Wanted { environment: vec!["TZ=UTC".to_owned(), "A=1".to_owned()], ..logtail("c1") };
    node.enable(&wanted, Some(LOG));
    let reset = Wanted { reset: true, environment: vec!["A=2".to_owned()], ..Wanted::default() };
    let (notes, left) = node.enable(&reset, Some(LOG));
    assert_eq!(left, ["A=2"]);
    assert_eq!(
        notes.iter().filter(|note| note.ends_with("--reset is given and the entry is not")).count(),
        5
    );
    assert_eq!(node.owned.environment, ["A"]);
}

#[test]
fn one_name_has_one_value() {
    let manifest = Manifest::read(SAMPLE).unwrap();
    let version = KubernetesVersion::parse("1.36").unwrap();
    let plan = |environment: &[&str]| {
        let environment = environment.iter().map(|text| (*text).to_owned()).collect();
        let wanted = Wanted { environment, ..logtail("c1") };
        let planned = plan_environment(&manifest, &wanted, &version, Some(Path::new(LOG)), &Owned::default());
        planned.map(|planned| planned.added).map_err(|refusal| refusal.message)
    };
    assert_eq!(plan(&["X=1", "X=1"]).unwrap().len(), 5);
    for environment in [&["X=1", "X=2"][..], &["aliyun_logs_audit-c1=/elsewhere"]] {
        assert!(plan(environment).unwrap_err().contains("is requested with two values"), "{environment:?}");
    }
}

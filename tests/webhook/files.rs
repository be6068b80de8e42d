//! What `enable` writes for a receiver, what it leaves alone, and what `disable` takes away.

use super::receiver::testdata;
use crate::support::{MANIFEST, Tree};
use std::os::unix::fs::PermissionsExt as _;

const SAMPLE: &[u8] = include_bytes!("../../templates/sample-node/kube-apiserver.yaml");
const KUBECONFIG: &str = "/etc/kubernetes/audit/webhook.kubeconfig";
const TOKEN: &str = "/etc/kubernetes/audit/webhook-token";
const CERTIFICATE: &str = "/etc/kubernetes/audit/webhook-client.crt";
const KEY: &str = "/etc/kubernetes/audit/webhook-client.key";

struct Node {
    tree: Tree,
    operator: tempfile::TempDir,
}

impl Node {
    fn new() -> Self {
        Self { tree: Tree::with_manifest(SAMPLE), operator: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.operator.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// `enable` for a receiver with these options; returns what was printed.
    fn enable(&self, code: i32, more: &[&str]) -> String {
        let words =
            [&["enable", "--policy", "default", "--webhook-url", "https://sink.example/"], more].concat();
        self.run(code, &words)
    }

    fn run(&self, code: i32, words: &[&str]) -> String {
        let ended = self.tree.run(words);
        let text = ended.stdout + &ended.stderr;
        assert_eq!(ended.code, code, "{words:?}: {text}");
        for secret in ["s3cr3t", "PRIVATE KEY"] {
            assert!(!text.contains(secret), "{secret} is shown: {text}");
        }
        text
    }

    fn text(&self, path: &str) -> Option<String> {
        self.tree.read(path).map(|bytes| String::from_utf8(bytes).unwrap())
    }
}

fn file(name: &str) -> String {
    testdata(name).display().to_string()
}

#[test]
fn options_make_a_kubeconfig_and_the_files_beside_it() {
    let node = Node::new();
    let token = node.write("token", "s3cr3t-1\n");
    let (authority, certificate, key) = (file("authority.crt"), file("client.crt"), file("client.key"));
    let options = [
        "--webhook-ca-file",
        &authority,
        "--webhook-token-file",
        &token,
        "--webhook-client-certificate",
        &certificate,
        "--webhook-client-key",
        &key,
        "--webhook-tls-server-name",
        "sink.audit.svc",
    ];
    node.enable(0, &options);
    assert_eq!(node.text(TOKEN).unwrap(), "s3cr3t-1\n");
    assert_eq!(node.tree.read(CERTIFICATE), std::fs::read(&certificate).ok());
    assert_eq!(node.tree.read(KEY), std::fs::read(&key).ok());
    for path in [KUBECONFIG, TOKEN, CERTIFICATE, KEY] {
        let mode = std::fs::metadata(node.tree.place(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{path}");
    }
    let kubeconfig = node.text(KUBECONFIG).unwrap();
    for line in [
        "    server: \"https://sink.example/\"",
        "    tls-server-name: \"sink.audit.svc\"",
        "    tokenFile: webhook-token",
        "    client-certificate: webhook-client.crt",
        "    client-key: webhook-client.key",
        "    certificate-authority-data: LS0tLS1CRUdJTi",
    ] {
        assert!(kubeconfig.contains(line), "{line} is not in {kubeconfig}");
    }

    let text = node.enable(0, &options);
    assert!(text.contains("Nothing to change."), "{text}");
    // From the other side, as the API server would find it.
    let checked = node.run(0, &["webhook", "check"]);
    assert!(checked.contains("The receiver was not contacted."), "{checked}");

    node.run(0, &["disable"]);
    assert_eq!(node.tree.manifest(), SAMPLE);
    for path in [KUBECONFIG, TOKEN, CERTIFICATE, KEY, "/etc/kubernetes/audit"] {
        assert!(!node.tree.place(path).exists(), "{path} is left");
    }
}

#[test]
fn dropping_the_webhook_takes_its_files_along() {
    const LOG: [&str; 2] = ["--log-path", "/var/log/kubernetes/audit/audit.log"];
    let reset = [&["enable", "--reset", "--policy", "default"][..], &LOG].concat();
    for drop in [&["enable", "--no-webhook"][..], &reset] {
        let node = Node::new();
        node.tree.write(KUBECONFIG, b"# mine\n");
        let token = node.write("token", "s3cr3t-1\n");
        node.enable(
            0,
            &[&LOG[..], &["--webhook-token-file", &token, "--webhook-batch-max-wait", "5s"]].concat(),
        );
        let text = node.run(0, drop);
        assert!(text.contains("kubeconfig and credentials are removed"), "{text}");
        let manifest = String::from_utf8(node.tree.manifest()).unwrap();
        assert!(!manifest.contains("audit-webhook") && manifest.contains("audit-log-path"), "{manifest}");
        // What stood there before kaudit is there again.
        assert_eq!((node.text(KUBECONFIG).as_deref(), node.text(TOKEN)), (Some("# mine\n"), None));
        assert!(node.run(0, drop).contains("Nothing to change."));

        node.run(0, &["rollback"]);
        assert_eq!(node.text(TOKEN).as_deref(), Some("s3cr3t-1\n"));
        node.tree.write(TOKEN, b"s3cr3t-edited-by-hand");
        let text = node.run(0, drop);
        assert!(text.contains("webhook-token was edited since kaudit wrote it and is kept"), "{text}");
        assert_eq!(node.text(TOKEN).as_deref(), Some("s3cr3t-edited-by-hand"));
        node.run(0, &["disable"]);
        assert_eq!(
            (node.tree.manifest(), node.text(KUBECONFIG).as_deref()),
            (SAMPLE.to_vec(), Some("# mine\n"))
        );
    }
    Node::new().run(2, &["enable", "--no-webhook", "--webhook-url", "https://sink.example/"]);
}

#[test]
fn another_token_needs_no_other_manifest_and_can_be_rolled_back() {
    let node = Node::new();
    let token = node.write("token", "s3cr3t-1\n");
    let options = ["--webhook-token-file", &token];
    node.enable(0, &options);
    let (manifest, kubeconfig) = (node.tree.manifest(), node.text(KUBECONFIG));
    node.write("token", "s3cr3t-2\n");
    let text = node.enable(0, &options);
    assert!(text.contains("no restart"), "{text}");
    assert!(text.contains("only masked values or the file mode differ"), "{text}");
    assert_eq!(node.text(TOKEN).unwrap(), "s3cr3t-2\n");
    assert_eq!((node.tree.manifest(), node.text(KUBECONFIG)), (manifest, kubeconfig));
    node.run(0, &["rollback"]);
    assert_eq!(node.text(TOKEN).unwrap(), "s3cr3t-1\n");
}

#[test]
fn another_authority_is_another_manifest() {
    let node = Node::new();
    node.enable(0, &["--webhook-ca-file", &file("authority.crt")]);
    let before = node.tree.manifest();
    node.enable(0, &["--webhook-ca-file", &file("other-authority.crt")]);
    assert_ne!(node.tree.manifest(), before);
}

#[test]
fn what_the_new_kubeconfig_does_not_name_goes_unless_somebody_edited_it() {
    let node = Node::new();
    let token = node.write("token", "s3cr3t-1\n");
    let basic = node.write("basic", "kube:s3cr3t:x\n");
    node.enable(0, &["--webhook-token-file", &token]);
    node.enable(0, &["--webhook-basic-auth-file", &basic]);
    assert_eq!(node.text(TOKEN), None);
    let kubeconfig = node.text(KUBECONFIG).unwrap();
    assert!(kubeconfig.contains("username: \"kube\"\n    password: \"s3cr3t:x\""), "{kubeconfig}");

    // Named by its place on the node, it is used there.
    node.enable(0, &["--webhook-token-file", &token]);
    let text = "kind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://sink.example/'}}]\nusers: [{name: u, user: {tokenFile: /etc/kubernetes/audit/webhook-token}}]\n";
    let other = node.write("webhook.kubeconfig", text);
    node.run(0, &["enable", "--webhook-config-file", &other]);
    assert_eq!(
        (node.text(TOKEN).as_deref(), node.text(KUBECONFIG).as_deref()),
        (Some("s3cr3t-1\n"), Some(text))
    );
    // In one line with others, it is renamed there.
    node.write("own-token", "s3cr3t-3\n");
    let other =
        node.write("webhook.kubeconfig", &text.replace("/etc/kubernetes/audit/webhook-token", "own-token"));
    node.run(0, &["enable", "--webhook-config-file", &other]);
    let written = text.replace("/etc/kubernetes/audit/webhook-token", "webhook-token");
    assert_eq!((node.text(TOKEN).as_deref(), node.text(KUBECONFIG)), (Some("s3cr3t-3\n"), Some(written)));

    node.enable(0, &["--webhook-token-file", &token]);
    node.tree.write(TOKEN, b"s3cr3t-edited-by-hand");
    node.enable(0, &["--webhook-basic-auth-file", &basic]);
    assert_eq!(node.text(TOKEN).unwrap(), "s3cr3t-edited-by-hand");
}

#[test]
fn a_kubeconfig_made_elsewhere_brings_its_files_along() {
    let node = Node::new();
    node.write("ca.crt", &std::fs::read_to_string(testdata("authority.crt")).unwrap());
    node.write("token", "s3cr3t-1\n");
    node.tree.write("/etc/kubernetes/pki/sink.crt", &std::fs::read(testdata("client.crt")).unwrap());
    node.tree.write("/etc/kubernetes/pki/sink.key", &std::fs::read(testdata("client.key")).unwrap());
    let text = "# Ours.\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: k, user: u}\nclusters:\n- name: k\n  cluster:\n    certificate-authority: ca.crt  # beside\n    server: https://sink.example/\nusers:\n- name: u\n  user:\n    client-certificate: /etc/kubernetes/pki/sink.crt\n    client-key: /etc/kubernetes/pki/sink.key\n    tokenFile: token\n";
    let kubeconfig = node.write("webhook.kubeconfig", text);
    let words = ["enable", "--webhook-config-file", &kubeconfig];
    node.run(0, &words);
    let written = node.text(KUBECONFIG).unwrap();
    assert!(written.starts_with("# Ours.\n"), "{written}");
    assert!(written.contains("    client-certificate: /etc/kubernetes/pki/sink.crt\n"), "{written}");
    assert!(written.contains("    tokenFile: webhook-token\n") && !written.contains("ca.crt"), "{written}");
    assert!(written.contains("    certificate-authority-data: LS0t"), "{written}");
    assert_eq!(node.text(TOKEN).unwrap(), "s3cr3t-1\n");
    assert_eq!(node.text(CERTIFICATE), None);
    assert!(node.run(0, &words).contains("Nothing to change."));

    // Without the file there is nothing to bring.
    std::fs::remove_file(node.operator.path().join("token")).unwrap();
    let refused = node.run(3, &words);
    assert!(refused.contains("tokenFile: token does not exist"), "{refused}");
}

#[test]
fn a_file_that_the_api_servers_user_may_not_read_is_refused() {
    let manifest =
        include_bytes!("../golden/enable-rootless/in/etc/kubernetes/manifests/kube-apiserver.yaml");
    let node = Node { tree: Tree::with_manifest(manifest), ..Node::new() };
    node.tree.write("/etc/kubernetes/pki/token", b"s3cr3t");
    let text = "kind: Config\ncurrent-context: c\ncontexts:\n- {name: c, context: {cluster: k, user: u}}\nclusters:\n- name: k\n  cluster: {server: 'https://sink.example/'}\nusers:\n- name: u\n  user: {tokenFile: /etc/kubernetes/pki/token}\n";
    let kubeconfig = node.write("webhook.kubeconfig", text);
    let refused = node.run(3, &["enable", "--webhook-config-file", &kubeconfig]);
    assert!(refused.contains("which has no permission to read"), "{refused}");
}

#[test]
fn what_cannot_work_is_refused_and_nothing_is_touched() {
    let node = Node::new();
    let spaced = node.write("spaced", "s3cr3t\nand more\n");
    let no_colon = node.write("no-colon", "s3cr3t\n");
    let (expired, expired_key) = (file("client-expired.crt"), file("client-expired.key"));
    let (certificate, other_key) = (file("client.crt"), file("server.key"));
    for (more, words) in [
        (&["--webhook-token-file", &spaced][..], "the token contains a newline"),
        (&["--webhook-token-file", "/nothing/here"], "opening /nothing/here"),
        (&["--webhook-basic-auth-file", &no_colon], "USER:PASSWORD"),
        (&["--webhook-ca-file", &spaced], "the CA file contains no certificate"),
        (
            &["--webhook-client-certificate", &expired, "--webhook-client-key", &expired_key],
            "expired at 2021",
        ),
        (
            &["--webhook-client-certificate", &certificate, "--webhook-client-key", &other_key],
            "does not match",
        ),
        (&["--resolve-service"], "is not the DNS name of a Service"),
    ] {
        let text = node.enable(3, more);
        assert!(text.contains(words), "{words}: {text}");
        assert_eq!(node.tree.manifest(), SAMPLE);
        assert!(
            !node.tree.place("/var/lib/kaudit").exists()
                && !node.tree.place("/etc/kubernetes/audit").exists()
        );
    }
    let ignored = "--ignore-preflight-errors=webhook-client-certificate";
    let words = ["--webhook-client-certificate", &expired, "--webhook-client-key", &expired_key, ignored];
    assert!(node.enable(0, &words).contains("warning[webhook-client-certificate]: the client certificate"));
    for url in ["sink:9443", "ftp://h", "https://u:s3cr3t@h/", "https://h/?a=b"] {
        node.run(3, &["enable", "--webhook-url", url]);
    }
    // Usage.
    node.run(2, &["enable", "--webhook-token-file", &spaced]);
    node.run(2, &["enable", "--webhook-url", "https://h/", "--webhook-config-file", &spaced]);
    assert!(node.tree.place(MANIFEST).exists());
}

#[test]
fn log_and_webhook_go_together() {
    let node = Node::new();
    node.enable(0, &["--log-path", "/var/log/kubernetes/audit/audit.log", "--webhook-truncate-enabled"]);
    let manifest = String::from_utf8(node.tree.manifest()).unwrap();
    for flag in ["log-path=/var/log", "webhook-config-file=/etc", "webhook-truncate-enabled=true"] {
        assert!(manifest.contains(&format!("    - --audit-{flag}")), "{flag}: {manifest}");
    }
    let alone = Node::new();
    alone.enable(0, &[]);
    assert!(!String::from_utf8(alone.tree.manifest()).unwrap().contains("audit-log"));
}

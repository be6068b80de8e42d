//! Foreign text cannot control a terminal: every input that others control carries control characters,
//! bidirectional and invisible characters and line ends here, and no command prints one of them raw, in any format.

use crate::support::{MANIFEST, Tree};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

const SAMPLE: &str = include_str!("../../templates/sample-node/kube-apiserver.yaml");
const KUBELET: &[u8] = include_bytes!("../../templates/sample-node/kubelet-config.yaml");

/// An escape sequence that clears the screen, one that sets a colour, the C1 form of it, a right-to-left override, a
/// zero-width space, a byte order mark, a Unicode line separator, a no-break space and a bell.
const CANARY: &str = "\u{1b}[2J\u{1b}[31m\u{9b}31m\u{202e}\u{200b}\u{feff}\u{2028}\u{a0}\u{7}";

/// The same as a YAML or JSON string would write it.
const ESCAPED: &str =
    "\\u001b[2J\\u001b[31m\\u009b31m\\u202e\\u200b\\ufeff\\u2028\\u00a0\\u0007\\nforged: line";

/// Characters of which none may be on standard output or standard error. A no-break space is visible and harmless, but
/// looks like a space, so that it is escaped as well.
const FORBIDDEN: [char; 8] =
    ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{a0}', '\u{7}'];

/// What makes the files that carry the canary.
fn tree() -> Tree {
    let flag = format!("    - \"--audit-log-path=/var/log/{ESCAPED}/audit.log\"\n");
    let name = format!("    - \"--feature-gates={ESCAPED}\"\n");
    let manifest =
        SAMPLE.replacen("    - --authorization-mode", &format!("{flag}{name}    - --authorization-mode"), 1);
    assert_ne!(manifest, SAMPLE, "the sample manifest has the line that the flags are added before");
    let tree = Tree::with_manifest(manifest.as_bytes());
    tree.write("/var/lib/kubelet/config.yaml", KUBELET);
    let policy = format!(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: \"{ESCAPED}\"\n  \"{ESCAPED}\": 1\n  users: [\"{ESCAPED}\"]\n"
    );
    tree.write("/policy.yaml", policy.as_bytes());
    let harmless =
        policy.replacen(&format!("level: \"{ESCAPED}\"\n  \"{ESCAPED}\": 1"), "level: Metadata", 1);
    tree.write("/other.yaml", harmless.as_bytes());
    tree.write("/raw.yaml", format!("# {CANARY}\nrules: [{CANARY}\n").as_bytes());
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: \"{ESCAPED}\"\nclusters: [{{name: \"{ESCAPED}\", cluster: {{server: \"https://{ESCAPED}\"}}}}]\n"
    );
    tree.write("/webhook.kubeconfig", kubeconfig.as_bytes());
    let event = format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"{ESCAPED}\",\"stage\":\"ResponseComplete\",\"requestURI\":\"/{ESCAPED}\",\"verb\":\"get\",\"user\":{{\"username\":\"{ESCAPED}\",\"groups\":[\"{ESCAPED}\"]}},\"userAgent\":\"{ESCAPED}\",\"sourceIPs\":[\"{ESCAPED}\"],\"objectRef\":{{\"resource\":\"pods\",\"namespace\":\"{ESCAPED}\",\"name\":\"{ESCAPED}\"}},\"requestReceivedTimestamp\":\"2026-01-01T00:00:00Z\",\"stageTimestamp\":\"2026-01-01T00:00:00Z\"}}\n"
    );
    // The same event with the characters that JSON does not require to be escaped as they are.
    let raw =
        event.replace("\\u202e", "\u{202e}").replace("\\u200b", "\u{200b}").replace("\\u2028", "\u{2028}");
    tree.write("/audit.log", format!("{event}{raw}not an event {CANARY}\n").as_bytes());
    tree.write(&format!("/dir/{CANARY}\nforged: name.log"), event.as_bytes());
    tree
}

/// Every place where foreign text enters a command.
const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["status", "-v"],
    &["diff", "--policy", "default"],
    &["diff", "--policy", "other.yaml"],
    &["diff", "--policy", "policy.yaml"],
    &["diff", "--policy", "raw.yaml"],
    &["enable", "--policy", "other.yaml", "--dry-run", "-v"],
    &["enable", "--log-path", "CANARY", "--dry-run"],
    &["enable", "--log-maxage", "CANARY", "--dry-run"],
    &["enable", "--webhook-config-file", "webhook.kubeconfig", "--dry-run"],
    &["enable", "--container-env", "A=CANARY", "--dry-run"],
    &["disable", "--dry-run"],
    &["rollback", "--dry-run"],
    &["restart", "--dry-run"],
    &["recover"],
    &["logs", "audit.log"],
    &["logs", "dir"],
    &["logs", "audit.log", "--top", "user,name"],
    &["logs", "CANARY"],
    &["policy", "lint", "policy.yaml", "other.yaml", "raw.yaml"],
    &["policy", "lint", "CANARY"],
    &["policy", "lint", "dir"],
    &["policy", "explain", "other.yaml", "get", "CANARY", "CANARY", "-n", "CANARY", "--as", "CANARY", "-v"],
    &["policy", "diff", "default", "other.yaml"],
    &["policy", "replay", "other.yaml", "audit.log"],
    &["policy", "replay", "other.yaml", "dir"],
    &["policy", "show", "CANARY"],
    &["policy", "migrate", "policy.yaml"],
    &["webhook", "check", "webhook.kubeconfig", "--offline"],
    &["webhook", "check", "--webhook-url", "CANARY", "--offline"],
    &["collector", "rsyslog", "--to", "CANARY"],
    &["collector", "vector"],
    &["receive", "--token-file", "CANARY"],
    &["CANARY"],
    &["enable", "--CANARY"],
];

/// Formats beyond the default, and the commands that have them.
fn formats(words: &[&str]) -> Vec<&'static [&'static str]> {
    match words {
        ["logs", ..] if words.contains(&"--top") => vec![&[], &["-o", "json"]],
        ["logs", ..] => vec![&[], &["-o", "json"], &["-o", "wide"], &["-o", "csv"]],
        ["policy", "lint", ..] => vec![&[], &["-o", "json"], &["--sarif"], &["-v"]],
        ["receive" | "CANARY", ..] => vec![&[]],
        _ => vec![&[], &["-o", "json"]],
    }
}

fn takes_root(words: &[&str]) -> bool {
    !matches!(words, ["receive" | "CANARY", ..] | ["policy", "show" | "migrate", ..])
}

fn check(root: &Path, words: &[&str], format: &[&str], color: &str) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .args(words.iter().map(|word| word.replace("CANARY", &format!("{CANARY}\nforged: argument"))))
        .args(format)
        .args(if takes_root(words) { &["--root", "."][..] } else { &[] })
        .args(["--color", color])
        .env_clear()
        .current_dir(root)
        .output()
        .unwrap();
    for (stream, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let text = String::from_utf8_lossy(&bytes);
        // Colours that kaudit writes itself; the canary's own is another one.
        let text = if color == "always" { strip_colors(&text) } else { text.into_owned() };
        let raw = text.chars().find(|c| FORBIDDEN.contains(c));
        let forged = text.lines().find(|line| line.starts_with("forged:"));
        if raw.is_some() || forged.is_some() {
            return Some(format!(
                "{words:?} {format:?} --color {color}: {stream}: {raw:?} {forged:?}\n{text}\n"
            ));
        }
    }
    None
}

/// `text` without the colour sequences that kaudit and clap write.
fn strip_colors(text: &str) -> String {
    let own = ["0", "1", "2", "4", "32", "33", "36", "1m\u{1b}[4", "91", "92", "93", "94", "96"];
    own.iter().fold(text.replace("\u{1b}[31m", ""), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
}

#[test]
fn foreign_text_never_reaches_the_terminal_raw() {
    let tree = tree();
    assert!(
        fs::read_dir(tree.place("/dir"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().as_bytes().contains(&b'\n') })
    );
    assert!(tree.read(MANIFEST).is_some());
    let mut failures = Vec::new();
    let mut runs = 0;
    for words in COMMANDS {
        for format in formats(words) {
            for color in ["never", "always"] {
                failures.extend(check(tree.root(), words, format, color));
                runs += 1;
            }
        }
    }
    assert!(runs > 120, "only {runs} runs");
    assert!(failures.is_empty(), "{} of {runs} runs:\n{}", failures.len(), failures.concat());
}

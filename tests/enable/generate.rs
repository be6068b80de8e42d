//! Random manifests of API servers in random styles. A string of bytes makes all decisions, so that proptest can reduce a
//! failing case.

use crate::yaml::choices::Choices;
use std::fmt::Write as _;

/// A document with the keys in the order in which they are written.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Text(String),
    Bare(&'static str),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

fn text(value: impl Into<String>) -> Tree {
    Tree::Text(value.into())
}

fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

const FLAGS: [&str; 9] = [
    "--advertise-address=192.0.2.10",
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    "--client-ca-file=/etc/kubernetes/pki/ca.crt",
    "--etcd-servers=https://127.0.0.1:2379",
    "--feature-gates=A=true,B=false",
    "--runtime-config=",
    "--secure-port=6443",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
];

/// Audit flags in the forms that people leave behind, as list items.
const AUDIT_FLAGS: [&[&str]; 9] = [
    &["--audit-log-path=/var/log/kubernetes/audit/audit.log"],
    &["--audit-log-path", "/var/log/kubernetes/audit/audit.log"],
    &["--audit_log_path=/var/log/apiserver/audit.log"],
    &["--audit-log-maxage=7"],
    &["--audit-log-maxage", "30"],
    &["--audit-log-compress"],
    &["--audit-log-compress=false"],
    &["--audit-policy-file=/etc/kubernetes/pki/policy.yaml"],
    &["--audit-log-maxsize=50"],
];

/// A random manifest and whether audit flags are in it.
pub(crate) fn manifest(choices: &Choices<'_>) -> (String, bool) {
    let mut items: Vec<Vec<&str>> =
        FLAGS.iter().filter(|_| !choices.once_in(4)).map(|flag| vec![*flag]).collect();
    let audits = choices.once_in(2);
    if audits {
        for _ in 0..=choices.below(5) {
            let at = choices.below(items.len() + 1);
            items.insert(at, AUDIT_FLAGS[choices.below(AUDIT_FLAGS.len())].to_vec());
        }
    }
    let words: Vec<Tree> = items.into_iter().flatten().map(text).collect();
    let pod = pod(choices, words);
    (Writer::new(choices).write(&pod), audits)
}

fn pod(choices: &Choices<'_>, flags: Vec<Tree>) -> Tree {
    let mut server = vec![("name".to_owned(), text("kube-apiserver"))];
    server.push(("image".to_owned(), text("registry.k8s.io/kube-apiserver:v1.36.2")));
    let binary: Vec<Tree> = match choices.below(4) {
        0 | 1 => vec![text("kube-apiserver")],
        2 => vec![text("/usr/local/bin/kube-apiserver")],
        _ => vec![text("/hyperkube"), text("apiserver")],
    };
    if choices.once_in(3) && !flags.is_empty() {
        server.push(("command".to_owned(), Tree::List(binary)));
        server.push(("args".to_owned(), Tree::List(flags)));
    } else {
        server.push(("command".to_owned(), Tree::List(binary.into_iter().chain(flags).collect())));
    }
    let mut mounts = vec![("k8s-certs", "/etc/kubernetes/pki"), ("ca-certs", "/etc/ssl/certs")];
    if choices.once_in(4) {
        mounts.push(("logs", "/var/log/kubernetes"));
    }
    if choices.once_in(4) {
        mounts.push(("kaudit-log", "/srv/foreign"));
    }
    let absent = choices.below(6);
    match absent {
        0 => {}
        1 => server.push(("volumeMounts".to_owned(), Tree::Bare("null"))),
        2 => server.push(("volumeMounts".to_owned(), Tree::List(Vec::new()))),
        _ => {
            let list = mounts
                .iter()
                .map(|(name, path)| {
                    let mut mount =
                        vec![("mountPath".to_owned(), text(*path)), ("name".to_owned(), text(*name))];
                    if *path == "/etc/kubernetes/pki" {
                        mount.push(("readOnly".to_owned(), Tree::Bare("true")));
                    }
                    Tree::Map(mount)
                })
                .collect();
            server.push(("volumeMounts".to_owned(), Tree::List(list)));
        }
    }
    if choices.once_in(3) {
        server.push(("env".to_owned(), Tree::List(vec![map([("name", text("TZ")), ("value", text("no"))])])));
    }
    shuffle(choices, &mut server);
    let mut containers = vec![Tree::Map(server)];
    if choices.once_in(3) {
        let sidecar = map([
            ("name", text("sidecar")),
            ("image", text("example.com/sidecar:1")),
            ("args", Tree::List(vec![text("--audit-log-maxage=1"), text("012")])),
        ]);
        containers.insert(choices.below(2), sidecar);
    }
    let mut spec = vec![("containers".to_owned(), Tree::List(containers))];
    spec.push(("hostNetwork".to_owned(), Tree::Bare("true")));
    match absent {
        0 => {}
        1 => spec.push(("volumes".to_owned(), Tree::Bare("~"))),
        2 => spec.push(("volumes".to_owned(), Tree::List(Vec::new()))),
        _ => {
            let volume = |(name, path): &(&str, &str)| {
                map([("hostPath", map([("path", text(*path)), ("type", text(""))])), ("name", text(*name))])
            };
            spec.push(("volumes".to_owned(), Tree::List(mounts.iter().map(volume).collect())));
        }
    }
    shuffle(choices, &mut spec);
    let mut metadata = vec![("name".to_owned(), text("kube-apiserver"))];
    match choices.below(4) {
        0 => {}
        1 => metadata.push(("annotations".to_owned(), Tree::Bare("null"))),
        2 => metadata.push(("annotations".to_owned(), Tree::Map(Vec::new()))),
        _ => metadata.push(("annotations".to_owned(), map([("example.com/on", text("on"))]))),
    }
    shuffle(choices, &mut metadata);
    let mut pod = vec![
        ("apiVersion".to_owned(), text("v1")),
        ("kind".to_owned(), text("Pod")),
        ("metadata".to_owned(), Tree::Map(metadata)),
        ("spec".to_owned(), Tree::Map(spec)),
    ];
    if choices.once_in(3) {
        pod.push(("status".to_owned(), Tree::Map(Vec::new())));
    }
    shuffle(choices, &mut pod);
    Tree::Map(pod)
}

fn shuffle<T>(choices: &Choices<'_>, entries: &mut [T]) {
    if choices.once_in(3) {
        for index in 1..entries.len() {
            entries.swap(index, choices.below(index + 1));
        }
    }
}

/// Writes a tree in a style that the choices decide.
struct Writer<'c, 'b> {
    choices: &'c Choices<'b>,
    out: String,
    line_end: &'static str,
    list_step: usize,
    json: bool,
    comments: usize,
}

impl<'c, 'b> Writer<'c, 'b> {
    fn new(choices: &'c Choices<'b>) -> Self {
        Self {
            choices,
            out: String::new(),
            line_end: if choices.once_in(5) { "\r\n" } else { "\n" },
            list_step: choices.below(3),
            json: choices.once_in(8),
            comments: 0,
        }
    }

    fn write(mut self, tree: &Tree) -> String {
        if self.json {
            let pretty = self.choices.once_in(2);
            self.flow(tree, 0, pretty);
        } else {
            if self.choices.once_in(10) {
                self.out.push('\u{feff}');
            }
            self.comment_lines(0);
            if let Tree::Map(entries) = tree {
                self.block_map(entries, 0);
            }
            self.comment_lines(0);
        }
        if !self.choices.once_in(4) && !self.out.ends_with('\n') {
            self.end_line();
        } else if self.choices.once_in(6) {
            self.out.truncate(self.out.trim_end_matches(['\r', '\n']).len());
        }
        self.out
    }

    fn end_line(&mut self) {
        self.out.push_str(self.line_end);
    }

    /// Each comment exists once, so that a lost, moved or duplicated one is noticed.
    fn comment_lines(&mut self, column: usize) {
        while self.choices.once_in(9) {
            let column = [0, column, column + 3][self.choices.below(3)];
            self.comments += 1;
            let _ = write!(self.out, "{}# c{}: - x", " ".repeat(column), self.comments);
            self.end_line();
        }
    }

    fn trailing_comment(&mut self) {
        if self.choices.once_in(9) {
            self.comments += 1;
            let _ = write!(self.out, " # t{}", self.comments);
        }
    }

    fn block_map(&mut self, entries: &[(String, Tree)], column: usize) {
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.comment_lines(column);
                self.out.push_str(&" ".repeat(column));
            }
            self.scalar(key);
            self.out.push(':');
            self.value(value, column, true);
        }
    }

    /// A value behind a key (`in_map`) or a dash, with its line end.
    fn value(&mut self, tree: &Tree, column: usize, in_map: bool) {
        let flow = matches!(tree, Tree::Map(m) if m.is_empty())
            || matches!(tree, Tree::List(l) if l.is_empty())
            || self.choices.once_in(9);
        match tree {
            Tree::Map(entries) if !flow && in_map => {
                self.trailing_comment();
                self.end_line();
                self.out.push_str(&" ".repeat(column + 2));
                self.block_map(entries, column + 2);
            }
            Tree::Map(entries) if !flow => {
                self.out.push(' ');
                self.block_map(entries, column + 2);
            }
            Tree::List(items) if !flow => {
                self.trailing_comment();
                self.end_line();
                let column = column + self.list_step;
                for item in items {
                    self.comment_lines(column);
                    let _ = write!(self.out, "{}-", " ".repeat(column));
                    self.value(item, column, false);
                }
            }
            _ => {
                self.out.push(' ');
                self.flow(tree, 0, false);
                self.trailing_comment();
                self.end_line();
            }
        }
    }

    fn flow(&mut self, tree: &Tree, depth: usize, pretty: bool) {
        let (open, close, len) = match tree {
            Tree::Text(value) => return self.scalar(value),
            Tree::Bare("~") if self.json => return self.out.push_str("null"),
            Tree::Bare(word) => return self.out.push_str(word),
            Tree::List(items) => ('[', ']', items.len()),
            Tree::Map(entries) => ('{', '}', entries.len()),
        };
        self.out.push(open);
        for index in 0..len {
            if index > 0 {
                self.out.push(',');
            }
            if pretty {
                self.end_line();
                self.out.push_str(&"  ".repeat(depth + 1));
            } else if index > 0 && !self.choices.once_in(3) {
                self.out.push(' ');
            }
            match tree {
                Tree::List(items) => self.flow(&items[index], depth + 1, pretty),
                Tree::Map(entries) => {
                    self.scalar(&entries[index].0);
                    self.out.push_str(": ");
                    self.flow(&entries[index].1, depth + 1, pretty);
                }
                Tree::Text(_) | Tree::Bare(_) => {}
            }
        }
        if pretty && len > 0 {
            self.end_line();
            self.out.push_str(&"  ".repeat(depth));
        }
        self.out.push(close);
    }

    fn scalar(&mut self, value: &str) {
        let plain_is_safe = value.chars().all(|c| c.is_ascii_alphanumeric() || "-./=:".contains(c))
            && !matches!(value, "" | "no" | "on" | "012" | "1" | "30")
            && !value.ends_with(':');
        let style = if self.json { 2 } else { self.choices.below(8) };
        let _ = match style {
            2 => write!(self.out, "\"{value}\""),
            3 => write!(self.out, "'{value}'"),
            _ if plain_is_safe => write!(self.out, "{value}"),
            _ => write!(self.out, "'{value}'"),
        };
    }
}

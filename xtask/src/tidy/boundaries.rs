//! Which module may name which crate or part of the standard library. This is how the functional core stays pure and
//! how a dependency can be replaced in one place; ARCHITECTURE.md explains the same rules.

use super::rust_code::code_only;
use super::rust_paths::named_paths;
use super::{Finding, is_rust};

/// Names, and the only places under `src/` that may use them.
struct Boundary {
    names: &'static [&'static str],
    /// Names under `names` that are free everywhere: values without an effect.
    except: &'static [&'static str],
    /// A directory with its slash, or one file.
    places: &'static [&'static str],
    reason: &'static str,
}

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        names: &["saphyr_parser"],
        except: &[],
        places: &["src/yaml/"],
        reason: "one module names the YAML parser",
    },
    Boundary {
        names: &["k8s_openapi"],
        except: &[],
        places: &["src/manifest/"],
        reason: "one module names the Kubernetes types",
    },
    Boundary {
        names: &["similar"],
        except: &[],
        places: &["src/report/"],
        reason: "one module makes text diffs",
    },
    Boundary {
        names: &["rustc_hash"],
        except: &[],
        places: &["src/policy/decide/table.rs"],
        reason: "its hashes can be made to collide: fit for a table whose keys the policy gives, and for no other",
    },
    Boundary {
        names: &["http_body_util", "hyper", "hyper_util", "tokio", "tokio_rustls"],
        except: &[],
        places: &["src/receive/server/"],
        reason: "one module serves HTTP, and is the only one that is asynchronous",
    },
    Boundary {
        names: &["x509_cert"],
        except: &[],
        places: &["src/certificate.rs"],
        reason: "one module reads certificates",
    },
    Boundary {
        names: &["rustls"],
        except: &[],
        places: &["src/node/", "src/receive/server/", "src/certificate.rs"],
        reason: "TLS is spoken through `node` alone; `certificate` takes its PEM reader",
    },
    Boundary {
        names: &["base64", "http"],
        except: &[],
        places: &["src/webhook/"],
        reason: "one module reads webhook kubeconfigs",
    },
    Boundary {
        names: &["flate2"],
        except: &[],
        places: &["src/node/"],
        reason: "a log is decompressed where it is opened",
    },
    Boundary {
        names: &["memchr"],
        except: &[],
        places: &["src/event/", "src/lines/", "src/logs/", "src/receive/", "src/replay/", "src/node/log/"],
        reason: "only logs are so large that they are searched by it",
    },
    Boundary {
        names: &["clap"],
        except: &[],
        places: &["src/cli/"],
        reason: "one module reads the command line",
    },
    Boundary {
        names: &["nix", "rustix", "tempfile", "xattr", "std::fs", "std::os::unix::fs"],
        except: &[],
        places: &["src/node/", "src/receive/server/"],
        reason: "files are reached through `node` alone",
    },
    Boundary {
        names: &["libc"],
        except: &[],
        places: &["src/node/steering/bpf.rs"],
        reason: "nix and rustix have safe functions; one file makes the system call for which they have none",
    },
    Boundary {
        names: &["std::process", "signal_hook"],
        except: &["std::process::ExitCode"],
        places: &["src/node/", "src/receive/server/"],
        reason: "processes and signals are reached through `node` alone",
    },
    Boundary {
        names: &["std::env"],
        except: &[],
        places: &["src/node/", "src/receive/server/", "src/cli/", "src/main.rs"],
        reason: "the environment is hidden input; take it as an argument",
    },
    Boundary {
        names: &[
            "std::time::SystemTime",
            "std::time::Instant",
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
        ],
        except: &[],
        places: &["src/node/", "src/receive/server/"],
        reason: "the clock is hidden input; take the time as an argument",
    },
    Boundary {
        names: &["std::net"],
        except: &["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr", "std::net::SocketAddr"],
        places: &["src/node/", "src/receive/server/"],
        reason: "the network is reached through `node` alone",
    },
];

/// Finds names used outside their places.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if !is_rust(path) || !path.starts_with("src/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for named in named_paths(&code_only(text)) {
        for Boundary { names, except, places, reason } in BOUNDARIES {
            let is_free = places.iter().any(|place| path.starts_with(place)) || begins(&named.path, except);
            if !is_free && begins(&named.path, names) {
                let message =
                    format!("`{}` here: {reason}; its place is {}", named.path, places.join(" or "));
                findings.push(Finding { path: path.to_owned(), line: named.line, message });
            }
        }
    }
    findings
}

/// Whether `path` is one of `names` or lies under one.
fn begins(path: &str, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn finds_crates_outside_their_module() {
        assert_eq!(lines("src/manifest/find.rs", "use crate::yaml;\nuse saphyr_parser::Event;\n"), [2]);
        assert_eq!(lines("src/plan/mod.rs", "fn f(_: similar::ChangeTag) {}\n"), [1]);
        assert_eq!(lines("src/audit/flag.rs", "#[derive(clap::ValueEnum)]\nenum Level {}\n"), [1]);
        assert_eq!(lines("src/cli/mod.rs", "use {clap::Parser, nix::unistd::Uid};\n"), [1]);
        assert_eq!(lines("src/node/lock.rs", "use libc::c_long;\n"), [1]);
    }

    #[test]
    fn finds_effects_in_the_core() {
        assert_eq!(lines("src/plan/mod.rs", "use std::{fmt, fs};\n"), [1]);
        assert_eq!(lines("src/plan/mod.rs", "fn f() {\n    std::env::var(\"HOME\");\n}\n"), [2]);
        assert_eq!(lines("src/plan/mod.rs", "use std::time::{Duration, SystemTime};\n"), [1]);
        assert_eq!(lines("src/plan/mod.rs", "let now = jiff::Timestamp::now();\n"), [1]);
        assert_eq!(lines("src/plan/mod.rs", "let now = Timestamp::now();\n"), [1]);
        assert_eq!(lines("src/plan/mod.rs", "use std::net::{IpAddr, TcpStream};\n"), [1]);
        assert_eq!(lines("src/main.rs", "use std::process::{Command, ExitCode};\n"), [1]);
    }

    #[test]
    fn lets_each_name_be_in_its_place() {
        assert!(lines("src/yaml/mod.rs", "use saphyr_parser::Event;\n").is_empty());
        assert!(lines("src/node/files.rs", "use std::fs;\nuse nix::unistd::Uid;\n").is_empty());
        assert!(
            lines("src/main.rs", "use std::process::ExitCode;\nfn f() { std::env::args_os(); }\n").is_empty()
        );
        assert!(lines("src/plan/mod.rs", "//! No std::fs here.\nlet similar = \"std::env\";\n").is_empty());
        assert!(lines("tests/golden.rs", "use std::fs;\n").is_empty());
    }
}

//! Shared code of the integration tests: a node in a temporary directory and the real program.

#![allow(dead_code, reason = "each test uses a part")]
pub(crate) mod json_schema;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where kubeadm puts the manifest.
pub(crate) const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// A node's tree with one manifest.
pub(crate) struct Tree {
    directory: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Tree {
    pub(crate) fn with_manifest(bytes: &[u8]) -> Self {
        let tree = Self { directory: tempfile::tempdir().unwrap() };
        tree.write(MANIFEST, bytes);
        tree
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let place = self.place(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, bytes).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.place(path)).ok()
    }

    pub(crate) fn manifest(&self) -> Vec<u8> {
        self.read(MANIFEST).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_kaudit"))
            .args(arguments)
            .arg("--root")
            .arg(self.root())
            .env_clear()
            .output()
            .unwrap();
        let ended = Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        json_schema::check_output(&schemas, arguments, ended.code, &ended.stdout).unwrap();
        ended
    }
}

/// The real manifests, policies and events that lie beside the project where it is developed.
pub(crate) fn shared_corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    corpus.is_dir().then_some(corpus)
}

/// The seed of random inputs: the same in every run, so that a failure is about the change and not about luck.
/// `KAUDIT_SEED=N` tries others.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("KAUDIT_SEED").ok().map_or(1, |seed| seed.parse().unwrap());
    println!("KAUDIT_SEED={seed}");
    seed
}

//! Container images without a registry: the archive that `docker save` would write, for `ctr images import`.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use tar::{Builder, Header, HeaderMode};

use crate::shell::command::capture;

/// The archive's name in the directory of a release.
pub(crate) const ARCHIVE: &str = "images.tar";
/// The image of every pod's sandbox, named in containerd's configuration.
pub(crate) const PAUSE: &str = "registry.k8s.io/pause:3.10";

/// The image that kubeadm's manifest names.
pub(crate) fn api_server(version: &str) -> String {
    format!("registry.k8s.io/kube-apiserver:v{version}")
}

/// Writes [`ARCHIVE`] into `directory`: for each `(reference, program)` an image with the static program of that
/// name from `directory`, at the path that the official images use.
///
/// # Errors
///
/// When a file cannot be read or written.
pub(crate) fn write_archive(directory: &Path, images: &[(&str, &str)]) -> Result<()> {
    let mut archive = Builder::new(create(&directory.join(ARCHIVE))?);
    let mut entries = Vec::new();
    for (reference, program) in images {
        let layer = directory.join(format!("{program}.layer"));
        write_layer(&layer, &directory.join(program), program)?;
        // containerd takes a layer only if the image's configuration has its hash.
        let sum = capture(Command::new("sha256sum").arg(&layer))?;
        let sum = sum.split(' ').next().unwrap_or_default();
        let configuration = format!(
            r#"{{"architecture":"{}","os":"linux","config":{{"Entrypoint":["/usr/local/bin/{program}"],"Env":["PATH=/usr/local/bin"]}},"rootfs":{{"type":"layers","diff_ids":["sha256:{sum}"]}}}}"#,
            go_architecture(),
        );
        archive.append_path_with_name(&layer, format!("{program}/layer.tar")).context("adding a layer")?;
        append(&mut archive, &format!("{program}.json"), &configuration)?;
        entries.push(format!(
            r#"{{"Config":"{program}.json","RepoTags":["{reference}"],"Layers":["{program}/layer.tar"]}}"#
        ));
        fs::remove_file(&layer).with_context(|| format!("removing {}", layer.display()))?;
    }
    append(&mut archive, "manifest.json", &format!("[{}]", entries.join(",")))?;
    archive.finish().context("finishing the images' archive")
}

fn write_layer(layer: &Path, program: &Path, name: &str) -> Result<()> {
    let mut builder = Builder::new(create(layer)?);
    builder.mode(HeaderMode::Deterministic);
    builder
        .append_path_with_name(program, format!("usr/local/bin/{name}"))
        .and_then(|()| builder.finish())
        .with_context(|| format!("writing {}", layer.display()))
}

fn append(archive: &mut Builder<impl io::Write>, name: &str, text: &str) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, text.as_bytes()).with_context(|| format!("adding {name}"))
}

fn create(path: &Path) -> Result<File> {
    File::create(path).with_context(|| format!("creating {}", path.display()))
}

/// What Go calls the architecture that this program runs on.
fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

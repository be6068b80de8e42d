//! `cargo xtask dist`: the binary that is handed out, static, and its checksum.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::elf::check_static;
use crate::shell::command::{capture, run as start};
use crate::shell::project::Project;

/// The target of the binary that is handed out.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-musl";
/// Its profile in `Cargo.toml`.
pub(crate) const PROFILE: &str = "dist";
const NAME: &str = "kaudit-x86_64-linux-musl";

/// Builds `target/dist/kaudit-x86_64-linux-musl` and `….sha256`, and returns the binary's path.
///
/// # Errors
///
/// When it cannot be built, or is not static.
pub(crate) fn run(project: &Project) -> Result<PathBuf> {
    install_target(project)?;
    start(project.cargo().args([
        "build",
        "--profile",
        PROFILE,
        "--locked",
        "--bin",
        "kaudit",
        "--target",
        TARGET,
    ]))?;

    let built = directory(project).join("kaudit");
    let bytes = fs::read(&built).with_context(|| format!("reading {}", built.display()))?;
    check_static(&bytes).with_context(|| format!("checking {}", built.display()))?;

    let output = project.target.join("dist");
    fs::create_dir_all(&output).with_context(|| format!("creating {}", output.display()))?;
    let binary = output.join(NAME);
    fs::copy(&built, &binary).with_context(|| format!("writing {}", binary.display()))?;
    let sum = capture(Command::new("sha256sum").arg(NAME).current_dir(&output))?;
    fs::write(output.join(format!("{NAME}.sha256")), &sum).context("writing the checksum")?;
    println!("{}: static, {} bytes\n{}", binary.display(), bytes.len(), sum.trim_end());
    Ok(binary)
}

/// Where cargo puts the binary that is handed out, under the name `kaudit`.
pub(crate) fn directory(project: &Project) -> PathBuf {
    project.target.join(TARGET).join(PROFILE)
}

/// Has rustup add the standard library for the target, unless the toolchain has it already.
fn install_target(project: &Project) -> Result<()> {
    let rustc =
        |arguments: &[&str]| capture(Command::new("rustc").args(arguments).current_dir(&project.root));
    let libraries = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    start(Command::new("rustup").args(["target", "add", TARGET]).current_dir(&project.root))
}

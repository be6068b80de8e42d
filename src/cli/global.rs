//! The options that several commands share. Each command declares the ones it supports, so that clap rejects the others.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// When to colour output; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Output")]
    pub(super) color: Color,
    /// Show details: the origin of each setting (enable, diff), reasons (policy lint, policy explain), the files of each
    /// generation (status)
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) verbose: bool,
    /// Show no diff, notes or progress; warnings and errors are still shown
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A command that works on a node and supports `-o json`.
#[derive(Debug, Args)]
pub(super) struct OnNode<T: Args> {
    /// The options of the command itself.
    #[command(flatten)]
    pub(super) args: T,
    /// Which node.
    #[command(flatten)]
    pub(super) node: NodeOptions,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

/// Which node and which manifest a command works on.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct NodeOptions {
    /// Work on this directory tree instead of the live node: same edit, same files, no restart
    #[arg(long, value_name = "DIR", help_heading = "Node")]
    pub(super) root: Option<PathBuf>,
    /// The API server's manifest [default: kube-apiserver.yaml in the kubelet's staticPodPath]
    #[arg(long, value_name = "FILE", help_heading = "Node")]
    pub(super) manifest: Option<PathBuf>,
}

/// The format of standard output.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct OutputOptions {
    /// Output format
    #[arg(id = "output", long, short, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) format: Format,
}

impl OutputOptions {
    /// Whether the command prints one JSON object.
    pub(super) fn is_json(self) -> bool {
        self.format == Format::Json
    }
}

/// A format of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// For commands without options of their own.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct NoOptions {}

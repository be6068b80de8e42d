//! The command line of `kaudit policy`.

use clap::{Args, Subcommand};

/// `policy`
#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyArgs {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: PolicyCommand,
}

/// The commands about policies. None of them changes a node.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Say what the API server says about a policy, and what it will not tell; exit 1: findings, 3: it would not start
    #[command(after_help = LINT_HELP)]
    Lint(Lint),
}

const LINT_HELP: &str = "\
A comment allows a finding, with a reason:
  verbs: [\"*\"]  # kaudit: allow KA201 a user of that name exists      this line
  # kaudit: allow KA401 only the vault team reads this log            alone on a line: the rule that begins next
At the head of the file it is about the whole file.";

/// `policy lint`
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Policies: files, names of presets, or - for standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["list", "explain"])]
    pub(super) files: Vec<String>,
    /// Print SARIF, for code review tools
    #[arg(long)]
    pub(super) sarif: bool,
    /// List all checks
    #[arg(long, conflicts_with_all = ["files", "explain", "sarif"])]
    pub(super) list: bool,
    /// Explain a check
    #[arg(long, value_name = "ID", conflicts_with_all = ["files", "sarif"])]
    pub(super) explain: Option<String>,
    /// For which version.
    #[command(flatten)]
    pub(super) version: Version,
}

/// The API server whose verdict is asked for.
#[derive(Debug, Clone, Args)]
pub(super) struct Version {
    /// Judge by this Kubernetes version [default: that of the node's manifest, if there is one, else the newest known]
    #[arg(long, value_name = "VERSION")]
    pub(super) kubernetes_version: Option<String>,
}

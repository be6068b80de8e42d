//! The command line of `kaudit policy`.

use super::kubectl::Kubectl;
use crate::audit::version::KubernetesVersion;
use crate::cli::global::{OnNode, OutputOptions};
use crate::cli::options::kubernetes_version;
use crate::policy::presets::preset;
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
    /// Check a policy: errors of the API server, and mistakes that it does not report; exit 1: findings, 3: the API server
    /// would not start, or kaudit cannot tell
    #[command(after_help = LINT_HELP)]
    Lint(OnNode<Lint>),
    /// Show which rule applies to a request, and what is logged
    #[command(after_help = EXPLAIN_HELP)]
    Explain(Box<OnNode<Explain>>),
    /// List the presets and the benchmarks that each one passes (trivy checks only flags)
    List(OutputOptions),
    /// Print a preset, as a starting point for your own policy
    Show(Show),
    /// Show which requests two policies log differently; exit 1 if there are any
    #[command(after_help = DIFF_HELP)]
    Diff(OnNode<Diff>),
    /// Show what a policy would have logged for the requests in an audit log, and how much space that takes
    #[command(after_help = REPLAY_HELP)]
    Replay(OnNode<Replay>),
    /// Convert a policy from v1alpha1 or v1beta1 to audit.k8s.io/v1 and keep its comments
    #[command(after_help = MIGRATE_HELP)]
    Migrate(Migrate),
}

impl PolicyArgs {
    /// Whether `-o json` was given.
    pub(in crate::cli) fn prints_json(&self) -> bool {
        match &self.command {
            PolicyCommand::Lint(it) => it.output.is_json(),
            PolicyCommand::Explain(it) => it.output.is_json(),
            PolicyCommand::List(output) => output.is_json(),
            PolicyCommand::Show(args) => args.output.is_json(),
            PolicyCommand::Diff(it) => it.output.is_json(),
            PolicyCommand::Replay(it) => it.output.is_json(),
            PolicyCommand::Migrate(args) => args.output.is_json(),
        }
    }
}

/// `policy show`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The preset.
    #[arg(help = name_help(), value_name = "NAME")]
    pub(super) name: String,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

fn name_help() -> String {
    let names: Vec<&str> = preset::all().iter().map(|preset| preset.name).collect();
    format!("The preset: {}", names.join(", "))
}

/// `policy migrate`
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// The policy: a file, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: String,
    /// Replace the file atomically instead of printing the result
    #[arg(long)]
    pub(super) write: bool,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

const MIGRATE_HELP: &str = "\
Examples:
  kaudit policy migrate old.yaml > new.yaml
  kaudit policy migrate /etc/kubernetes/audit/policy.yaml --write";

const EXPLAIN_HELP: &str = "\
Examples:
  kaudit policy explain default get pods/log web -n shop --as alice
  kaudit policy explain policy.yaml create deployments.apps -n shop \\
    --as system:serviceaccount:ci:deployer -v
  kaudit policy explain policy.yaml exec web -n shop --as-group devs
  kaudit policy explain policy.yaml delete /api/v1/namespaces/shop/pods/web
  kaudit policy explain policy.yaml get --raw /healthz
  kaudit policy explain policy.yaml --requests requests.jsonl

The request is the one that the API server checks: --as is the authenticated user. A policy never sees the impersonated \
user.

--requests: one JSON object a line with user, groups, noUser, verb, namespace, apiGroup, resource, subresource, name, \
path, resourceRequest (default: whether it names a resource). Each line is answered immediately by one line with level, omitStages, \
omitManagedFields and rule (from 0; null if none matches). An invalid line ends the command with exit code 3.";

const DIFF_HELP: &str = "\
Examples:
  kaudit policy diff default metadata
  kaudit policy diff /etc/kubernetes/audit/policy.yaml new.yaml

The comparison is complete: it covers every request that clients can send and the API server serves, for all values that \
the policies mention and for any other value. Malformed requests, such as a POST to an object, are not covered. A class is \
a pair of rules, one of each policy, that apply to the same requests and log them differently; policy explain accepts its \
example.";

/// `policy explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The policy: a file, a preset, or - for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// The request, as for kubectl: a verb, a resource (pods, deploy, deployments.apps, pods/log), a name; or a path
    #[arg(value_name = "VERB RESOURCE [NAME]", conflicts_with = "requests")]
    pub(super) words: Vec<String>,
    /// A request for a path instead of a resource; the verb is kubectl's or the HTTP method [default: get]
    #[arg(long, value_name = "PATH", conflicts_with = "requests")]
    pub(super) raw: Option<String>,
    /// The namespace [default: default, if the resource is namespaced]
    #[arg(long, short, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// A list or watch over all namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,
    /// A watch instead of a list
    #[arg(long, short, conflicts_with = "requests")]
    pub(super) watch: bool,
    /// Options of kubectl that do not affect a policy.
    #[command(flatten)]
    pub(super) kubectl: Kubectl,
    /// The subresource
    #[arg(long, value_name = "NAME")]
    pub(super) subresource: Option<String>,
    /// The user [default: kubernetes-admin]; the groups that every user, service account or node is in are added
    #[arg(long = "as", value_name = "USER")]
    pub(super) user: Option<String>,
    /// A group of the user; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    pub(super) groups: Vec<String>,
    /// The request has no authenticated user
    #[arg(long, conflicts_with_all = ["user", "groups"])]
    pub(super) no_user: bool,
    /// Read requests from this file, or - for standard input: JSON lines in, JSON lines out
    #[arg(long, value_name = "FILE")]
    pub(super) requests: Option<PathBuf>,
    /// For which version.
    #[command(flatten)]
    pub(super) version: Version,
}

/// `policy diff`
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The policy before: a file, a preset, or - for standard input
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// The policy after
    #[arg(value_name = "B")]
    pub(super) after: String,
    /// For which version.
    #[command(flatten)]
    pub(super) version: Version,
}

const LINT_HELP: &str = "\
Examples:
  kaudit policy lint policy.yaml
  kaudit policy lint policies/*.yaml --kubernetes-version 1.36 --sarif
  kaudit policy lint --explain KA301

A comment with a reason allows a finding: after a value for that line, on a line of its own for the next rule, at the top \
of the file for the whole file:
  verbs: [\"*\"]  # kaudit: allow KA201 a user with this name exists
  # kaudit: allow KA401 only the vault team reads this log";

const REPLAY_HELP: &str = "\
Examples:
  kaudit policy replay default /var/log/kubernetes/audit
  kaudit policy replay policy.yaml audit.log --compare write-bodies
  zcat old/*.gz | kaudit policy replay metadata - -o json

Each line of a log is an event of audit.k8s.io/v1, v1beta1 or v1alpha1, or an EventList; the log may be compressed with \
gzip. For a directory, the logs in it are read (*.log, *.json, *.jsonl, also with .gz), including rotated ones. A line \
without an event is counted and skipped.

What a policy would have omitted is exact. What it would have logged in addition is not: bodies are not in the log, so a \
size is a minimum; events of a stage that the log omits are estimated; requests that the current policy does not log are \
missing (kaudit policy diff CURRENT NEW shows which).";

/// `policy replay`
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The policy: a file, a preset, or - for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// Audit logs, directories of them, or - for standard input
    #[arg(value_name = "LOG", required = true)]
    pub(super) logs: Vec<PathBuf>,
    /// Show the result of this policy for comparison
    #[arg(long, value_name = "POLICY")]
    pub(super) compare: Option<String>,
    /// How many of the largest sources are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) top: usize,
    /// For which version.
    #[command(flatten)]
    pub(super) version: Version,
}

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

/// The Kubernetes version to check for.
#[derive(Debug, Clone, Args)]
pub(super) struct Version {
    /// Check for this Kubernetes version [default: the version in the node's manifest, otherwise the newest known]
    #[arg(long, value_name = "VERSION", value_parser = kubernetes_version)]
    pub(super) kubernetes_version: Option<KubernetesVersion>,
}

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
    /// Check a policy as the API server does, and find mistakes that it does not report; exit 1: findings, 3: it would not
    /// start, or kaudit cannot tell
    #[command(after_help = LINT_HELP)]
    Lint(OnNode<Lint>),
    /// Show which rule decides a request, and what is logged
    #[command(after_help = EXPLAIN_HELP)]
    Explain(Box<OnNode<Explain>>),
    /// List the presets, and the benchmark controls on policies that each passes
    List(OutputOptions),
    /// Print a preset, as a starting point for your own policy
    Show(Show),
    /// Show which requests two policies log differently; exit 1 if there are any
    #[command(after_help = DIFF_HELP)]
    Diff(OnNode<Diff>),
    /// Show what a policy would have logged for the requests in an audit log, and how much space that takes
    #[command(after_help = REPLAY_HELP)]
    Replay(OnNode<Replay>),
    /// Convert a v1alpha1 or v1beta1 policy to audit.k8s.io/v1 and keep its comments
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
    /// Rewrite the file atomically instead of printing the result
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

The request is as the API server sees it: --as is the authenticated user. A policy never sees an impersonated user.

--requests: one JSON object per line with user, groups, noUser, verb, namespace, apiGroup, resource, subresource, name, \
path, resourceRequest (default: whether it names a resource); prints one line for each at once, with level, omitStages, \
omitManagedFields and rule (from 0; null if none matches). A line that is not a request stops it with exit code 3.";

const DIFF_HELP: &str = "\
Examples:
  kaudit policy diff default metadata
  kaudit policy diff /etc/kubernetes/audit/policy.yaml new.yaml

The comparison is complete: it covers every request that the API server serves, with all values in the policies and \
any other value. Malformed requests, such as a POST to an object, are left out. A class is a pair of rules, one of each \
policy, that decide the same requests and log them differently; its example can be passed to policy explain.";

/// `policy explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The policy: a file, a preset, or - for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// The request, as for kubectl: a verb, a resource (pods, deploy, deployments.apps, pods/log), a name; or a path
    #[arg(value_name = "VERB RESOURCE [NAME]", conflicts_with = "requests")]
    pub(super) arguments: Vec<String>,
    /// A request for a path instead of a resource; the verb is then kubectl's or the HTTP method [default: get]
    #[arg(long, value_name = "PATH", conflicts_with = "requests")]
    pub(super) raw: Option<String>,
    /// The namespace [default: default, where the resource has namespaces]
    #[arg(long, short, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// A list or watch over all namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,
    /// A watch instead of a list
    #[arg(long, short, conflicts_with = "requests")]
    pub(super) watch: bool,
    /// Options of kubectl that a policy does not see.
    #[command(flatten)]
    pub(super) kubectl: Kubectl,
    /// The subresource
    #[arg(long, value_name = "NAME")]
    pub(super) subresource: Option<String>,
    /// User name [default: kubernetes-admin]; the groups that every user, service account and node has are added
    #[arg(long = "as", value_name = "USER")]
    pub(super) user: Option<String>,
    /// A group of the user; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    pub(super) groups: Vec<String>,
    /// No user is authenticated
    #[arg(long, conflicts_with_all = ["user", "groups"])]
    pub(super) no_user: bool,
    /// Decide every request in this file, or - for standard input: JSON lines in, JSON lines out
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

A comment with a reason allows a finding: after a value for its line, on a line of its own for the next rule, at the \
start of the file for the whole file:
  verbs: [\"*\"]  # kaudit: allow KA201 a user of that name exists
  # kaudit: allow KA401 only the vault team reads this log";

const REPLAY_HELP: &str = "\
Examples:
  kaudit policy replay default /var/log/kubernetes/audit
  kaudit policy replay policy.yaml audit.log --compare write-bodies
  zcat old/*.gz | kaudit policy replay metadata - -o json

A log has an event on each line, of audit.k8s.io/v1, v1beta1 or v1alpha1, or an EventList; it may be compressed by gzip. \
A directory stands for the logs in it (*.log, *.json, *.jsonl, also with .gz), the rotated ones too. A line without an \
event is counted and skipped.

What a policy omits from a log is exact. What it would log in addition is not: bodies are unknown, so sizes are lower \
bounds; events of a stage that the log omits are estimated from the others; requests that the current policy does not log \
are missing (kaudit policy diff CURRENT POLICY lists them).";

/// `policy replay`
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The policy: a file, a preset, or - for standard input
    #[arg(value_name = "POLICY")]
    pub(super) policy: String,
    /// Audit logs, directories of them, or - for standard input
    #[arg(value_name = "LOG", required = true)]
    pub(super) logs: Vec<PathBuf>,
    /// Compare with the result of this policy
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

/// The API server whose verdict is asked for.
#[derive(Debug, Clone, Args)]
pub(super) struct Version {
    /// Judge by this Kubernetes version [default: that of the node's manifest, if there is one, else the newest known]
    #[arg(long, value_name = "VERSION", value_parser = kubernetes_version)]
    pub(super) kubernetes_version: Option<KubernetesVersion>,
}

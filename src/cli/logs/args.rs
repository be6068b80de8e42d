//! The options of `logs`.

use crate::cli::global::NodeOptions;
use crate::logs::{Codes, Field, Network, Pattern, ResourcePattern, Term, moment_of};
use crate::node::moment;
use crate::policy::{Level, Stage};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;

const HELP: &str = "\
Examples:
  kaudit logs --since 10m          events of the last ten minutes
  kaudit logs -f --denied          follow denied requests
  kaudit logs --user 'system:serviceaccount:ci:*' --verb create,update,patch
  kaudit logs --resource pods/exec,pods/attach -n prod -o wide
  kaudit logs --top user,verb      the most frequent users and verbs
  kaudit logs -o json --code 5xx | jq .requestURI
  kaudit logs backup/*.log.gz --audit-id 3f0a1b52-6d3e-4a55-9d0b-5f3f6f1f2a77

An event must match all options. If an option has several values, one of them must match. * matches any characters, and ! \
negates a value: --user '!system:*'. --resource accepts kubectl's names: pods (with all subresources), pods/ (without \
subresources), pods/log, deploy, deployments.apps, '*/exec', or a path: '/healthz*'. --user and --group match both the \
authenticated and the impersonated user. Only the last source address of an event is reliable: the client sets the others.

-o json prints each event unchanged, -o csv comma-separated values, -o wide more columns. Fields: time, received, latency, \
level, stage, code, message, verb, user, groups, as (impersonated user), who (user and impersonated user), resource, \
namespace, name, object (namespace/name), uri, source-ips, user-agent, decision, reason, audit-id, bytes.

Lines that are not events are counted and reported at the end; they do not change the exit code. With filters, lines that \
cannot match are not parsed completely: a damaged event may then not be counted.";

/// `logs`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct LogsArgs {
    /// Log files, directories with log files, or - for standard input; compressed or not [default: this node's log with its
    /// rotated files]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Print new events as they are logged, also across rotations
    #[arg(long, short, help_heading = "Range")]
    pub(super) follow: bool,
    /// Number of most recent events to print, or all [default: all; with --follow 10, unless --since is given]
    #[arg(long, value_name = "N|all", value_parser = tail, help_heading = "Range")]
    pub(super) tail: Option<Tail>,
    /// Fields to print
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = field, help_heading = "Output")]
    pub(super) fields: Vec<Field>,
    /// Count events by these fields instead of printing them, most frequent first
    #[arg(
        long,
        value_name = "FIELD",
        value_delimiter = ',',
        value_parser = field,
        conflicts_with_all = ["follow", "tail", "fields"],
        help_heading = "Output"
    )]
    pub(super) top: Vec<Field>,
    /// Maximum number of rows of --top
    #[arg(long, value_name = "N", default_value_t = 20, requires = "top", help_heading = "Output")]
    pub(super) limit: usize,
    /// The filters.
    #[command(flatten)]
    pub(super) filters: Filters,
    /// Which node.
    #[command(flatten)]
    pub(super) node: NodeOptions,
    /// Output format
    #[arg(id = "output", long, short, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) format: Format,
}

/// The format of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For people, with more columns
    Wide,
    /// One event per line, as in the log; with --top one object
    Json,
    /// Comma-separated values
    Csv,
}

impl LogsArgs {
    /// Whether the output is exactly one JSON object.
    pub(in crate::cli) fn prints_json_report(&self) -> bool {
        self.format == Format::Json && !self.prints_events()
    }

    /// Whether the output is a stream of events and not a table of counts.
    pub(in crate::cli) fn prints_events(&self) -> bool {
        self.top.is_empty()
    }
}

/// Which events are selected.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct Filters {
    /// User
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pub(super) user: Vec<Term<Pattern>>,
    /// Group of the user
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pub(super) group: Vec<Term<Pattern>>,
    /// Verb: get, list, watch, create, update, patch, delete, deletecollection; for paths get, post, …
    #[arg(long, value_name = "VERB", value_delimiter = ',', value_parser = pattern)]
    pub(super) verb: Vec<Term<Pattern>>,
    /// Resource or path
    #[arg(long, value_name = "RESOURCE", value_delimiter = ',', value_parser = resource)]
    pub(super) resource: Vec<Term<ResourcePattern>>,
    /// Namespace of the object
    #[arg(long, short, value_name = "NAME", value_delimiter = ',', value_parser = pattern)]
    pub(super) namespace: Vec<Term<Pattern>>,
    /// Name of the object
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = pattern)]
    pub(super) name: Vec<Term<Pattern>>,
    /// Audit level.
    #[arg(long, help = "Audit level: Metadata, Request, RequestResponse", value_name = "LEVEL", value_delimiter = ',', value_parser = level)]
    pub(super) level: Vec<Term<Level>>,
    /// Stage.
    #[arg(long, help = "Stage: RequestReceived, ResponseStarted, ResponseComplete, Panic", value_name = "STAGE", value_delimiter = ',', value_parser = stage)]
    pub(super) stage: Vec<Term<Stage>>,
    /// Response code: 403, 4xx, 500-504
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = codes)]
    pub(super) code: Vec<Term<Codes>>,
    /// Logged at or after this time: 10m, 2h, 1d (ago), 2026-11-21, 2026-11-21T03:14:15Z
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(super) since: Option<Timestamp>,
    /// Logged before this time
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(super) until: Option<Timestamp>,
    /// Audit ID of the request
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = pattern)]
    pub(super) audit_id: Vec<Term<Pattern>>,
    /// Source address or network: 192.0.2.7, 10.0.0.0/8
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = network)]
    pub(super) source_ip: Vec<Term<Network>>,
    /// Denied requests: not authenticated (401) or not authorized (403, or denied by the authorizer)
    #[arg(long)]
    pub(super) denied: bool,
}

/// The value of `--tail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// All events.
    All,
    /// The most recent ones.
    Last(usize),
}

fn tail(text: &str) -> Result<Tail, String> {
    match text {
        "all" => Ok(Tail::All),
        text => text.parse().map(Tail::Last).map_err(|_| "expected a number or all".to_owned()),
    }
}

/// Parses the name of a field.
pub(in crate::cli) fn field(text: &str) -> Result<Field, String> {
    one_of(text, Field::ALL.into_iter(), |(_, name)| name, "fields").map(|(field, _)| field)
}

fn pattern(text: &str) -> Result<Term<Pattern>, String> {
    Term::read(text, |text| Ok(Pattern::new(text)))
}

fn resource(text: &str) -> Result<Term<ResourcePattern>, String> {
    Term::read(text, |text| Ok(ResourcePattern::new(text)))
}

fn codes(text: &str) -> Result<Term<Codes>, String> {
    Term::read(text, Codes::read)
}

fn network(text: &str) -> Result<Term<Network>, String> {
    Term::read(text, Network::read)
}

fn level(text: &str) -> Result<Term<Level>, String> {
    let levels = || Level::ALL.into_iter().filter(|level| *level != Level::None);
    Term::read(text, |text| one_of(text, levels(), |level| level.name(), "levels"))
}

fn stage(text: &str) -> Result<Term<Stage>, String> {
    Term::read(text, |text| one_of(text, Stage::ALL.into_iter(), |stage| stage.name(), "stages"))
}

/// The item with this name, ignoring case.
fn one_of<T: Copy>(
    text: &str,
    all: impl Iterator<Item = T>,
    name: fn(&T) -> &'static str,
    what: &str,
) -> Result<T, String> {
    let all: Vec<T> = all.collect();
    let found = all.iter().copied().find(|one| name(one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(name).collect();
        format!("expected one of the {what} {}", names.join(", "))
    })
}

fn when(text: &str) -> Result<Timestamp, String> {
    moment_of(text, moment())
}

//! `logs` as it is typed.

use crate::cli::global::NodeOptions;
use crate::logs::{Codes, Field, Network, Pattern, ResourcePattern, Term, moment_of};
use crate::node::moment;
use crate::policy::{Level, Stage};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;

const HELP: &str = "\
Examples:
  kaudit logs --since 10m          what happened lately
  kaudit logs -f --denied          who is refused, as it happens
  kaudit logs --user 'system:serviceaccount:ci:*' --verb create,update,patch
  kaudit logs --resource pods/exec,pods/attach -n prod -o wide
  kaudit logs --top user,verb      who does what
  kaudit logs -o json --code 5xx | jq .requestURI
  kaudit logs backup/*.log.gz --audit-id 3f0a1b52-6d3e-4a55-9d0b-5f3f6f1f2a77

An event is shown that fits all of the options; of an option that is given several times, one is enough. * stands for any \
characters, and ! in front for everything else: --user '!system:*'. --resource takes kubectl's names: pods (and all of \
its subresources), pods/ (without them), pods/log, deploy, deployments.apps, '*/exec', or a path: '/healthz*'. --user and \
--group are about who was authenticated and about who they acted as. Of an event's source addresses only the last one is \
certain: the others are what the client says.

-o json prints each event as it stands in the log, -o csv comma-separated values, -o wide more columns. Fields: time, \
received, latency, level, stage, code, message, verb, user, groups, as, who (user, and as whom), resource, namespace, \
name, object (namespace/name), uri, source-ips, user-agent, decision, reason, audit-id, bytes.

Lines without an event are counted, told at the end, and no failure. Where options say what to look for, lines that \
cannot have it are not read whole: of these only what does not begin and end like an event is counted.";

/// `logs`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct LogsArgs {
    /// Logs, directories of them, or - for standard input; compressed or not [default: this node's log, with its rotated
    /// files]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Go on with what comes, also across rotations
    #[arg(long, short, help_heading = "How much")]
    pub(super) follow: bool,
    /// The last so many events, or all [default: all; with --follow 10, unless --since is given]
    #[arg(long, value_name = "N|all", value_parser = tail, help_heading = "How much")]
    pub(super) tail: Option<Tail>,
    /// Show these fields
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = field, help_heading = "What is shown")]
    pub(super) fields: Vec<Field>,
    /// Count the events by these fields instead, the most frequent first
    #[arg(
        long,
        value_name = "FIELD",
        value_delimiter = ',',
        value_parser = field,
        conflicts_with_all = ["follow", "tail", "fields"],
        help_heading = "What is shown"
    )]
    pub(super) top: Vec<Field>,
    /// How many of --top are shown
    #[arg(long, value_name = "N", default_value_t = 20, requires = "top", help_heading = "What is shown")]
    pub(super) limit: usize,
    /// Which events.
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
    /// Whether standard output gets exactly one JSON object.
    pub(in crate::cli) fn prints_json_report(&self) -> bool {
        self.format == Format::Json && !self.prints_events()
    }

    /// Whether the output is a stream of events, and not a report.
    pub(in crate::cli) fn prints_events(&self) -> bool {
        self.top.is_empty()
    }
}

/// Which events.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which events")]
pub(super) struct Filters {
    /// Of this user
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pub(super) user: Vec<Term<Pattern>>,
    /// Of a user in this group
    #[arg(long, value_name = "NAME", value_parser = pattern)]
    pub(super) group: Vec<Term<Pattern>>,
    /// With this verb: get, list, watch, create, update, patch, delete, deletecollection; of paths get, post, …
    #[arg(long, value_name = "VERB", value_delimiter = ',', value_parser = pattern)]
    pub(super) verb: Vec<Term<Pattern>>,
    /// About this resource
    #[arg(long, value_name = "RESOURCE", value_delimiter = ',', value_parser = resource)]
    pub(super) resource: Vec<Term<ResourcePattern>>,
    /// In this namespace
    #[arg(long, short, value_name = "NAME", value_delimiter = ',', value_parser = pattern)]
    pub(super) namespace: Vec<Term<Pattern>>,
    /// About the object of this name
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = pattern)]
    pub(super) name: Vec<Term<Pattern>>,
    /// Logged at this level.
    #[arg(long, help = "Logged at this level: Metadata, Request, RequestResponse", value_name = "LEVEL", value_delimiter = ',', value_parser = level)]
    pub(super) level: Vec<Term<Level>>,
    /// Of this stage.
    #[arg(long, help = "Of this stage: RequestReceived, ResponseStarted, ResponseComplete, Panic", value_name = "STAGE", value_delimiter = ',', value_parser = stage)]
    pub(super) stage: Vec<Term<Stage>>,
    /// With this code: 403, 4xx, 500-504
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = codes)]
    pub(super) code: Vec<Term<Codes>>,
    /// Written from then on: 10m, 2h, 1d (ago), 2026-11-21, 2026-11-21T03:14:15Z
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(super) since: Option<Timestamp>,
    /// Written before then
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(super) until: Option<Timestamp>,
    /// Of the request with this id
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = pattern)]
    pub(super) audit_id: Vec<Term<Pattern>>,
    /// From this address or network: 192.0.2.7, 10.0.0.0/8
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = network)]
    pub(super) source_ip: Vec<Term<Network>>,
    /// Refused: not authenticated (401), not allowed (403, or so remarked by the authorizer)
    #[arg(long)]
    pub(super) denied: bool,
}

/// How many of the last events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// All there are.
    All,
    /// So many.
    Last(usize),
}

fn tail(text: &str) -> Result<Tail, String> {
    match text {
        "all" => Ok(Tail::All),
        text => text.parse().map(Tail::Last).map_err(|_| "it is a number, or all".to_owned()),
    }
}

/// A field by its name.
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

/// The one with this name, whatever the case.
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
        format!("the {what} are {}", names.join(", "))
    })
}

fn when(text: &str) -> Result<Timestamp, String> {
    moment_of(text, moment())
}

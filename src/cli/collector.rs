//! `collector`: a log shipper's configuration for this node.

use super::end::{end, refuse_reading};
use super::global::{NodeOptions, OutputOptions};
use super::target::Target;
use crate::audit::flag::{self, LOG_MAXBACKUP, LOG_MAXSIZE, LOG_PATH};
use crate::audit::value::{STANDARD_OUTPUT, is_expanded};
use crate::audit::version::{KubernetesVersion, NEWEST_KNOWN_MINOR};
use crate::collector::{
    Collector, Destination, EventSize, LogFile, LogSettings, all, find, remark, render, suggest,
};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::manifest::{Coverage, Manifest};
use crate::observe::{MANIFEST_LIMIT, Obstacle};
use crate::plan::audit_flags_there;
use crate::report::{Output, Report};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const HELP: &str = "\
Examples:
  kaudit collector --list
  kaudit collector rsyslog --to logs.example.com:6514 \\
    > /etc/rsyslog.d/00-kube-apiserver-audit.conf
  kaudit collector vector --log-path /var/log/kubernetes/audit/audit.log \\
    --log-compress

The configuration matches the settings in this node's manifest. With --log-path it matches the given settings, and the \
node is not read. Warnings are printed on standard error.";

/// `collector`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CollectorArgs {
    /// Name of the log shipper.
    #[arg(help = name_help(), value_name = "NAME", required_unless_present = "list")]
    name: Option<String>,
    /// List the supported log shippers
    #[arg(long, conflicts_with = "name")]
    list: bool,
    /// Destination of the events [default: logs.example.com and the shipper's usual port]
    #[arg(long, value_name = "HOST:PORT")]
    to: Option<String>,
    /// Maximum length of a line [default: the API server's limit for truncated events, else 8388608]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1024..=1 << 30))]
    max_event_size: Option<u64>,
    /// Path of the log on the host, instead of reading the node
    #[arg(long, alias = LOG_PATH, value_name = "PATH", help_heading = "Instead of a node")]
    log_path: Option<String>,
    /// Size in MB at which the log is rotated [default: 100]
    #[arg(long, alias = LOG_MAXSIZE, value_name = "MB", requires = "log_path", help_heading = "Instead of a node")]
    log_maxsize: Option<u32>,
    /// Number of rotated files that are kept [default: 10]
    #[arg(long, alias = LOG_MAXBACKUP, value_name = "N", requires = "log_path", help_heading = "Instead of a node")]
    log_maxbackup: Option<u32>,
    /// The rotated files are compressed
    #[arg(long, alias = "audit-log-compress", requires = "log_path", help_heading = "Instead of a node")]
    log_compress: bool,
    /// Which node.
    #[command(flatten)]
    node: NodeOptions,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

fn name_help() -> String {
    let names: Vec<&str> = all().iter().map(|collector| collector.name).collect();
    format!("Name of the log shipper: {}", names.join(", "))
}

/// Prints the configuration on standard output, and warnings on standard error.
pub(super) fn run(args: &CollectorArgs, output: &mut Output<'_>) -> Exit {
    if args.list {
        return list(output);
    }
    match prepare(args) {
        Ok((collector, settings, to)) => {
            let text = render(collector, &settings, &to);
            let report = Report {
                notes: remark(collector, &settings),
                details: Some(("collector", details(collector, &settings, &text))),
                lines: text.lines().map(str::to_owned).collect(),
                ..Report::default()
            };
            end(output, (report, Exit::Done))
        }
        Err(obstacle) => end(output, refuse_reading(obstacle)),
    }
}

fn prepare(args: &CollectorArgs) -> Result<(&'static Collector, LogSettings, Destination), Obstacle> {
    let name = args.name.as_deref().unwrap_or_default();
    let collector = find(name).ok_or_else(|| {
        let refusal = Diagnostic::error(format!("unknown log shipper {name}"));
        match suggest(name) {
            Some(meant) => refusal.help(format!("did you mean {}?", meant.name)),
            None => refusal.help("list the supported log shippers: kaudit collector --list"),
        }
    })?;
    let to = match &args.to {
        Some(text) => Destination::parse(text, collector)?,
        None => Destination::example(collector),
    };
    let mut settings = match &args.log_path {
        Some(path) => given(args, path)?,
        None => of_node(&args.node)?,
    };
    if let Some(bytes) = args.max_event_size {
        settings.events = EventSize::Chosen(bytes);
    }
    Ok((collector, settings, to))
}

/// The given settings; the others are the defaults of `enable`.
fn given(args: &CollectorArgs, path: &str) -> Result<LogSettings, Diagnostic> {
    Ok(LogSettings::read(LogFile::parse(path)?, NEWEST_KNOWN_MINOR, |name| match name {
        LOG_MAXSIZE => args.log_maxsize.map(|size| size.to_string()).or_else(|| filled(name)),
        LOG_MAXBACKUP => args.log_maxbackup.map(|count| count.to_string()).or_else(|| filled(name)),
        "audit-log-compress" => Some(args.log_compress.to_string()),
        _ => None,
    }))
}

fn filled(name: &str) -> Option<String> {
    flag::find(name)?.filled.map(str::to_owned)
}

/// The settings in the manifest of the node.
fn of_node(options: &NodeOptions) -> Result<LogSettings, Obstacle> {
    let target = Target::of(options)?;
    let shown = target.manifest.display().to_string();
    let file = target.node.read_file(&target.manifest, MANIFEST_LIMIT)?.ok_or_else(|| {
        Diagnostic::error(format!("the manifest {shown} does not exist"))
            .help("specify it with --manifest FILE, or a directory tree with --root DIR")
            .help("or specify the log: --log-path /var/log/kubernetes/audit/audit.log")
    })?;
    let manifest = Manifest::read(&file.bytes).map_err(|refusal| refusal.in_file(shown.as_str()))?;
    let flags: BTreeMap<String, String> = audit_flags_there(manifest.api_server())
        .into_iter()
        .map(|occurrence| (occurrence.flag, occurrence.value.unwrap_or_else(|| "true".to_owned())))
        .collect();
    let minor = match KubernetesVersion::from_image(&manifest.api_server().image) {
        Some(version) => version.closest_release()?.minor,
        None => NEWEST_KNOWN_MINOR,
    };
    let log = host_log(&manifest, flags.get(LOG_PATH)).map_err(|refusal| refusal.in_file(shown))?;
    Ok(LogSettings::read(log, minor, |name| flags.get(name).cloned()))
}

/// The host's path of the log.
fn host_log(manifest: &Manifest, flag: Option<&String>) -> Result<LogFile, Diagnostic> {
    let path = flag.map_or("", String::as_str);
    if path.is_empty() {
        return Err(Diagnostic::error(
            "the API server does not write a log file: --audit-log-path is not set",
        )
        .help("kaudit enable --log-path /var/log/kubernetes/audit/audit.log"));
    }
    if path == STANDARD_OUTPUT {
        return Err(Diagnostic::error(
            "--audit-log-path=-: the events are in the container's log, mixed with other lines",
        )
        .help(
            "write them to a separate file: kaudit enable --log-path /var/log/kubernetes/audit/audit.log",
        ));
    }
    if is_expanded(path) {
        return Err(Diagnostic::error(format!("the kubelet expands --audit-log-path={path}"))
            .help("specify the log: --log-path /var/log/kubernetes/audit/audit.log"));
    }
    let host = Coverage::of(&manifest.mounts(), Path::new(path)).and_then(|coverage| coverage.host);
    let host = host.ok_or_else(|| {
        Diagnostic::error(format!("{path} is not on the host: the log is lost when the container ends"))
            .help(format!("add a mount: kaudit enable --log-path {path}"))
    })?;
    LogFile::parse(&host.to_string_lossy())
}

fn list(output: &mut Output<'_>) -> Exit {
    let styles = output.out_styles;
    let lines = all().iter().map(|it| format!("{:<11} {}", styles.bold(it.name), it.title)).collect();
    let details = all().iter().map(|it| json!({ "name": it.name, "title": it.title })).collect();
    let report = Report { lines, details: Some(("collectors", Value::Array(details))), ..Report::default() };
    end(output, (report, Exit::Done))
}

fn details(collector: &Collector, settings: &LogSettings, text: &str) -> Value {
    json!({
        "name": collector.name,
        "title": collector.title,
        "path": settings.file.path(),
        "maxsize": settings.maxsize,
        "maxbackup": settings.maxbackup,
        "compress": settings.compress,
        "lineLimit": collector.line_limit(settings.events),
        "text": text,
    })
}

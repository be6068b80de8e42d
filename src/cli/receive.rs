//! `receive`: a receiver for the API server's audit webhook.

mod view;

use super::columns::counted;
use super::end::end;
use super::global::OutputOptions;
use super::logs::field;
use super::options::duration;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::logs::Field;
use crate::receive::server::{EventOutput, EventServer, Received, SyncPolicy, TlsFiles};
use crate::receive::{Form, MAX_BODY};
use crate::report::{Details, Output, Report, print_plan};
use clap::{Args, ValueEnum};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
pub(super) use view::ReceivedView;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);

const HELP: &str = "\
Examples:
  kaudit receive                   on 127.0.0.1:9443, one line per event
  kaudit receive --listen 192.0.2.10:9443 --token-file token \\
    --tls-cert tls.crt --tls-key tls.key --format json \\
    --output-file /var/log/audit/events.log --fsync batch

Events can be posted to any path. /healthz and /metrics are available for monitoring.

The response is 200 only after all events of a request are written. If a response is lost, the API server sends the same \
batch again. Recent request bodies are remembered (--remember) while the process runs, so that such a batch is not written \
twice.

SIGTERM and SIGINT stop the receiver gracefully, with exit code 0. SIGHUP reopens the output file. If events can no longer \
be written, it stops with exit code 5. Certificates and tokens are reloaded when their files change.";

/// `receive`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ReceiveArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Certificate for TLS with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS and authentication")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS and authentication")]
    tls_key: Option<PathBuf>,
    /// CA bundle used to verify client certificates, PEM; clients without a valid certificate are rejected
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS and authentication")]
    client_ca: Option<PathBuf>,
    /// File with accepted bearer tokens, one per line; requests without one of them are rejected
    #[arg(long, value_name = "FILE", help_heading = "TLS and authentication")]
    token_file: Option<PathBuf>,
    /// Format of the events
    #[arg(long, value_enum, default_value_t = FormArg::Line, help_heading = "Output")]
    format: FormArg,
    /// Fields for --format csv, with the names of kaudit logs
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = field, help_heading = "Output")]
    fields: Vec<Field>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output_file: Option<PathBuf>,
    /// Rotate the file before it becomes larger than this; 0: never
    #[arg(long, value_name = "MB", default_value_t = 100, requires = "output_file", help_heading = "Output")]
    maxsize: u32,
    /// Number of rotated files that are kept; 0: all
    #[arg(long, value_name = "N", default_value_t = 10, requires = "output_file", help_heading = "Output")]
    maxbackup: u32,
    /// When to sync to disk: batch (before each response), never, or after a duration such as 1s
    #[arg(long, value_name = "batch|never|DURATION", default_value = "1s", value_parser = sync_policy, help_heading = "Output")]
    fsync: SyncPolicy,
    /// Number of recent request bodies remembered for deduplication; 0: no deduplication
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(..=1 << 20), help_heading = "Output")]
    remember: u32,
    /// Maximum size of a request body in bytes; memory is limited to two bodies of this size
    #[arg(long, value_name = "BYTES", default_value_t = MAX_BODY, value_parser = clap::value_parser!(u32).range(1..=1 << 30), help_heading = "Limits")]
    max_body: u32,
    /// Maximum number of connections; idle connections are closed for new ones, otherwise new ones wait
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Limits")]
    max_connections: u32,
    /// Timeout of each TLS handshake, first request and request body
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration, help_heading = "Limits")]
    timeout: Duration,
    /// How long to wait for requests in progress when the receiver is stopped
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration, help_heading = "Limits")]
    grace: Duration,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

/// The format of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormArg {
    /// A readable line per event
    Line,
    /// A JSON object per line, as in the API server's log
    Json,
    /// Comma-separated: time, level, stage, URI, verb, user, source IPs, resource, name, decision, reason, or --fields
    Csv,
}

fn sync_policy(text: &str) -> Result<SyncPolicy, String> {
    match text {
        "batch" => Ok(SyncPolicy::Batch),
        "never" => Ok(SyncPolicy::Never),
        interval => match duration(interval)? {
            Duration::ZERO => Err("expected batch, never, or a duration greater than zero".to_owned()),
            interval => Ok(SyncPolicy::Interval(interval)),
        },
    }
}

/// Receives events until it is stopped.
pub(super) fn run(args: &ReceiveArgs, output: &mut Output<'_>) -> Exit {
    if let Err(refusal) = check(args, output.json) {
        return end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage));
    }
    let mut report = Report { notes: remark(args), ..Report::default() };
    if !output.json {
        print_plan(output, &report);
        report.forget_plan();
    }
    let result = event_server(args).run(&mut |line| output.error_line(line));
    match result {
        Ok(received) => {
            report.details = Some(Details::of(&ReceivedView::from(&received)));
            let exit = conclude(args, &received, &mut report);
            if output.json {
                return end(output, (report, exit));
            }
            // Standard output contains only events.
            let message = std::mem::take(&mut report.message);
            let exit = end(output, (report, exit));
            if !output.quiet {
                output.error_line(&message);
            }
            exit
        }
        Err(error) => {
            report.refusals.push(Diagnostic::error(format!("{error:#}")));
            end(output, (report, Exit::Refused))
        }
    }
}

/// Checks that the options do not contradict each other.
fn check(args: &ReceiveArgs, is_json: bool) -> Result<(), Diagnostic> {
    if is_json && args.output_file.is_none() {
        return Err(Diagnostic::error(
            "-o json requires --output-file: events are written to standard output",
        )
        .help("write the events to a file with --output-file")
        .help("for events as JSON use --format json"));
    }
    if !args.fields.is_empty() && args.format != FormArg::Csv {
        return Err(Diagnostic::error("--fields works only with --format csv").help("add --format csv"));
    }
    Ok(())
}

fn event_server(args: &ReceiveArgs) -> EventServer {
    let files = args.tls_cert.clone().zip(args.tls_key.clone());
    EventServer {
        listen: args.listen,
        tls: files.map(|(certificate, key)| TlsFiles {
            certificate,
            key,
            client_authorities: args.client_ca.clone(),
        }),
        token: args.token_file.clone(),
        max_body: usize::try_from(args.max_body).unwrap_or(usize::MAX),
        max_connections: usize::try_from(args.max_connections).unwrap_or(usize::MAX),
        timeout: args.timeout,
        grace: args.grace,
        remembered: usize::try_from(args.remember).unwrap_or(usize::MAX),
        form: match args.format {
            FormArg::Line => Form::Line,
            FormArg::Json => Form::Json,
            FormArg::Csv if args.fields.is_empty() => Form::Csv(Form::CSV.to_vec()),
            FormArg::Csv => Form::Csv(args.fields.clone()),
        },
        output: match &args.output_file {
            None => EventOutput::Standard,
            Some(path) => EventOutput::File {
                path: path.clone(),
                max_size: u64::from(args.maxsize) << 20,
                keep: usize::try_from(args.maxbackup).unwrap_or(usize::MAX),
            },
        },
        sync: args.fsync,
    }
}

/// Warnings about insecure options.
fn remark(args: &ReceiveArgs) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    if args.listen.ip().is_loopback() {
        return notes;
    }
    let address = args.listen;
    if args.tls_cert.is_none() {
        let what = if args.token_file.is_some() { "events and tokens" } else { "events" };
        notes.push(
            Diagnostic::warning(format!(
                "without TLS, {what} are sent unencrypted over the network to {address}"
            ))
            .named("receive-without-tls")
            .help("use TLS: --tls-cert FILE --tls-key FILE"),
        );
    }
    if args.token_file.is_none() && args.client_ca.is_none() {
        notes.push(
            Diagnostic::warning(format!("anyone who can reach {address} can submit forged events"))
                .named("receive-from-anybody")
                .help("authenticate clients: --token-file FILE or --client-ca FILE"),
        );
    }
    notes
}

fn conclude(args: &ReceiveArgs, received: &Received, report: &mut Report) -> Exit {
    let metrics = &received.metrics;
    report.message = format!(
        "wrote {} in {}; {} duplicated, {} rejected",
        counted(metrics.events.get(), "event"),
        counted(metrics.batches.get(), "batch"),
        counted(metrics.repeated.get(), "batch"),
        counted(metrics.rejected(), "request")
    );
    if received.cut > 0 {
        let text = format!(
            "closed {} with requests in progress after the grace period of {:?}",
            counted(u64::try_from(received.cut).unwrap_or(u64::MAX), "connection"),
            args.grace
        );
        let help = "no action required: the API server sends requests without a response again";
        report.notes.push(Diagnostic::warning(text).named("receive-cut").help(help));
    }
    let unreadable = metrics.unreadable.get();
    if unreadable > 0 {
        let text = format!("{} could not be parsed and were written unchanged", counted(unreadable, "event"));
        let help = "if a newer Kubernetes release sent them, a newer kaudit release may parse them";
        report.notes.push(Diagnostic::warning(text).named("receive-unreadable").help(help));
    }
    match &received.broken {
        None => Exit::Done,
        Some(why) => {
            let refusal = Diagnostic::error(format!("cannot write events: {why}"));
            report.refusals.push(refusal.help(
                "fix the cause and restart: the API server sends requests with the response 503 again",
            ));
            Exit::ManualIntervention
        }
    }
}

//! `receive`: the receiving end of the API server's audit webhook.

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
use crate::report::{Output, Report, print_plan};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);

const HELP: &str = "\
Examples:
  kaudit receive                   on 127.0.0.1:9443, a line for each event
  kaudit receive --listen 192.0.2.10:9443 --token-file token \\
    --tls-cert tls.crt --tls-key tls.key --format json \\
    --output-file /var/log/audit/events.log --fsync batch

Events are posted to any path; /healthz and /metrics are there too.

A request is answered 200 when its events are written: what the API server does not repeat is there. It repeats a batch \
whose answer got lost, byte for byte: such a body is known again, as long as this process runs and remembers it \
(--remember), and is not written twice.

SIGTERM and SIGINT end it in order, with exit code 0; SIGHUP has it open its file anew. When events cannot be written any \
more, it ends with exit code 5. Certificates and tokens are read again when they change.";

/// `receive`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ReceiveArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Speak TLS with this certificate and its chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Who may send")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Who may send")]
    tls_key: Option<PathBuf>,
    /// Take events only from clients with a certificate of these authorities, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Who may send")]
    client_ca: Option<PathBuf>,
    /// Take events only with a bearer token of this file, one a line
    #[arg(long, value_name = "FILE", help_heading = "Who may send")]
    token_file: Option<PathBuf>,
    /// How events are written
    #[arg(long, value_enum, default_value_t = FormArg::Line, help_heading = "What is written")]
    format: FormArg,
    /// With --format csv: these fields, named as those of kaudit logs
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = field, help_heading = "What is written")]
    fields: Vec<Field>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "What is written")]
    output_file: Option<PathBuf>,
    /// Rotate the file before a batch that makes it larger than this; 0: never
    #[arg(
        long,
        value_name = "MB",
        default_value_t = 100,
        requires = "output_file",
        help_heading = "What is written"
    )]
    maxsize: u32,
    /// Rotated files that are kept; 0: all
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        requires = "output_file",
        help_heading = "What is written"
    )]
    maxbackup: u32,
    /// Sync to the disk: batch, before a request is answered; never, when the kernel likes; or after this time, such as 1s
    #[arg(long, value_name = "batch|never|DURATION", default_value = "1s", value_parser = sync_policy, help_heading = "What is written")]
    fsync: SyncPolicy,
    /// Know a body again that is posted a second time, among this many; 0: write it again
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(..=1 << 20), help_heading = "What is written")]
    remember: u32,
    /// The longest body, in bytes; two of them may be under way
    #[arg(long, value_name = "BYTES", default_value_t = MAX_BODY, value_parser = clap::value_parser!(u32).range(1..=1 << 30), help_heading = "Limits")]
    max_body: u32,
    /// The most connections at a time; one that is idle leaves its place to another, or others wait
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Limits")]
    max_connections: u32,
    /// How long a handshake, the first request and a body may each take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration, help_heading = "Limits")]
    timeout: Duration,
    /// How long requests may take to finish when the end is asked for
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration, help_heading = "Limits")]
    grace: Duration,
    /// Which format.
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormArg {
    /// A line for people
    Line,
    /// A JSON object a line, as in the API server's own log
    Json,
    /// Comma-separated: time, level, stage, URI, verb, user, source IPs, resource, name, decision, reason, or --fields
    Csv,
}

fn sync_policy(text: &str) -> Result<SyncPolicy, String> {
    match text {
        "batch" => Ok(SyncPolicy::Batch),
        "never" => Ok(SyncPolicy::Never),
        interval => match duration(interval)? {
            Duration::ZERO => Err("it is batch, never, or a duration above zero".to_owned()),
            interval => Ok(SyncPolicy::Interval(interval)),
        },
    }
}

/// Receives until it is asked to end.
pub(super) fn run(args: &ReceiveArgs, output: &mut Output<'_>) -> Exit {
    if output.json && args.output_file.is_none() {
        let refusal = Diagnostic::error("events and -o json would both be on standard output")
            .help("write the events to a file with --output-file; --format json is the form of the events");
        return end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage));
    }
    if !args.fields.is_empty() && args.format != FormArg::Csv {
        let refusal = Diagnostic::error("--fields are those of --format csv").help("--format csv");
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
            report.details = Some(("received", details(&received)));
            let exit = conclude(args, &received, &mut report);
            if output.json {
                return end(output, (report, exit));
            }
            // Standard output has events, and nothing else.
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

/// What is dangerous about the options.
fn remark(args: &ReceiveArgs) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    if args.listen.ip().is_loopback() {
        return notes;
    }
    let address = args.listen;
    if args.tls_cert.is_none() {
        let what = if args.token_file.is_some() { "events and the token" } else { "events" };
        notes.push(
            Diagnostic::warning(format!(
                "without TLS {what} come over the network to {address} in the clear"
            ))
            .named("receive-without-tls")
            .help("--tls-cert FILE --tls-key FILE"),
        );
    }
    if args.token_file.is_none() && args.client_ca.is_none() {
        notes.push(
            Diagnostic::warning(format!("whoever reaches {address} can send events of his own making"))
                .named("receive-from-anybody")
                .help("--token-file FILE, or --client-ca FILE"),
        );
    }
    notes
}

fn conclude(args: &ReceiveArgs, received: &Received, report: &mut Report) -> Exit {
    let metrics = &received.metrics;
    report.message = format!(
        "{} in {} written, {} repeated, {} refused",
        counted(metrics.events.get(), "event"),
        counted(metrics.batches.get(), "batch"),
        counted(metrics.repeated.get(), "batch"),
        counted(metrics.rejected(), "request")
    );
    if received.cut > 0 {
        let text = format!(
            "cut after {:?}: {}",
            args.grace,
            counted(u64::try_from(received.cut).unwrap_or(u64::MAX), "connection")
        );
        let hint = "what they were sending was not answered: the API server sends it again";
        report.notes.push(Diagnostic::warning(text).named("receive-cut").help(hint));
    }
    let unreadable = metrics.unreadable.get();
    if unreadable > 0 {
        let text = format!("{unreadable} of the events kaudit cannot read: they are written as they came");
        let hint =
            "a later release of Kubernetes may have sent them, and a later one of kaudit may read them";
        report.notes.push(Diagnostic::warning(text).named("receive-unreadable").help(hint));
    }
    match &received.broken {
        None => Exit::Done,
        Some(why) => {
            let refusal = Diagnostic::error(format!("events cannot be written any more: {why}"));
            report
                .refusals
                .push(refusal.help("requests since then were answered 503: the API server sends them again"));
            Exit::ManualIntervention
        }
    }
}

fn details(received: &Received) -> Value {
    let metrics = &received.metrics;
    json!({
        "events": metrics.events.get(),
        "unreadable": metrics.unreadable.get(),
        "batches": metrics.batches.get(),
        "repeatedBatches": metrics.repeated.get(),
        "bytes": metrics.bytes.get(),
        "rejected": metrics.rejected(),
        "writeFailures": metrics.write_failures.get(),
        "rotations": metrics.rotations.get(),
        "connections": metrics.connections.get(),
        "handshakeFailures": metrics.handshake_failures.get(),
        "cut": received.cut,
    })
}

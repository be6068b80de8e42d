//! argv → what was typed → what is wanted → run → exit code.

mod args;
mod audit_options;
mod change;
mod collector;
mod columns;
mod demo;
mod enable;
mod help;
mod intent;
mod live;
mod logs;
mod named_policy;
mod policy;
mod receive;
mod recover;
mod status;
mod webhook;

use crate::exit::Exit;
use crate::kubelet::Kubelet;
use crate::node::{Node, Process, now};
use crate::observe::{Obstacle, find_kubelet, look, manifest_path};
use crate::plan::{Content, Plan, Survey, plan_disable, plan_restart, plan_rollback};
use crate::refusal::Refusal;
use crate::report::{Loss, Output, Report, print_report};
use crate::styles::Styles;
use args::{Cli, Color, Command, Format, Global, NodeCommand};
use change::{Change, Planned};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// What the process was started with; nothing else of the environment is looked at.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the process")]
pub struct Environment {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor 0.
    pub force_color: bool,
    /// Standard output is a terminal.
    pub out_is_terminal: bool,
    /// Standard error is a terminal.
    pub err_is_terminal: bool,
    /// Standard input is a terminal.
    pub in_is_terminal: bool,
    /// How many columns standard output has, where it is a terminal that tells.
    pub out_columns: Option<usize>,
}

impl Environment {
    /// The real one.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            arguments: std::env::args_os().collect(),
            no_color: is_set("NO_COLOR"),
            force_color: std::env::var_os("CLICOLOR_FORCE")
                .is_some_and(|value| !value.is_empty() && value != "0"),
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            in_is_terminal: io::stdin().is_terminal(),
            out_columns: Node::terminal_columns(),
        }
    }
}

/// Runs one command line.
pub fn run(environment: &Environment, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let cli = match Cli::try_parse_from(&environment.arguments) {
        Ok(cli) => cli,
        Err(error) => return print_usage(&error, environment, out, err),
    };
    // The form of its output is a matter of this command's own.
    let is_stream = matches!(&cli.command, Command::Logs(args) if args.prints_events());
    if matches!(cli.global.output, Format::Wide | Format::Csv) && !matches!(cli.command, Command::Logs(_)) {
        let text = "-o wide and -o csv are forms of kaudit logs alone";
        return print_usage(&Cli::command().error(ErrorKind::InvalidValue, text), environment, out, err);
    }
    if matches!(cli.command, Command::Demo) && !cli.global.fits_demo() {
        let text =
            "kaudit demo makes a node of its own and prints text: it takes no -o, --root or --manifest";
        return print_usage(&Cli::command().error(ErrorKind::ArgumentConflict, text), environment, out, err);
    }
    let mut output = Output {
        out,
        err,
        out_styles: styles(cli.global.color, environment, true),
        err_styles: styles(cli.global.color, environment, false),
        json: cli.global.output == Format::Json && !is_stream,
        quiet: cli.global.quiet,
        verbose: cli.global.verbose,
        shows_progress: environment.err_is_terminal && !cli.global.quiet,
        out_columns: environment.out_columns,
        loss: Loss::None,
    };
    let interactive = environment.in_is_terminal && environment.out_is_terminal && !output.json;
    let exit = dispatch(cli, interactive, &mut output);
    output.exit_unless_lost(exit, false)
}

/// What clap has to say: help, or what is wrong.
fn print_usage(
    error: &clap::Error,
    environment: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let is_help = !error.use_stderr();
    let stream: &mut dyn Write = if is_help { out } else { &mut *err };
    let styled = error.render();
    let color = styles(Color::Auto, environment, is_help) == Styles::colored();
    let text = if color { styled.ansi().to_string() } else { styled.to_string() };
    match write!(stream, "{text}").and_then(|()| stream.flush()) {
        _ if !is_help => Exit::Usage,
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            drop(writeln!(err, "refused: writing standard output: {error}"));
            Exit::Refused
        }
        Ok(()) | Err(_) => Exit::Done,
    }
}

fn styles(color: Color, environment: &Environment, of_out: bool) -> Styles {
    let is_terminal = if of_out { environment.out_is_terminal } else { environment.err_is_terminal };
    let on = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if environment.no_color => false,
        Color::Auto => environment.force_color || is_terminal,
    };
    if on { Styles::colored() } else { Styles::plain() }
}

fn dispatch(cli: Cli, interactive: bool, output: &mut Output<'_>) -> Exit {
    match cli.command {
        Command::OnNode(command) => run_on_node(command, &cli.global, interactive, output),
        Command::Logs(args) => logs::run(&args, &cli.global, output),
        Command::Policy(args) => policy::run(&args, &cli.global, output),
        Command::Webhook(args) => webhook::run(&args, &cli.global, output),
        Command::Receive(args) => receive::run(&args, output),
        Command::Collector(args) => collector::run(&args, &cli.global, output),
        Command::Demo => demo::run(output),
    }
}

fn run_on_node(command: NodeCommand, global: &Global, interactive: bool, output: &mut Output<'_>) -> Exit {
    let target = match Target::of(global) {
        Ok(target) => target,
        Err(obstacle) => {
            let (mut report, exit) = refuse(obstacle);
            if matches!(command, NodeCommand::Status) {
                // It never changes anything.
                report.message.clear();
            }
            return end(output, (report, exit));
        }
    };
    let change = |command, verb, consent, restart| Change {
        command,
        consent,
        interactive,
        verb,
        restart,
        ignored: &[],
    };
    let result = match command {
        NodeCommand::Enable(args) => match intent::understand(&args.settings, &target) {
            Ok(wanted) => {
                let ignored = &args.settings.ignore.ignore_preflight_errors;
                let change = Change {
                    ignored,
                    ..change("enable", "Enable audit logging", args.consent, args.restart)
                };
                change.run(&target, output, |target, verbose| enable::plan(target, &wanted, ignored, verbose))
            }
            Err(refusal) => refuse(refusal.into()),
        },
        NodeCommand::Diff(settings) => match intent::understand(&settings, &target) {
            Ok(wanted) => {
                let ignored = &settings.ignore.ignore_preflight_errors;
                enable::diff(&target, &wanted, ignored, output.verbose)
            }
            Err(refusal) => refuse(refusal.into()),
        },
        NodeCommand::Disable(args) => change("disable", "Disable audit logging", args.consent, args.restart)
            .run(&target, output, |target, _| {
                let (manifest, observed) = enable::read_for_change(&target.node, &target.manifest)?;
                Ok(Planned::of(plan_disable(&manifest, &observed)?, &observed))
            }),
        NodeCommand::Rollback(args) => {
            change("rollback", "Roll back", args.consent, args.restart).run(&target, output, |target, _| {
                let (_, observed) = enable::read_for_change(&target.node, &target.manifest)?;
                Ok(Planned::of(plan_rollback(&observed, args.to, args.discard_edits)?, &observed))
            })
        }
        NodeCommand::Restart(args) => {
            let time = now();
            change("restart", "Restart the API server", args.consent, args.restart).run(
                &target,
                output,
                |target, _| {
                    let (manifest, mut observed) = enable::read_for_change(&target.node, &target.manifest)?;
                    look(&target.node, &mut observed, &Survey::of_inputs(&manifest))?;
                    Ok(Planned::of(plan_restart(&manifest, &observed, &time)?, &observed))
                },
            )
        }
        NodeCommand::Recover(waiting) => recover::run(&target, waiting, output),
        NodeCommand::Status => status::run(&target, output.verbose),
    };
    end(output, result)
}

fn end(output: &mut Output<'_>, (report, exit): (Report, Exit)) -> Exit {
    print_report(output, &report, exit);
    output.exit_unless_lost(exit, report.changed && !report.dry_run)
}

/// Turns an obstacle into the end of a run.
fn refuse(obstacle: Obstacle) -> (Report, Exit) {
    let refusals = match obstacle {
        Obstacle::Refused(refusals) => refusals,
        Obstacle::Failed(error) => vec![Refusal::new(format!("{error:#}"))],
    };
    let report = Report { refusals, message: "Nothing was changed.".to_owned(), ..Report::default() };
    (report, Exit::Refused)
}

/// The node and the manifest that a command works on.
#[derive(Debug)]
struct Target {
    node: Node,
    /// The tree below `--root`, or nothing for the live node.
    root: Option<PathBuf>,
    /// The running kubelet, or why there is none to go by; nothing for a tree.
    kubelet: Option<Result<Kubelet, Vec<Refusal>>>,
    manifest: PathBuf,
}

impl Target {
    /// Whether `--root` names the machine's own root: files are changed under a running kubelet.
    fn is_live_tree(&self) -> bool {
        self.root.as_deref() == Some(Path::new("/"))
    }

    /// The kubelet that has to restart the API server for `plan`; `None` for a tree, and for a plan that does not change
    /// the manifest.
    fn live_kubelet(&self, plan: &Plan) -> Option<Result<&Kubelet, Vec<Refusal>>> {
        let changes_manifest = plan.changed_files().any(|file| file.content == Content::Manifest);
        let kubelet = self.kubelet.as_ref().filter(|_| changes_manifest)?;
        Some(kubelet.as_ref().map_err(Clone::clone))
    }

    /// The API server that runs on a live node, as far as it can be told.
    fn api_server(&self) -> Option<Process> {
        let kubelet = self.kubelet.as_ref()?.as_ref().ok()?;
        self.node.processes().api_servers(&kubelet.root_dir).ok()?.pop()
    }

    fn of(global: &Global) -> Result<Self, Obstacle> {
        let root = global.root.clone().unwrap_or_else(|| PathBuf::from("/"));
        let node = Node::at(&root);
        if node.directory_metadata(Path::new("/"))?.is_none() {
            return Err(Refusal::new(format!("--root {} is not a directory", root.display())).into());
        }
        let kubelet = match global.root {
            None => Some(match find_kubelet(&node) {
                Ok(kubelet) => Ok(kubelet),
                Err(Obstacle::Refused(refusals)) => Err(refusals),
                Err(failed) => return Err(failed),
            }),
            Some(_) => None,
        };
        let running = kubelet.as_ref().and_then(|found| found.as_ref().ok());
        let manifest = manifest_path(&node, global.manifest.as_deref(), running)?;
        Ok(Self { node, root: global.root.clone(), kubelet, manifest })
    }
}

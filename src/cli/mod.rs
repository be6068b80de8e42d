//! Command line → command → exit code. One file or folder per command.

mod audit_options;
mod change;
mod collector;
mod columns;
mod command_line;
mod demo;
mod diff;
mod disable;
mod enable;
mod end;
mod environment;
mod global;
mod intent;
mod live;
mod logs;
mod named_policy;
mod options;
mod planned;
mod policy;
mod receive;
mod recover;
mod restart;
mod rollback;
#[cfg(test)]
mod schema;
mod settings;
mod status;
mod target;
mod webhook;

use crate::exit::Exit;
use crate::printable::escape;
use crate::report::{Loss, Output, Report, harmless_lines};
use change::Context;
use clap::Parser as _;
use command_line::{Cli, Command};
use end::{end, refuse, refuse_reading};
pub use environment::Environment;
use global::{Color, NodeOptions};
use std::borrow::Cow;
use std::io::{self, Write};
use target::Target;

/// Runs one command line.
pub fn run(environment: &Environment, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let Cli { command, global } = match Cli::try_parse_from(&environment.arguments) {
        Ok(cli) => cli,
        Err(error) => return print_usage(&error, environment, out, err),
    };
    let mut output = Output {
        out,
        err,
        out_styles: environment.out_styles(global.color),
        err_styles: environment.err_styles(global.color),
        json: command.prints_json(),
        quiet: global.quiet,
        verbose: global.verbose,
        shows_progress: environment.err_is_terminal && !global.quiet,
        out_columns: environment.out_columns,
        err_columns: environment.err_columns,
        loss: Loss::None,
    };
    let interactive = environment.in_is_terminal && environment.out_is_terminal && !output.json;
    let exit = dispatch(command, interactive, &mut output);
    output.exit_unless_lost(exit, false)
}

/// Prints clap's help or its usage error.
fn print_usage(
    error: &clap::Error,
    environment: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let is_help = !error.use_stderr();
    let stream: &mut dyn Write = if is_help { out } else { &mut *err };
    let styles =
        if is_help { environment.out_styles(Color::Auto) } else { environment.err_styles(Color::Auto) };
    // clap quotes the arguments as they were given.
    let quoted = environment.arguments.iter().map(|argument| argument.to_string_lossy());
    let text = quoted.fold(error.render().ansi().to_string(), |text, argument| match escape(&argument) {
        Cow::Owned(escaped) => text.replace(&*argument, &escaped),
        Cow::Borrowed(_) => text,
    });
    let text = harmless_lines(&text, styles);
    match write!(stream, "{text}").and_then(|()| stream.flush()) {
        _ if !is_help => Exit::Usage,
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            drop(writeln!(err, "error: writing standard output: {error}"));
            Exit::Refused
        }
        Ok(()) | Err(_) => Exit::Done,
    }
}

fn dispatch(command: Command, interactive: bool, output: &mut Output<'_>) -> Exit {
    let context = Context { interactive };
    match command {
        Command::Enable(it) => {
            on_node(&it.node, output, |target, output| enable::run(&it.args, context, target, output))
        }
        Command::Diff(it) => on_node(&it.node, output, |target, output| diff::run(&it.args, target, output)),
        Command::Disable(it) => {
            on_node(&it.node, output, |target, output| disable::run(it.args, context, target, output))
        }
        Command::Rollback(it) => {
            on_node(&it.node, output, |target, output| rollback::run(&it.args, context, target, output))
        }
        Command::Restart(it) => {
            on_node(&it.node, output, |target, output| restart::run(it.args, context, target, output))
        }
        Command::Recover(it) => {
            on_node(&it.node, output, |target, output| recover::run(target, it.args, output))
        }
        Command::Status(it) => match Target::of(&it.node) {
            Ok(target) => {
                let result = status::run(&target, output.verbose);
                end(output, result)
            }
            Err(obstacle) => end(output, refuse_reading(obstacle)),
        },
        Command::Logs(args) => logs::run(&args, output),
        Command::Policy(args) => policy::run(&args, output),
        Command::Webhook(args) => webhook::run(&args, output),
        Command::Receive(args) => receive::run(&args, output),
        Command::Collector(args) => collector::run(&args, output),
        Command::Demo => demo::run(output, run),
    }
}

/// Runs a command that changes the node, or would.
fn on_node(
    options: &NodeOptions,
    output: &mut Output<'_>,
    run: impl FnOnce(&Target, &mut Output<'_>) -> (Report, Exit),
) -> Exit {
    let result = match Target::of(options) {
        Ok(target) => run(&target, output),
        Err(obstacle) => refuse(obstacle),
    };
    end(output, result)
}

//! The end of a run, as people and programs get it.

use super::*;
use crate::exit::Exit;
use serde_json::Value;

/// What a report of one cause prints on standard error, and as JSON.
fn printed(exit: Exit, rolled_back: bool) -> (String, Value) {
    let report = Report {
        refusals: vec![Diagnostic::error("/readyz answers 500").help("look into the log")],
        restart: Restarted { rolled_back, ..Restarted::default() },
        ..Report::default()
    };
    (print(&report, exit, false).1, serde_json::from_str(&print(&report, exit, true).0).unwrap())
}

/// Both streams.
fn print(report: &Report, exit: Exit, json: bool) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output { json, ..Output::plain(&mut out, &mut err) };
    print_report(&mut output, report, exit);
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn foreign_text_cannot_control_the_terminal() {
    let report = Report {
        notes: vec![Diagnostic::warning("it says \u{1b}[2Jok").help("look\u{202e}there")],
        refusals: vec![Diagnostic::error("it ended:\nno\u{9b}31m")],
        ..Report::default()
    };
    let said =
        "warning: it says \\u001b[2Jok\n  help: look\\u202ethere\nerror: it ended:\n       no\\u009b31m\n";
    assert_eq!(print(&report, Exit::Refused, false).1, said);
}

#[test]
fn the_end_says_whether_the_node_was_restored() {
    const BACK: &str = "/readyz answers 500; the previous configuration is restored and healthy";
    for (exit, rolled_back, message) in [
        (Exit::Refused, false, "/readyz answers 500"),
        (Exit::RolledBack, true, BACK),
        (Exit::ManualIntervention, false, "/readyz answers 500"),
        (Exit::Interrupted, true, BACK),
    ] {
        let (text, json) = printed(exit, rolled_back);
        assert_eq!(text, "error: /readyz answers 500\n  help: look into the log\n", "{exit:?}");
        assert_eq!(json["msg"], message, "{exit:?}");
        assert_eq!(json["hint"], "look into the log", "{exit:?}");
        let expected = serde_json::json!({
            "id": null, "severity": "error", "message": "/readyz answers 500", "evidence": [],
            "location": { "file": null, "excerpt": null }, "help": ["look into the log"],
        });
        assert_eq!(json["diagnostics"], serde_json::json!([expected]), "{exit:?}");
    }
}

/// Takes nothing.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn only_a_reader_that_goes_is_no_loss() {
    for (kind, losses) in [(io::ErrorKind::StorageFull, 1), (io::ErrorKind::BrokenPipe, 0)] {
        let (mut out, mut err) = (Broken(kind), Vec::new());
        let mut output = Output::plain(&mut out, &mut err);
        output.line("lost");
        let told = [output.take_loss(), output.take_loss()].into_iter().flatten().count();
        assert_eq!(told, losses, "{kind}");
    }
}

#[test]
fn a_question_is_answered_on_its_own_line() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output::plain(&mut out, &mut err);
    output.prompt("Roll back? [y/N] ");
    assert_eq!(out, b"Roll back? [y/N] ");
}

//! The end of a run, as people and programs get it.

use super::*;
use crate::exit::Exit;

/// What a report of one cause prints on standard error, and as JSON.
fn printed(exit: Exit, rolled_back: bool) -> (String, Value) {
    let report = Report {
        refusals: vec![Refusal::new("/readyz answers 500").help("look into the log")],
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
fn what_others_have_said_does_nothing_to_the_terminal() {
    let report = Report {
        notes: vec![Note::warning("it says \u{1b}[2Jok").hint("look\u{202e}there")],
        refusals: vec![Refusal::new("it ended:\nno\u{9b}31m")],
        ..Report::default()
    };
    let said = "warning: it says \\u001b[2Jok\n  hint: look\\u202ethere\nrefused: it ended:\nno\\u009b31m\n";
    assert_eq!(print(&report, Exit::Refused, false).1, said);
}

#[test]
fn only_what_was_refused_is_called_so() {
    const BACK: &str = "/readyz answers 500; everything is as before, and healthy again";
    for (exit, rolled_back, label, message) in [
        (Exit::Refused, false, "refused", "/readyz answers 500"),
        (Exit::Busy, false, "refused", "/readyz answers 500"),
        (Exit::RolledBack, true, "failed", BACK),
        (Exit::NeedsHands, false, "failed", "/readyz answers 500"),
        (Exit::Interrupted, true, "ended", BACK),
        (Exit::Terminated, false, "ended", "/readyz answers 500"),
    ] {
        let (text, json) = printed(exit, rolled_back);
        assert_eq!(text, format!("{label}: /readyz answers 500\n  help: look into the log\n"), "{exit:?}");
        assert_eq!(json["msg"], message, "{exit:?}");
        assert_eq!(json["hint"], "look into the log", "{exit:?}");
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

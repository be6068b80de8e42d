//! The Go program of `tests/go/policy`, if it is available.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{env, thread};

/// The program, named by `KAUDIT_GO_POLICY`.
pub(crate) fn program() -> Option<String> {
    env::var("KAUDIT_GO_POLICY").ok()
}

/// Runs the program on lines of JSON and returns the lines that it answers, without what they were asked.
pub(crate) fn ask(program: &str, questions: Vec<u8>) -> String {
    let mut child =
        Command::new(program).arg("-brief").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(&questions));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

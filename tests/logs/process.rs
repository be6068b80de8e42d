//! The program itself: a log that is followed through a pipe, and pipes that nobody reads any more.

use super::lumberjack::{Lumberjack, compress};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

fn logs(directory: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kaudit"))
        .arg("logs")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn event(number: usize) -> String {
    format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"{number}\",\"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/pods\",\"verb\":\"list\",\"user\":{{\"username\":\"alice\"}}}}\n"
    )
}

#[test]
fn a_log_is_followed_across_rotations() {
    const EVENTS: usize = 20_000;
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Lumberjack::new(directory.path());
    writer.write(&event(0));
    let mut child = logs(directory.path(), &["-f", "audit.log", "--fields", "audit-id", "--user", "alice"]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut numbers = lines.map(|line| line.unwrap().trim().parse::<usize>().unwrap());
    let mut seen = vec![numbers.next().unwrap()];
    let writing = thread::spawn(move || {
        for number in 1..EVENTS {
            writer.write(&event(number));
            if number % 500 == 499 {
                compress(&writer.rotate().unwrap());
                thread::sleep(Duration::from_millis(20));
            }
        }
    });
    seen.extend(numbers.take(EVENTS - 1));
    writing.join().unwrap();
    assert_eq!(seen, (0..EVENTS).collect::<Vec<_>>());
    // The pipe is closed, so it ends by itself although nothing more comes.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn a_reader_that_goes_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let log: String = (0..50_000).map(event).collect();
    fs::write(directory.path().join("audit.log"), log).unwrap();
    for arguments in [&["audit.log"][..], &["audit.log", "-o", "json"], &["audit.log", "-f", "--tail", "all"]]
    {
        let mut child = logs(directory.path(), arguments);
        let mut some = [0; 1000];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

#[test]
fn a_log_that_is_not_there_is_said_to_be_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    for path in ["typo.log", "typo/audit.log"] {
        let mut child = logs(directory.path(), &["-f", path]);
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(line, format!("note[log-awaited]: waiting for {path}: the file does not exist yet\n"));
    }
}

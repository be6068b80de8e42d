//! The program has the same result for every way to pass it a log.

use super::properties::log;
use crate::policy::random::Random;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn kaudit(arguments: &[&str], directory: &Path) -> Command {
    let mut kaudit = Command::new(env!("CARGO_BIN_EXE_kaudit"));
    kaudit.args(["policy", "replay", "default"]).args(arguments).current_dir(directory).env_clear();
    kaudit
}

/// What is printed with `-o json`, but for the names of the files.
fn outcome(mut command: Command) -> Value {
    let output = command.args(["-o", "json"]).stderr(Stdio::inherit()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let mut printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let replay = &mut printed["replay"];
    for key in ["files", "firstMalformed", "repeated"] {
        replay["log"][key].take();
    }
    replay.take()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_log_may_come_as_it_likes() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let log = (0..4).map(|seed| log(&mut Random::new(seed))).collect::<String>();
    let (first, rest) = log.split_at(log.match_indices('\n').nth(700).unwrap().0 + 1);
    let (second, third) = rest.split_at(rest.match_indices('\n').nth(300).unwrap().0 + 1);

    fs::write(place("whole.txt"), &log).unwrap();
    let expected = outcome(kaudit(&["whole.txt"], directory.path()));
    assert!(expected["log"]["events"].as_u64().unwrap() >= 1600, "{expected}");
    assert!(expected["policies"][0]["logged"]["events"].as_u64().unwrap() > 100, "{expected}");

    fs::write(place("whole.gz"), gzip(log.as_bytes())).unwrap();
    // Some tools write several members, one after the other.
    fs::write(place("members"), [gzip(first.as_bytes()), gzip(rest.as_bytes())].concat()).unwrap();
    fs::create_dir(place("rotated")).unwrap();
    fs::write(place("rotated/audit-2026-11-20T03-14-15.000.log.gz"), gzip(first.as_bytes())).unwrap();
    fs::write(place("rotated/audit-2026-11-21T03-14-15.000.log"), second).unwrap();
    // This one is being compressed.
    fs::write(place("rotated/audit-2026-11-21T03-14-15.000.log.gz"), b"\x1f\x8b").unwrap();
    fs::write(place("rotated/audit.log"), third).unwrap();
    fs::write(place("rotated/notes.txt"), "no log").unwrap();
    for names in [vec!["whole.gz"], vec!["members"], vec!["rotated"], vec!["whole.txt", "./whole.txt"]] {
        assert_eq!(outcome(kaudit(&names, directory.path())), expected, "{names:?}");
    }
    for name in ["whole.txt", "whole.gz"] {
        let mut from_pipe = kaudit(&["-"], directory.path());
        from_pipe.stdin(fs::File::open(place(name)).unwrap());
        assert_eq!(outcome(from_pipe), expected, "{name}");
    }
}

#[test]
fn events_write_no_control_characters_to_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let event = r#"{"level":"Metadata","stage":"ResponseComplete","verb":"get","requestURI":"/x","user":{"username":"a\u202egol\u200bx\u001b[2J","groups":["g"]}}"#;
    fs::write(directory.path().join("audit.log"), event).unwrap();
    let output = kaudit(&["audit.log"], directory.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(r"a\u202egol\u200bx\u001b[2J"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("audit.log"), log(&mut Random::new(1))).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = kaudit(&["audit.log", "-q"], directory.path());
    let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).contains("panicked")),
        (Some(0), false)
    );
}

#[test]
fn a_log_that_cannot_be_opened_is_named_before_anything_is_read() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("audit.log"), log(&mut Random::new(1))).unwrap();
    let output = kaudit(&["audit.log", "gone.log"], directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("gone.log: No such file"), "{said}");
}

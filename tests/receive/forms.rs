//! Output formats of events.

use super::client::Client;
use super::events::{event, files, list, numbered};
use super::server::{Server, directory};
use kaudit::event::{Line, parse_line};
use kaudit::logs::Field;
use kaudit::receive::{Form, Written, read, write};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// An event with hostile values wherever a client can choose them.
fn nasty() -> Value {
    let mut nasty = event(7);
    nasty["user"]["username"] = json!("eve\n2026-11-21T00:00:00Z Metadata forged");
    nasty["impersonatedUser"] = json!({ "username": "\u{1b}[2Jroot", "groups": [] });
    nasty["requestURI"] = json!("/api/v1/x?a=\"b\",c&d=\u{202e}e\\f");
    nasty["sourceIPs"] = json!(["192.0.2.7", "2001:db8::1"]);
    nasty["objectRef"] =
        json!({ "resource": "deployments", "apiGroup": "apps", "subresource": "scale", "name": "-" });
    nasty["annotations"]["authorization.k8s.io/decision"] = json!("forbid");
    nasty["annotations"]["authorization.k8s.io/reason"] = json!("no \"rule\"\r\u{7f}, none");
    nasty
}

/// A minimal event.
fn bare() -> Value {
    json!({
        "level": "Metadata", "auditID": "2", "stage": "RequestReceived",
        "requestReceivedTimestamp": "2026-11-21T03:14:15Z",
    })
}

fn written_as(options: &str) -> String {
    let directory = directory();
    let options = format!("{options} --output-file events.log");
    let server = Server::start(directory.path(), &options);
    let body = list(&[event(1), nasty(), bare()]);
    assert_eq!(Client::plain(server.address).post("", &body).status, 200);
    assert_eq!(server.stop().code, Some(0));
    fs::read_to_string(directory.path().join("events.log")).unwrap()
}

#[test]
fn a_line_is_one_line_whatever_it_holds() {
    assert_eq!(
        written_as("--format line"),
        "2026-11-21T03:14:15.979323Z Metadata ResponseComplete 200 system:serviceaccount:shop:web - update configmaps shop/c1 /api/v1/namespaces/shop/configmaps/c1?timeout=30s 192.0.2.7 allow \"\"\n\
         2026-11-21T03:14:15.979323Z Metadata ResponseComplete 200 eve\\n2026-11-21T00:00:00Z\\u0020Metadata\\u0020forged \\u001b[2Jroot update deployments.apps/scale \\u002d /api/v1/x?a=\"b\",c&d=\\u202ee\\f 192.0.2.7;2001:db8::1 forbid \"no \\\"rule\\\"\\r\\u007f, none\"\n\
         2026-11-21T03:14:15Z Metadata RequestReceived - - - - - - - - - \"\"\n"
    );
}

#[test]
fn a_row_has_a_column_for_each_name() {
    assert_eq!(
        written_as("--format csv"),
        "time,level,stage,uri,verb,user,source-ips,resource,name,decision,reason\n\
         2026-11-21T03:14:15.979323Z,Metadata,ResponseComplete,/api/v1/namespaces/shop/configmaps/c1?timeout=30s,update,system:serviceaccount:shop:web,192.0.2.7,configmaps,c1,allow,\n\
         2026-11-21T03:14:15.979323Z,Metadata,ResponseComplete,\"/api/v1/x?a=\"\"b\"\",c&d=\\u202ee\\f\",update,\"eve\\n2026-11-21T00:00:00Z Metadata forged\",192.0.2.7;2001:db8::1,deployments.apps/scale,-,forbid,\"no \"\"rule\"\"\\r\\u007f, none\"\n\
         2026-11-21T03:14:15Z,Metadata,RequestReceived,,,,,,,,\n"
    );
}

#[test]
fn a_row_has_the_fields_that_are_named() {
    let text = written_as("--format csv --fields who,as,namespace,audit-id");
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[0], "who,as,namespace,audit-id");
    assert_eq!(rows[1], "system:serviceaccount:shop:web,,shop,00000001");
    assert!(rows[2].ends_with("forged as \\u001b[2Jroot\",\\u001b[2Jroot,,00000007"), "{text}");
}

/// Lines and CSV have the same values as `kaudit logs`.
#[test]
fn a_row_is_that_of_logs() {
    let typed = |mut event: Value| {
        event["kind"] = json!("Event");
        event["apiVersion"] = json!("audit.k8s.io/v1beta1");
        event
    };
    let mut old = bare();
    old["metadata"] = json!({ "creationTimestamp": "2020-01-02T03:04:05Z" });
    old["requestReceivedTimestamp"] = json!(null);
    old["user"] = json!(null);
    let events = [event(1), nasty(), old].map(typed);
    let body = list(&events);
    let batch = read(&body).unwrap();
    let fields: Vec<Field> = Field::ALL.map(|(field, _)| field).to_vec();
    let mut received = Form::Csv(fields.clone()).header();
    let count = write(&batch, &Form::Csv(fields.clone()), &mut received).unwrap();
    let form = kaudit::logs::Form::Csv(fields);
    let mut logged = form.head();
    for event in &events {
        let line = event.to_string();
        let Ok(Line::Event(event)) = parse_line(line.as_bytes()) else { panic!("{line}") };
        form.write(&event, &mut logged);
    }
    assert_eq!(String::from_utf8(received).unwrap(), String::from_utf8(logged).unwrap());
    assert_eq!(count, Written { events: 3, unreadable: 0 });
}

/// An event with a value of a later release is not lost.
#[test]
fn what_kaudit_cannot_read_is_kept_as_it_came() {
    let mut unknown = event(2);
    unknown["level"] = json!("Nonsense");
    unknown["user"]["username"] = json!("eve\u{202e}, \u{200b}");
    for (form, kept) in [
        ("json", String::new()),
        ("line", unknown.to_string().replace('\u{202e}', "\\u202e").replace('\u{200b}', "\\u200b")),
        ("csv", String::new()),
    ] {
        let directory = directory();
        let server = Server::start(directory.path(), &format!("--format {form} --output-file events.log"));
        let mut client = Client::plain(server.address);
        assert_eq!(client.post("", &list(&[event(1), unknown.clone(), event(3)])).status, 200);
        let metrics = client.get("/metrics").body;
        assert!(metrics.contains("\nkaudit_receive_events_total 3\n"), "{metrics}");
        assert!(metrics.contains("\nkaudit_receive_unreadable_events_total 1\n"), "{metrics}");
        let end = server.stop();
        assert_eq!(end.code, Some(0));
        let text = fs::read_to_string(directory.path().join("events.log")).unwrap();
        let second = text.lines().nth(if form == "csv" { 2 } else { 1 }).unwrap();
        match form {
            "json" => {
                let written: Value = serde_json::from_str(second).unwrap();
                assert_eq!((&written["level"], &written["user"]), (&unknown["level"], &unknown["user"]));
                assert_eq!(written["kind"], "Event");
            }
            "line" => assert_eq!(second, kept),
            _ => {
                assert!(second.starts_with("\"{\"\"annotations\"\":"), "{second}");
                assert!(second.ends_with("}\",,,,,,,,,,"), "{second}");
                assert!(second.contains("eve\\u202e, \\u200b"), "{second}");
            }
        }
    }
}

#[test]
fn json_is_what_came_with_the_type_of_the_log() {
    let text = written_as("--format json");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, mut sent) in lines.iter().zip([event(1), nasty(), bare()]) {
        sent["kind"] = json!("Event");
        sent["apiVersion"] = json!("audit.k8s.io/v1");
        assert_eq!(*line, sent);
    }
    assert_eq!(lines.len(), 3);
    assert!(
        text.starts_with("{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"annotations\":"),
        "{text}"
    );
}

#[test]
fn what_is_written_over_several_lines_becomes_one() {
    let directory = directory();
    let mut server = Server::start(directory.path(), "--format json");
    let mut typed = event(2);
    typed["kind"] = json!("Event");
    typed["apiVersion"] = json!("audit.k8s.io/v1beta1");
    typed["big"] = serde_json::from_str("123456789012345678901234567890.10").unwrap();
    let list = json!({ "kind": "EventList", "apiVersion": "audit.k8s.io/v1beta1", "items": [event(1), typed, event(3)] });
    let body = serde_json::to_string_pretty(&list).unwrap().replace('\n', "\r\n");
    let mut client = Client::plain(server.address);
    assert_eq!(client.post("Content-Type: application/json\r\n", body.as_bytes()).status, 200);
    let stdout = std::io::read_to_string({
        let stdout = server.stdout();
        server.stop();
        stdout
    })
    .unwrap();
    let lines: Vec<&str> = stdout.lines().collect();
    let [first, second, third] = lines[..] else { panic!("{stdout}") };
    assert!(
        first.starts_with(
            "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1beta1\",\"annotations\": {\"auth"
        ),
        "{first}"
    );
    let second: Value = serde_json::from_str(second).unwrap();
    assert_eq!(second["apiVersion"], "audit.k8s.io/v1beta1");
    let third: Value = serde_json::from_str(third).unwrap();
    assert_eq!((&third["kind"], &third["auditID"]), (&json!("Event"), &event(3)["auditID"]));
}

#[test]
fn an_empty_list_is_taken_and_nothing_is_written() {
    let directory = directory();
    let server = Server::start(directory.path(), "--format json --output-file events.log");
    let mut client = Client::plain(server.address);
    assert_eq!(client.post("", &list(&[])).status, 200);
    assert_eq!(
        client.post("", b"{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":null}").status,
        200
    );
    assert_eq!(client.post("", &numbered(0..2)).status, 200);
    let metrics = client.get("/metrics").body;
    assert!(metrics.contains("\nkaudit_receive_events_total 2\n"), "{metrics}");
    assert!(metrics.contains("\nkaudit_receive_batches_total 1\n"), "{metrics}");
    server.stop();
}

#[test]
fn real_events_are_taken() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The API server's own CSV, if available.
    let directories = ["tests/logs/testdata", "../shared/corpus/events"].map(|path| project.join(path));
    let mut taken = 0;
    for path in directories.iter().filter(|path| path.is_dir()).flat_map(|path| files(path, "")) {
        let text = fs::read_to_string(&path).unwrap();
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for event in events.filter(|event| event["kind"] == "Event") {
            // Outside of a list an event has no type of its own.
            let version = event["apiVersion"].as_str().unwrap_or("audit.k8s.io/v1");
            let body = json!({ "kind": "EventList", "apiVersion": version, "items": [event] });
            let body = serde_json::to_vec(&body).unwrap();
            match read(&body) {
                Ok(batch) => {
                    let mut line = Vec::new();
                    let count = write(&batch, &Form::Line, &mut line).unwrap();
                    let line = String::from_utf8(line).unwrap();
                    assert_eq!(count, Written { events: 1, unreadable: 0 }, "{line}");
                    assert!(line.contains(event["level"].as_str().unwrap()), "{line}");
                    taken += 1;
                }
                Err(rejection) => panic!("{rejection}: {}", path.display()),
            }
        }
    }
    assert!(taken >= 7, "{taken} events taken");
}

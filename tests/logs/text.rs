//! Text output: aligned, without control characters, and never wider than the terminal.

use kaudit::lines::Chunks;
use kaudit::logs::{Field, Filter, Form, Layout, Search};
use kaudit::styles::Styles;

const EVENTS: &str = concat!(
    r#"{"level":"Metadata","stage":"ResponseComplete","verb":"list","user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"shop"},"responseStatus":{"code":200},"stageTimestamp":"2026-11-21T03:14:15.926535Z","requestReceivedTimestamp":"2026-11-21T03:14:15.920000Z"}"#,
    "\n",
    r#"{"level":"Metadata","stage":"ResponseComplete","verb":"deletecollection","user":{"username":"system:serviceaccount:kube-system:generic-garbage-collector"},"impersonatedUser":{"username":"bob"},"objectRef":{"resource":"deployments","apiGroup":"apps","subresource":"scale","namespace":"a-namespace-with-a-long-name","name":"an-object-with-a-long-name-0123456789"},"responseStatus":{"code":403},"stageTimestamp":"2026-11-21T03:14:16.000000Z"}"#,
    "\n",
    r#"{"level":"Metadata","stage":"RequestReceived","verb":"get","user":{"username":"eve\n2026 forged\u001b[2J"},"requestURI":"/healthz?x","stageTimestamp":"2026-11-21T03:14:17.000000Z"}"#,
    "\n"
);

fn lines(layout: Layout) -> Vec<String> {
    let chunk = Chunks::new(EVENTS.as_bytes()).next(Vec::new()).unwrap().unwrap();
    let found = Search::new(Filter::default()).read(&chunk, &Form::Line(layout), None);
    String::from_utf8(found.lines).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn off_a_terminal_nothing_is_cut() {
    assert_eq!(
        lines(Layout::usual(Styles::plain(), None)),
        [
            "2026-11-21T03:14:15.926Z  200  list     alice                               pods                          shop/",
            "2026-11-21T03:14:16.000Z  403  deletecollection  system:serviceaccount:kube-system:generic-garbage-collector as bob  deployments.apps/scale  a-namespace-with-a-long-name/an-object-with-a-long-name-0123456789",
            "2026-11-21T03:14:17.000Z  -    get      eve\\n2026 forged\\u001b[2J           /healthz                      -",
        ]
    );
}

#[test]
fn on_a_terminal_a_line_fits() {
    for columns in [80, 100, 120, 200] {
        for line in lines(Layout::usual(Styles::plain(), Some(columns))) {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
    assert_eq!(
        lines(Layout::usual(Styles::plain(), Some(100)))[0],
        "2026-11-21T03:14:15.926Z  200  list     alice                 pods              shop/"
    );
}

#[test]
fn colours_change_nothing_else() {
    let colored = lines(Layout::usual(Styles::colored(), Some(120)));
    let plain = lines(Layout::usual(Styles::plain(), Some(120)));
    for (colored, plain) in colored.iter().zip(&plain) {
        let mut text = colored.clone();
        for code in ["0", "31", "32", "33", "36"] {
            text = text.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(text, *plain);
        assert_ne!(colored, plain);
    }
}

#[test]
fn fields_can_be_chosen() {
    let fields = [Field::Latency, Field::Who, Field::Uri, Field::Bytes];
    let first = &lines(Layout::new(&fields, Styles::plain(), None))[0];
    let words: Vec<&str> = first.split_whitespace().collect();
    assert_eq!(words[..3], ["6.535ms", "alice", "-"]);
    assert!(words[3].parse::<usize>().unwrap() > 200);
}

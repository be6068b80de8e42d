//! Events of all versions, and lines that have none.

use kaudit::event::{Asked, Event, Line, Malformed, Moment, parse_line};
use kaudit::policy::{Level, RequestRef, ResourceRef, Stage, TargetRef};

/// As kube-apiserver 1.36 writes it.
const V1: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/shop/deployments?fieldManager=kubectl","verb":"create","user":{"username":"alice","uid":"7","groups":["devs","system:authenticated"]},"impersonatedUser":{"username":"bob"},"sourceIPs":["192.0.2.7"],"userAgent":"kubectl/v1.36.2","objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"kind":"Deployment","metadata":{"name":"web"}},"requestReceivedTimestamp":"2026-11-21T03:14:15.926535Z","stageTimestamp":"2026-11-21T03:14:16.000001Z","annotations":{"authorization.k8s.io/decision":"allow"}}"#;
/// As 1.8 to 1.23 wrote it when they were told so: `timestamp` is when the request came, `creationTimestamp` when the
/// event was written; a zero time is null.
const V1BETA1: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1beta1","metadata":{"creationTimestamp":"2018-10-25T13:58:50Z"},"level":"Metadata","timestamp":"2018-10-25T13:58:49Z","auditID":"2","stage":"ResponseStarted","requestURI":"/api/v1/pods?watch=true","verb":"watch","user":{"username":"system:node:a","groups":["system:nodes"]},"sourceIPs":["::1"],"objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":null,"stageTimestamp":null}"#;
/// As 1.7 wrote it: the group stands in the version.
const V1ALPHA1: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1alpha1","metadata":{"creationTimestamp":null},"level":"Metadata","timestamp":"2017-07-12T11:02:43Z","auditID":"3","stage":"RequestReceived","requestURI":"/apis/extensions/v1beta1/namespaces/default/deployments/web","verb":"get","user":{"username":"kubecfg","groups":["system:masters"]},"objectRef":{"resource":"deployments","namespace":"default","name":"web","apiVersion":"extensions/v1beta1"}}"#;

fn event(line: &str) -> Event<'_> {
    match parse_line(line.as_bytes()) {
        Ok(Line::Event(event)) => event,
        other => panic!("{other:?}: {line}"),
    }
}

fn refused(line: &str) -> Malformed {
    parse_line(line.as_bytes()).expect_err(line)
}

/// A resource as the policy was asked about it.
fn resource<'a, G>(request: &RequestRef<'a, G>) -> ResourceRef<'a> {
    match request.target {
        TargetRef::Resource(resource) => resource,
        TargetRef::Path(path) => panic!("{path}"),
    }
}

#[test]
fn an_event_of_v1() {
    let event = event(V1);
    assert_eq!((event.level, event.stage), (Level::Request, Stage::ResponseComplete));
    assert_eq!(event.json, V1);
    assert_eq!(event.written_at(), "2026-11-21T03:14:16.000001Z");
    assert_eq!(event.received_at(), "2026-11-21T03:14:15.926535Z");
    assert_eq!(&*event.audit_id, "1");
    assert_eq!(event.request_object.unwrap().get(), r#"{"kind":"Deployment","metadata":{"name":"web"}}"#);
    assert!(event.response_object.is_none());
    assert_eq!(event.annotations.unwrap().get(), r#"{"authorization.k8s.io/decision":"allow"}"#);
    assert_eq!(event.impersonated_user.unwrap().get(), r#"{"username":"bob"}"#);
    let asked = Asked::of(&event);
    let request = asked.request();
    let user = request.user.as_ref().unwrap();
    assert_eq!(
        (user.name, &*user.groups[0], user.groups.len()),
        ("alice", "devs", 2),
        "not the impersonated user"
    );
    assert_eq!(asked.path(), "/apis/apps/v1/namespaces/shop/deployments");
    let named = ResourceRef {
        group: "apps",
        resource: "deployments",
        subresource: "",
        namespace: "shop",
        // The body named it, and the policy decides before there is a body.
        name: "",
    };
    assert_eq!(resource(&request), named);
}

#[test]
fn an_event_of_v1beta1() {
    let event = event(V1BETA1);
    assert_eq!(event.written_at(), "2018-10-25T13:58:50Z");
    assert_eq!(event.received_at(), "2018-10-25T13:58:49Z");
    let asked = Asked::of(&event);
    assert!(asked.is_long_running());
    assert_eq!(resource(&asked.request()).resource, "pods");
}

#[test]
fn an_event_of_v1alpha1() {
    let event = event(V1ALPHA1);
    assert_eq!(event.written_at(), "2017-07-12T11:02:43Z");
    assert_eq!(resource(&Asked::of(&event).request()).group, "extensions");
    let core = V1ALPHA1.replace("extensions/v1beta1\"}", "/v1\"}");
    let core = self::event(&core);
    assert_eq!(resource(&Asked::of(&core).request()).group, "");
}

#[test]
fn a_list_has_events() {
    let item = V1ALPHA1.replace(r#""kind":"Event","apiVersion":"audit.k8s.io/v1alpha1","#, "");
    let list = format!(
        r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1alpha1","items":[{item}, {{"level":1}}, {V1}]}}"#
    );
    let Ok(Line::List(events)) = parse_line(list.as_bytes()) else { panic!("{list}") };
    assert_eq!(events[0].as_ref().unwrap().json, item);
    assert!(matches!(events[1], Err(Malformed::NoEvent { .. })));
    assert_eq!(events[2].as_ref().unwrap().json, V1);
    let empty = r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":null}"#;
    assert!(matches!(parse_line(empty.as_bytes()), Ok(Line::List(events)) if events.is_empty()));
}

#[test]
fn what_a_shipper_left_out_is_empty() {
    let event = event(r#" {"stage":"Panic","level":"Metadata","user":null,"verb":null,"objectRef":null} "#);
    assert_eq!((event.stage, event.written_at()), (Stage::Panic, ""));
    let asked = Asked::of(&event);
    let request = asked.request();
    assert_eq!((request.user.is_none(), request.verb, request.target), (true, "", TargetRef::Path("")));
}

#[test]
fn an_array_is_no_object() {
    let line = |member: &str| format!(r#"{{"stage":"Panic","level":"Metadata",{member}}}"#);
    for member in [r#""user":["a"]"#, r#""objectRef":["pods"]"#, r#""metadata":["2018"]"#, r#""user":"a""#] {
        assert!(parse_line(line(member).as_bytes()).is_err(), "{member}");
    }
    assert!(parse_line(line(r#""user":{"username":"a"}"#).as_bytes()).is_ok());
}

#[test]
fn escapes_are_undone() {
    let line = V1.replace("\"alice\"", r#""al\u00efce \"x\"""#).replace("devs", r"d\u0065vs");
    let event = event(&line);
    let asked = Asked::of(&event);
    let user = asked.request().user.unwrap();
    assert_eq!((user.name, &*user.groups[0]), ("alïce \"x\"", "devs"));
}

#[test]
fn lines_without_an_event() {
    assert!(matches!(parse_line(b" \t\r"), Ok(Line::Blank)));
    assert_eq!(parse_line(b"\xff").unwrap_err(), Malformed::NotUtf8);
    for length in 1..V1.len() {
        assert_eq!(refused(&V1[..length]), Malformed::CutOff, "{length}");
    }
    assert_eq!(refused("I1121 03:14:15 1 audit.go:1] x"), Malformed::NotJson { column: 1 });
    assert_eq!(refused(&format!("{V1}{V1}")), Malformed::NotJson { column: V1.len() + 1 });
    assert_eq!(refused(&V1.replace("k8s.io/v1\"", "k8s.io/v2\"")), Malformed::UnknownVersion);
    for (from, to) in [
        ("\"Event\"", "\"Pod\""),
        ("\"Request\"", "\"None\""),
        ("\"Request\"", "\"request\""),
        ("\"ResponseComplete\"", "\"Complete\""),
        ("\"level\":\"Request\",", ""),
        ("\"verb\":\"create\"", "\"verb\":7"),
        ("\"verb\":\"create\"", "\"verb\":\"get\",\"verb\":\"create\""),
    ] {
        let line = V1.replace(from, to);
        assert_ne!(line, V1);
        assert!(matches!(refused(&line), Malformed::NoEvent { .. }), "{line}");
    }
    for line in ["[]", "7", "null", "\"x\"", "{}", r#"{"kind":"EventList","items":[]}"#] {
        assert!(matches!(refused(line), Malformed::NoEvent { .. }), "{line}");
    }
}

#[test]
fn times_are_in_utc() {
    let moment = |text: &str| Moment::parse(text).unwrap();
    let late = moment("2026-11-21T23:30:00-01:00");
    assert_eq!(late.to_string(), "2026-11-22T00:30:00Z");
    assert_eq!(late.day().to_string(), "2026-11-22");
    assert_eq!(late.since(moment("2026-11-21T00:30:00.999999Z")), 86_400);
    assert_eq!(moment("1969-12-31T23:59:59Z").day().to_string(), "1969-12-31");
    assert_eq!([Moment::parse(""), Moment::parse("yesterday"), Moment::parse("2026-11-21")], [None; 3]);
}

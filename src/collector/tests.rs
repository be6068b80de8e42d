//! The configurations of all shippers.

use super::*;

const PATH: &str = "/var/log/kubernetes/audit/audit.log";

/// Event sizes from unlimited to the minimum; 102400 is the default with `--log-truncate-enabled`.
const SIZES: [EventSize; 4] =
    [EventSize::Unbounded, EventSize::AtMost(102_400), EventSize::AtMost(1024), EventSize::Chosen(64 << 20)];

fn rendered(collector: &Collector, events: EventSize, to: &str) -> String {
    let file = LogFile::parse(PATH).unwrap();
    let settings = LogSettings { events, ..LogSettings::read(file, 36, |_| None) };
    render(collector, &settings, &Destination::parse(to, collector).unwrap())
}

#[test]
fn every_placeholder_is_replaced() {
    for collector in all() {
        for (events, to) in SIZES.into_iter().flat_map(|events| [(events, "sink"), (events, "2001:db8::1")]) {
            let text = rendered(collector, events, to);
            assert!(!text.contains("{{") && !text.contains("}}"), "{}:\n{text}", collector.name);
            assert!(text.contains(PATH), "{}", collector.name);
            assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 140), "{text}");
        }
    }
}

/// `in_tail` of Fluent Bit requires that `buffer_max_size` is at least `buffer_chunk_size`.
#[test]
fn the_first_buffer_of_fluent_bit_is_never_larger_than_the_largest() {
    let collector = find("fluent-bit").unwrap();
    for events in SIZES {
        let text = rendered(collector, events, "sink");
        let number = |key: &str| -> u64 {
            text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap().trim().parse().unwrap()
        };
        let (first, largest) = (number("buffer_chunk_size:"), number("buffer_max_size:"));
        assert!(first <= largest && largest >= events.line_limit(), "{events:?}: {first}, {largest}");
    }
}

/// 10 MiB (`message_max_bytes` in Elastic's reference of the filestream input).
#[test]
fn the_limit_of_filebeat_is_never_below_its_default() {
    let collector = find("filebeat").unwrap();
    for events in SIZES {
        let limit = events.line_limit().max(10_485_760);
        assert!(rendered(collector, events, "sink").contains(&format!("message_max_bytes: {limit}\n")));
    }
}

#[test]
fn an_ipv6_address_has_brackets_only_before_a_port() {
    for (name, line) in [
        ("alloy", "url = \"http://[2001:db8::1]:5/loki/api/v1/push\""),
        ("filebeat", "hosts: [\"[2001:db8::1]:5\"]"),
        ("fluent-bit", "host: \"2001:db8::1\""),
        ("fluentd", "host 2001:db8::1"),
        ("logtail", "Endpoint: \"[2001:db8::1]\""),
        ("otel", "endpoint: \"[2001:db8::1]:5\""),
        ("rsyslog", "target=\"2001:db8::1\" port=\"5\""),
        ("syslog-ng", "syslog(\"2001:db8::1\" port(5) transport(\"tcp\") ip-protocol(6));"),
        ("vector", "address: \"[2001:db8::1]:5\""),
    ] {
        let text = rendered(find(name).unwrap(), EventSize::Unbounded, "[2001:db8::1]:5");
        assert!(text.contains(line), "{name}:\n{text}");
    }
    assert_eq!(all().len(), 9);
}

#[test]
fn destinations_are_parsed_with_and_without_a_port() {
    let vector = find("vector").unwrap();
    for (text, host, port) in [
        ("sink", "sink", 6000),
        ("sink.example:1", "sink.example", 1),
        ("192.0.2.1:2", "192.0.2.1", 2),
        ("2001:db8::1", "2001:db8::1", 6000),
        ("[2001:db8::1]", "2001:db8::1", 6000),
        ("[2001:db8::1]:3", "2001:db8::1", 3),
        ("::1", "::1", 6000),
    ] {
        let expected = Destination { host: host.to_owned(), port };
        assert_eq!(Destination::parse(text, vector), Ok(expected), "{text}");
    }
    for text in [
        "",
        ":1",
        "sink:",
        "sink:0",
        "sink:65536",
        "a:b:c",
        "[sink]:1",
        "[::1",
        "::1]",
        "[]",
        "a b",
        "[[::1]]:1",
    ] {
        assert!(Destination::parse(text, vector).is_err(), "{text}");
    }
}

#[test]
fn names_are_sorted_and_found() {
    assert!(all().is_sorted_by_key(|collector| collector.name));
    assert_eq!(find("vector").unwrap().title, "Vector");
    assert_eq!(suggest("fluentbit").unwrap().name, "fluent-bit");
    assert_eq!(suggest("rsylog").unwrap().name, "rsyslog");
    assert_eq!(suggest("zzz"), None);
}

//! The table of audit flags against the facts extracted from the release branches of `k8s.io/apiserver`.
//!
//! `tests/audit/flags-by-version.tsv`: flag, first release (from 1.8 on), last release or `-`, and the defaults with the
//! release from which they apply. Names and releases are those of `AddFlags` in `pkg/server/options/audit.go` on each of
//! the branches release-1.8 to release-1.36; defaults are those of its flag set in 1.36, and of `NewAuditOptions` and the
//! functions that it calls on the other branches.

use kaudit::audit::flag::{self, AuditFlag};

const FACTS: &str = include_str!("flags-by-version.tsv");

fn as_fact(flag: &AuditFlag) -> String {
    let last = flag.until.map_or("-".to_owned(), |until| format!("1.{until}"));
    let defaults: Vec<String> =
        flag.defaults.iter().map(|(since, value)| format!("1.{since}={value}")).collect();
    format!("{}\t1.{}\t{last}\t{}", flag.name, flag.since, defaults.join(" "))
}

#[test]
fn the_table_matches_the_releases() {
    let facts: Vec<&str> = FACTS.lines().skip(1).collect();
    let table: Vec<String> = flag::all().iter().map(as_fact).collect();
    assert_eq!(table, facts);
}

#[test]
fn defaults_follow_the_release() {
    let default = |name: &str, minor| flag::find(name).unwrap().default_in(minor);
    assert_eq!(default("audit-log-maxage", 35), "0");
    assert_eq!(default("audit-log-maxage", 36), "366");
    assert_eq!(default("audit-log-maxsize", 35), "0");
    assert_eq!(default("audit-log-maxsize", 36), "100");
    assert_eq!(default("audit-log-compress", 16), "");
}

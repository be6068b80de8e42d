//! The JSON schemas in `docs/schema`, generated from the types that are printed.
//!
//! A test generates them, so that the program contains neither the code for it nor the dependency.

use super::collector::{CollectorView, CollectorsView};
use super::command_line::Cli;
use super::logs::TopView;
use super::policy::{
    CheckView, ChecksView, ClassesView, ExplanationView, LintView, MigratedView, PresetView, PresetsView,
    ReplayView,
};
use super::receive::ReceivedView;
use super::status::StatusView;
use super::webhook::WebhookView;
use crate::file::{FileState, Metadata};
use crate::node::{Effects as _, Node};
use crate::policy::DecisionLine;
use crate::report::{ReportView, Section};
use clap::CommandFactory as _;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");
/// A schema is some KiB.
const READ_LIMIT: u64 = 1 << 20;

/// The key that a command adds to the report, and the schema of its value.
type MakeSection = fn(&mut SchemaGenerator) -> (&'static str, Schema);

/// The commands whose `-o json` prints one report, and what they add to it.
const REPORTS: &[(&str, &[MakeSection])] = &[
    ("collector", &[section::<CollectorView<'_>>, section::<CollectorsView>]),
    ("diff", &[]),
    ("disable", &[]),
    ("enable", &[]),
    ("logs", &[section::<TopView>]),
    ("policy-diff", &[section::<ClassesView<'_>>]),
    ("policy-explain", &[section::<ExplanationView<'_>>]),
    ("policy-lint", &[section::<LintView<'_>>, section::<ChecksView>, section::<CheckView>]),
    ("policy-list", &[section::<PresetsView>]),
    ("policy-migrate", &[section::<MigratedView>]),
    ("policy-replay", &[section::<ReplayView<'_>>]),
    ("policy-show", &[section::<PresetView>]),
    ("receive", &[section::<ReceivedView>]),
    ("recover", &[]),
    ("restart", &[]),
    ("rollback", &[]),
    ("status", &[section::<StatusView>]),
    ("webhook-check", &[section::<WebhookView<'_>>]),
];
/// `policy explain --requests` prints one object for each request.
const REQUESTS: &str = "policy-explain-requests";

fn section<V: Section + JsonSchema>(generator: &mut SchemaGenerator) -> (&'static str, Schema) {
    (V::KEY, generator.subschema_for::<V>())
}

fn report(title: &str, sections: &[MakeSection]) -> Schema {
    let mut generator = generator();
    let sections: Vec<(&str, Schema)> = sections.iter().map(|section| section(&mut generator)).collect();
    let mut schema = generator.into_root_schema_for::<ReportView<'_>>();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).unwrap();
    // No section is required: a command that is refused prints none.
    properties.extend(sections.into_iter().map(|(key, schema)| (key.to_owned(), schema.to_value())));
    finish(title, schema)
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// Rejects unknown keys, so that a key without a schema fails the tests.
fn finish(title: &str, mut schema: Schema) -> Schema {
    RecursiveTransform(|schema: &mut Schema| {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    })
    .transform(&mut schema);
    schema.insert("title".to_owned(), json!(title));
    schema
}

/// The text of every file by its name.
fn files() -> BTreeMap<String, String> {
    let reports = REPORTS.iter().map(|(name, sections)| {
        (*name, report(&format!("kaudit {} -o json", name.replace('-', " ")), sections))
    });
    let requests = finish(
        "A line of kaudit policy explain --requests",
        generator().into_root_schema_for::<DecisionLine>(),
    );
    reports
        .chain([(REQUESTS, requests)])
        .map(|(name, schema)| {
            (format!("{name}.json"), format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()))
        })
        .collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment says whether to write the files")]
fn the_schemas_in_docs_are_those_of_the_types() {
    let mut node = Node::at("/");
    let read = |node: &Node| -> BTreeMap<String, String> {
        let entries = node.list(Path::new(DIRECTORY)).unwrap().into_iter();
        entries
            .filter(|entry| Path::new(&entry.name).extension().is_some_and(|extension| extension == "json"))
            .map(|entry| {
                let path = Path::new(DIRECTORY).join(&entry.name);
                let file = node.read_file(&path, READ_LIMIT).unwrap().unwrap();
                (entry.name, String::from_utf8(file.bytes).unwrap())
            })
            .collect()
    };
    let files = files();
    if std::env::var_os("KAUDIT_BLESS").is_some() {
        for (name, text) in &files {
            let file = FileState { bytes: text.clone().into_bytes(), metadata: Metadata::new(0o644, None) };
            node.replace_file(&Path::new(DIRECTORY).join(name), &file).unwrap();
        }
    }
    let written = read(&node);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        written.keys().collect::<Vec<_>>(),
        "the files in docs/schema; cargo xtask schema writes missing ones, delete the others"
    );
    for (name, text) in &files {
        assert!(written.get(name) == Some(text), "docs/schema/{name} is outdated: cargo xtask schema");
    }
}

#[test]
fn every_command_with_json_output_has_a_schema() {
    fn collect(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        let has_json = |argument: &clap::Arg| {
            argument.get_long() == Some("output")
                && argument.get_possible_values().iter().any(|value| value.get_name() == "json")
        };
        if command.get_subcommands().next().is_none() && command.get_arguments().any(has_json) {
            found.push(name.to_owned());
        }
        for subcommand in command.get_subcommands() {
            let separator = if name.is_empty() { "" } else { "-" };
            collect(subcommand, &format!("{name}{separator}{}", subcommand.get_name()), found);
        }
    }
    let mut found = Vec::new();
    collect(&Cli::command(), "", &mut found);
    found.sort();
    let named: Vec<&str> = REPORTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, named);
}

#[test]
fn an_unknown_key_is_rejected_at_every_depth() {
    fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
        match value {
            Value::Object(map) => {
                if map.get("properties").is_some_and(Value::is_object) {
                    found.push(map);
                }
                map.values().for_each(|value| objects(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| objects(value, found)),
            _ => {}
        }
    }
    for (name, sections) in REPORTS {
        let schema = report(name, sections).to_value();
        let mut found = Vec::new();
        objects(&schema, &mut found);
        assert!(found.len() > 5, "{name}");
        assert!(
            found.iter().all(|map| map.get("additionalProperties") == Some(&Value::Bool(false))),
            "{name}"
        );
    }
}

//! `policy explain`

use super::args::Explain as Args;
use super::end::misused;
use super::namesake;
use super::source::{PolicyText, load, minor};
use super::view::{ExplanationView, PassedOver};
use crate::cli::end::end;
use crate::cli::global::NodeOptions;
use crate::diagnostic::{Diagnostic, Position};
use crate::exit::Exit;
use crate::node::Node;
use crate::policy::{
    Decision, DecisionLine, Evaluator, Level, Policy, Request, RequestLine, RequestSpec, Stage, decide,
    describe_request, json_message, rule_positions, why_not,
};
use crate::report::{Details, Output, Report};
use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::Path;

/// Decides one request, or every request in a file.
///
/// # Errors
/// The policy or the requests cannot be read, or the arguments do not specify a request.
pub(super) fn run(args: &Args, options: &NodeOptions, output: &mut Output<'_>) -> super::end::Result {
    if args.policy == "-" && args.requests.as_deref() == Some(Path::new("-")) {
        let refusal = Diagnostic::error("standard input can be the policy or the requests, not both");
        return Ok(misused(refusal, output));
    }
    let minor = minor(&args.version, options)?;
    let (source, policy) = load(&args.policy, minor)?;
    let namesakes = namesake::notes([&args.policy]);
    if let Some(file) = &args.requests {
        for note in &namesakes {
            output.error_line(&format!("note: {}", note.message));
        }
        return decide_all(&policy, file, output);
    }
    let spec = RequestSpec {
        arguments: match args.kubectl.arguments(&args.arguments) {
            Ok(arguments) => arguments,
            Err(refusal) => return Ok(misused(refusal, output)),
        },
        raw: args.raw.clone(),
        namespace: args.namespace.clone(),
        all_namespaces: args.all_namespaces,
        is_watch: args.watch,
        subresource: args.subresource.clone(),
        user: args.user.clone(),
        groups: args.groups.clone(),
        no_user: args.no_user,
    };
    let (request, remarks) = match spec.request(minor) {
        Ok(understood) => understood,
        Err(refusal) => return Ok(misused(refusal, output)),
    };
    let decision = decide(&policy, &request);
    let positions = rule_positions(&source.text);
    let explained = Explained { source: &source, policy: &policy, request: &request, decision, positions };
    let report = Report {
        lines: explained.lines(output),
        details: Some(Details::of(&explained.view())),
        notes: namesakes.into_iter().chain(remarks.into_iter().map(Diagnostic::info)).collect(),
        ..Report::default()
    };
    Ok(end(output, (report, Exit::Done)))
}

struct Explained<'a> {
    source: &'a PolicyText,
    policy: &'a Policy,
    request: &'a Request,
    decision: Decision,
    positions: Vec<Option<Position>>,
}

impl Explained<'_> {
    fn line_of(&self, rule: usize) -> Option<usize> {
        self.positions.get(rule).copied().flatten().map(|position| position.line)
    }

    /// `policy.yaml:12`
    fn place_of(&self, rule: usize) -> String {
        match self.line_of(rule) {
            Some(line) => format!("{}:{line}", self.source.name),
            None => self.source.name.clone(),
        }
    }

    /// The rules before the deciding one, each with why it does not match.
    fn passed_over(&self) -> Vec<(usize, String)> {
        let before = self.decision.rule.unwrap_or(self.policy.rules.len());
        let rules = self.policy.rules.iter().enumerate().take(before);
        rules.filter_map(|(index, rule)| Some((index, why_not(rule, self.request)?))).collect()
    }

    fn stages(&self) -> Vec<Stage> {
        let is_logged =
            |stage: &Stage| self.decision.level != Level::None && !self.decision.omit_stages.contains(*stage);
        Stage::ALL.into_iter().filter(is_logged).collect()
    }

    fn lines(&self, output: &Output<'_>) -> Vec<String> {
        let styles = output.out_styles;
        let level = styles.bold(self.decision.level.name());
        let mut lines = vec![format!("request: {}", describe_request(self.request))];
        lines.push(match self.decision.rule {
            Some(rule) => {
                format!("level:   {level}, by rules[{rule}] at {}", styles.cyan(&self.place_of(rule)))
            }
            None => format!("level:   {level}, because no rule matches"),
        });
        if self.decision.level != Level::None {
            let stages: Vec<&str> = self.stages().into_iter().map(Stage::name).collect();
            let stages =
                if stages.is_empty() { "none: nothing is logged".to_owned() } else { stages.join(", ") };
            lines.push(format!("stages:  {stages}"));
        }
        if self.decision.level >= Level::Request {
            let fields = if self.decision.omit_managed_fields { "without" } else { "with" };
            lines.push(format!("bodies:  {fields} managed fields"));
        }
        if output.verbose {
            let why = |(rule, why): (usize, String)| {
                format!("  not rules[{rule}] at {}: {why}", styles.cyan(&self.place_of(rule)))
            };
            lines.extend(self.passed_over().into_iter().map(why));
        }
        lines
    }

    fn view(&self) -> ExplanationView<'_> {
        let passed_over = self.passed_over().into_iter();
        ExplanationView {
            request: describe_request(self.request),
            level: self.decision.level,
            rule: self.decision.rule,
            file: &self.source.name,
            line: self.decision.rule.and_then(|rule| self.line_of(rule)),
            stages: self.stages(),
            omit_stages: self.decision.omit_stages.iter().collect(),
            omit_managed_fields: self.decision.omit_managed_fields,
            passed_over: passed_over
                .map(|(rule, why)| PassedOver { rule, line: self.line_of(rule), why })
                .collect(),
        }
    }
}

/// Writes one line per line that is read. Only one line is in memory at a time, and results are flushed before waiting
/// for more input.
fn decide_all(policy: &Policy, file: &Path, output: &mut Output<'_>) -> super::end::Result {
    // Standard output has answers only, whatever else there is to say.
    output.json = false;
    let is_standard_input = file == Path::new("-");
    let shown = if is_standard_input { "standard input".to_owned() } else { file.display().to_string() };
    let unreadable = |error: anyhow::Error| Diagnostic::error(format!("{error:#}"));
    let evaluator = Evaluator::new(policy);
    let mut lines = Node::stream_operators_file(file).map_err(unreadable)?;
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut line = Vec::new();
    for number in 1.. {
        if !lines.buffer().contains(&b'\n') && output.flush_bytes().is_err() {
            break;
        }
        line.clear();
        let read = lines.read_until(b'\n', &mut line).map_err(|error| unreadable(error.into()))?;
        if read == 0 {
            break;
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let mut request: RequestLine<'_> =
            serde_json::from_slice(text).map_err(|error| refuse_line(&error, number, &shown))?;
        for key in std::mem::take(&mut request.unknown) {
            if !told.contains(&key) {
                output.error_line(&format!("warning: {shown}:{number}: unknown key {key:?} is ignored"));
                told.insert(key);
            }
        }
        let decision = evaluator.decide(&request.request());
        let answer = serde_json::to_string(&DecisionLine::from(&decision))
            .map_err(|error| unreadable(error.into()))?;
        // Nobody reads the answers any more; the questions may have no end.
        if output.bytes(format!("{answer}\n").as_bytes()).is_err() {
            break;
        }
    }
    Ok(Exit::Done)
}

fn refuse_line(error: &serde_json::Error, number: usize, shown: &str) -> Diagnostic {
    let mut refusal = Diagnostic::error(format!("this line is not a request: {}", json_message(error)))
        .in_file(shown)
        .help("write one JSON object per line; for its keys: kaudit policy explain --help");
    refusal.location.position = Some(Position { line: number, column: error.column().max(1) });
    refusal
}

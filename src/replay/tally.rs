//! Sums over the lines of a log under one or two policies.

use crate::event::Amount;
use crate::event::{Asked, Day, Event, Line, Moment, parse_line};
use crate::lines::Chunk;
use crate::policy::{Evaluator, Policy};
use crate::replay::MOST_POLICIES;
use crate::replay::cell::Cell;
use crate::replay::fate::{Fate, fate};
use crate::replay::log::LogSums;
use crate::replay::talkers::{Logged, Share, Talkers};
use std::collections::BTreeMap;

/// One policy, or two to compare, prepared for deciding many events.
#[derive(Debug)]
pub struct Replay {
    /// The policies, each with the number of its rules.
    policies: Vec<(Evaluator, usize)>,
}

/// The result of a part of a log.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Statistics about the log itself.
    pub log: LogSums,
    /// The sums by policy.
    pub policies: Vec<Days>,
    /// The largest sources of events.
    pub talkers: Talkers,
}

/// Sums by day, `None` for events without a time, and within a day by the deciding rule; the last entry is for events
/// that no rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    rules: usize,
    cells: BTreeMap<Option<Day>, Vec<Cell>>,
}

impl Replay {
    /// A replay under these policies, at most two.
    pub fn new<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Self {
        let ready = |policy: &Policy| (Evaluator::new(policy), policy.rules.len());
        Self { policies: policies.into_iter().take(MOST_POLICIES).map(ready).collect() }
    }

    /// An empty tally.
    #[must_use]
    pub fn start(&self) -> Tally {
        let policies = self.policies.iter().map(|(_, rules)| Days::new(*rules)).collect();
        Tally { policies, ..Tally::default() }
    }

    /// Counts the lines of a chunk.
    #[must_use]
    pub fn read(&self, chunk: &Chunk) -> Tally {
        let mut tally = self.start();
        for line in chunk.iter() {
            self.read_line(line, &mut tally);
            tally.log.lines += 1;
        }
        tally
    }

    fn read_line(&self, line: Option<&[u8]>, tally: &mut Tally) {
        let number = tally.log.lines;
        let Some(line) = line else { return tally.log.refuse(number, crate::event::Malformed::TooLong) };
        match parse_line(line) {
            Ok(Line::Blank) => {}
            Ok(Line::Event(event)) => self.count(&event, line.len() as u64 + 1, tally),
            Ok(Line::List(events)) => {
                for event in events {
                    match event {
                        // Its size as a line of its own.
                        Ok(event) => self.count(&event, event.json.len() as u64 + 1, tally),
                        Err(why) => tally.log.refuse(number, why),
                    }
                }
            }
            Err(why) => tally.log.refuse(number, why),
        }
    }

    fn count(&self, event: &Event<'_>, bytes: u64, tally: &mut Tally) {
        let written = Moment::parse(event.written_at());
        tally.log.count(event, bytes, written);
        let asked = Asked::of(event);
        let mut share = Share { today: Amount::one(bytes), ..Share::default() };
        let request = asked.request();
        let each = self.policies.iter().zip(&mut tally.policies).zip(&mut share.logged);
        for (((evaluator, _), days), logged) in each {
            let decision = evaluator.decide(&request);
            let fate = fate(event, &asked, bytes, &decision);
            if let Fate::Logged { bytes, unknown } = fate {
                *logged =
                    Logged { amount: Amount::one(bytes), is_least: unknown.request || unknown.response };
            }
            days.count(written.map(Moment::day), decision.rule, Cell::of(event, &asked, bytes, fate));
        }
        tally.talkers.count(&event.user.username, &event.verb, what(event, &asked), &share);
    }
}

/// `deployments.apps/scale` in pieces, or a path.
fn what<'e>(event: &'e Event<'_>, asked: &'e Asked<'_>) -> [&'e str; 5] {
    let Some(object) = &event.object_ref else { return [asked.path(), "", "", "", ""] };
    let dot = if object.api_group().is_empty() { "" } else { "." };
    let slash = if object.subresource.is_empty() { "" } else { "/" };
    [&object.resource, dot, object.api_group(), slash, &object.subresource]
}

impl Tally {
    /// Adds the result of the next part of the log.
    pub fn absorb(&mut self, later: Self) {
        self.log.absorb(&later.log);
        for (days, later) in self.policies.iter_mut().zip(later.policies) {
            days.absorb(later);
        }
        self.talkers.absorb(later.talkers);
    }
}

impl Days {
    fn new(rules: usize) -> Self {
        Self { rules, cells: BTreeMap::new() }
    }

    /// The cell of a day and a rule.
    fn count(&mut self, day: Option<Day>, rule: Option<usize>, more: Cell) {
        let cells = self.cells.entry(day).or_insert_with(|| vec![Cell::default(); self.rules + 1]);
        if let Some(cell) = cells.get_mut(rule.unwrap_or(self.rules)) {
            *cell += more;
        }
    }

    fn absorb(&mut self, later: Self) {
        for (day, cells) in later.cells {
            match self.cells.get_mut(&day) {
                Some(known) => known.iter_mut().zip(cells).for_each(|(cell, more)| *cell += more),
                None => drop(self.cells.insert(day, cells)),
            }
        }
    }

    /// Each day with each rule that decides an event of that day, `None` for no rule, and the sums.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Day>, Option<usize>, &Cell)> {
        self.cells.iter().flat_map(|(day, cells)| {
            let filled = cells.iter().enumerate().filter(|(_, cell)| **cell != Cell::default());
            filled.map(|(index, cell)| (*day, (index < self.rules).then_some(index), cell))
        })
    }
}

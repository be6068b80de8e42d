//! Reading and editing YAML: against Go's answers, against an oracle, and on random and damaged texts.

pub(crate) mod choices;
mod choose;
mod edits;
mod fuzz;
mod generate;
mod go_reads;
mod limits;
pub(crate) mod mutate;
mod oracle;
mod property;
mod read;
mod scalars;

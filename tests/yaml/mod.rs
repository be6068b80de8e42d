//! Reading and editing YAML: compared with Go's results and an oracle, for fixed, random and damaged texts.

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

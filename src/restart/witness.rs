//! stand-in
use crate::manifest::Manifest; use crate::node::Process;
pub fn is_running(m: &Manifest, p: &Process) -> bool { p.arguments.ends_with(&m.api_server().words.iter().map(|w| w.text.clone()).collect::<Vec<_>>()) }

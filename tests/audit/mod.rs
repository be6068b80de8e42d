//! The audit flags of the API server, what kaudit makes of them, and what the API server's own code says.

mod flags;
mod sets;
mod settings;
mod verdicts;

//! What a policy would have logged, compared with logs that the API server's own code wrote.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their data, and take options from the environment"
)]

mod chunks;
mod cli;
mod corpus;
mod events;
mod logs;
mod mutations;
mod presets;
mod properties;
mod requests;
mod run;

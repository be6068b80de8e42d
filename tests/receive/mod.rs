//! `kaudit receive`, tested as a program on the loopback interface: what it writes, what it rejects, and that no event
//! answered with 200 is lost or duplicated, however it ends.

mod client;
mod clients;
mod crowds;
mod endings;
mod events;
mod files;
mod forms;
mod memory;
mod mutations;
mod refusals;
mod server;

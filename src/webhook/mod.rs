//! The audit webhook: its kubeconfig, and what is wrong with it or with the receiver that it leads to.

mod answer;
mod chain;
pub mod check;
mod entries;
mod kubeconfig;
mod limits;
mod make;
mod proxy;
mod reference;
mod server;
mod service;

pub use answer::{empty_event_list, judge_answer};
pub use chain::{judge_authorities, judge_client, judge_server};
pub use check::IGNORABLE;
pub use kubeconfig::{Kubeconfig, Place};
pub use limits::judge_limits;
pub use make::{ClientConfig, Made};
pub use proxy::proxy_of;
pub use reference::{Kind, Reference, Source};
pub use server::{Server, basic_authorization};
pub use service::{ServiceName, cluster_address};

//! The audit webhook: its kubeconfig, and checks of the kubeconfig and the receiver.

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

pub use answer::{check_answer, empty_event_list};
pub use chain::{check_authorities, check_client, check_server};
pub use check::IGNORABLE;
pub use kubeconfig::{Kubeconfig, Place};
pub use limits::check_limits;
pub use make::{ClientConfig, Made};
pub use proxy::proxy_of;
pub use reference::{Kind, Reference, Source};
pub use server::{Server, basic_authorization};
pub use service::{ServiceName, cluster_address};

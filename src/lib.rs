//! kaudit turns Kubernetes API audit logging on, changes it and turns it off on control-plane nodes whose
//! kube-apiserver is a static pod.
//!
//! The functional core takes values and returns values. All modules belong to it except `node`, `cli`, the modules that
//! access the node through them (`observe`, `generation`, `transaction`, `restart`) and the one that prints (`report`).
//! ARCHITECTURE.md lists all modules and shows the data flow.

pub mod audit;
pub mod certificate;
pub mod cli;
pub mod collector;
pub mod diagnostic;
pub mod digest;
pub mod event;
pub mod exit;
pub mod file;
pub mod generation;
pub mod go;
pub mod kubelet;
pub mod lines;
pub mod logs;
pub mod manifest;
pub mod node;
pub mod observe;
pub mod plan;
pub mod policy;
pub mod printable;
pub mod receive;
pub mod replay;
pub mod report;
pub mod restart;
pub mod rotation;
pub mod secret;
pub mod size;
mod spelling;
pub mod styles;
pub mod transaction;
pub mod webhook;
pub mod yaml;

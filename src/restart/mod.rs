//! The restart of the static pod: how the API server is taken out and brought back, proven, and rolled back.
//!
//! Pure decisions (`endpoint`, `proof`, `preflight`, `diagnosis`, `state`) and one protocol that performs them through
//! [`crate::node::Machine`].

mod causes;
pub mod diagnosis;
mod klog;
pub mod preflight;

//! The second API server of a surge.

mod pod;

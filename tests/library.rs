//! What the parts of the library do: one directory for each part, named like the module under `src/`.
//!
//! A test of a whole command belongs into `program.rs`. One that needs no public item of the library, and none of its
//! neighbours, belongs beside the code, under `src/`.

mod audit;
mod enable;
mod logs;
mod policy;
mod replay;
mod restart;
mod support;
mod surge;
mod yaml;

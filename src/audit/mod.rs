//! Everything kaudit knows about kube-apiserver's audit flags. Pure: nothing here accesses a node.
//!
//! The source is `pkg/server/options/audit.go` of `k8s.io/apiserver`, compared for every minor release from 1.8 to 1.36,
//! and `plugin/pkg/audit/{buffered,log,truncate,webhook}` for the defaults. The extracted facts are in
//! `tests/audit/flags-by-version.tsv`; `tests/go/auditflags` runs the real code.

pub mod argv;
pub mod benchmark;
mod definition;
pub mod disk;
pub mod env;
pub mod flag;
pub mod merged;
pub mod notes;
pub mod pflag;
pub mod settings;
mod table;
pub mod validate;
pub mod value;
pub mod version;

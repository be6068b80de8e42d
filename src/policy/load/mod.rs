//! Reading a policy file as the API server reads it: encoding, YAML or JSON, type and version, decoding, validation.

pub(in crate::policy) mod decode;
pub(in crate::policy) mod encoding;
pub(in crate::policy) mod examine;
pub(in crate::policy) mod finding;
pub(in crate::policy) mod foreign;
pub(in crate::policy) mod go;
pub(in crate::policy) mod identity;
pub(in crate::policy) mod json;
pub(in crate::policy) mod libyaml;
pub(in crate::policy) mod migrate;
pub(in crate::policy) mod plainer;
pub(in crate::policy) mod shape;
pub(in crate::policy) mod source;
pub(in crate::policy) mod strict;
pub(in crate::policy) mod validate;

pub use encoding::decode;
pub use examine::{Examination, check, examine, rule_positions};
pub use finding::{Finding, FindingKind};
pub use json::message_of as json_message;
pub use migrate::{Migrated, migrate};

//! Files and directories of the node: reading, atomic writing, the lock, and path resolution below a root.

pub(in crate::node) mod apply;
pub(in crate::node) mod growth;
pub(in crate::node) mod locate;
pub(in crate::node) mod lock;
pub(in crate::node) mod read;
pub(in crate::node) mod scratch;
pub(in crate::node) mod writable;
pub(in crate::node) mod write;

pub use apply::{Effects, Moved};
pub use growth::FileEnd;
pub use lock::{Lock, LockError};
pub use read::{Entry, EntryKind};
pub use scratch::ScratchNode;

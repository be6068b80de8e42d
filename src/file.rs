//! The state of a file that kaudit compares and restores: content, mode, owner and extended attributes.

/// The complete state of a file, as the kubelet, a scanner and SELinux see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// The content.
    pub bytes: Vec<u8>,
    /// Mode, owner and attributes.
    pub metadata: Metadata,
}

/// Mode, owner and extended attributes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits (`0o600`), without the file type.
    pub mode: u32,
    /// Owner and group; `None` leaves those of the process, which is all that an ordinary user can do.
    pub owner: Option<Owner>,
    /// Extended attributes, sorted by name, for example `security.selinux`.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl Metadata {
    /// Metadata of a file or directory that kaudit creates.
    #[must_use]
    pub fn new(mode: u32, owner: Option<Owner>) -> Self {
        Self { mode, owner, xattrs: Vec::new() }
    }
}

/// A numeric owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

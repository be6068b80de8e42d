//! A file as kaudit compares and restores it: content, mode, owner and extended attributes.

/// A file as a whole: what has to be the same for two files to be the same to the kubelet, to a scanner and to
/// SELinux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// The content.
    pub bytes: Vec<u8>,
    /// Who may do what with it.
    pub metadata: Metadata,
}

/// Mode, owner and extended attributes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits (`0o600`), without the file type.
    pub mode: u32,
    /// Owner and group; `None` leaves what the process creates, which is all an ordinary user can do.
    pub owner: Option<Owner>,
    /// Extended attributes, sorted by name: `security.selinux` among them.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

impl Metadata {
    /// Metadata of a file or directory that kaudit makes.
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

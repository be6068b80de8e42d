//! Whether a file could be written, asked of the kernel without writing.

use crate::node::Node;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::path::Path;

impl Node {
    /// Whether this process may write the file at `path` (absolute, the node's own), making it and the directories
    /// above it where they are missing.
    ///
    /// It is asked by access(2), which also tells root of a read-only file system and of an immutable file or
    /// directory. It says nothing about another user (`runAsUser`), and nothing about space.
    ///
    /// # Errors
    /// Why not, in plain words.
    pub fn may_write(&self, path: &Path) -> Result<(), String> {
        let place = self.locate_target(path).map_err(|error| format!("{error:#}"))?;
        let shown = path.display();
        if place.is_dir() {
            return Err(format!("{shown} is a directory"));
        }
        if place.exists() {
            ask(&place, Access::WRITE_OK).map_err(|why| format!("{shown} {why}"))?;
        }
        // The directory too where the file is there: rotation renames it.
        let mut above = path.ancestors().skip(1).filter_map(|parent| {
            let place = self.locate_target(parent).ok()?;
            place.exists().then_some((parent, place))
        });
        let Some((parent, place)) = above.next() else { return Err(format!("nothing of {shown} is there")) };
        let shown = parent.display();
        if !place.is_dir() {
            return Err(format!("{shown} is a file, not a directory"));
        }
        ask(&place, Access::WRITE_OK | Access::EXEC_OK).map_err(|why| format!("the directory {shown} {why}"))
    }
}

/// What the kernel says against it.
fn ask(place: &Path, access_wanted: Access) -> Result<(), String> {
    access(place, access_wanted).map_err(words)
}

fn words(errno: Errno) -> String {
    match errno {
        Errno::ROFS => "is on a read-only file system".to_owned(),
        // access(2) answers so for an immutable inode (`inode_permission` in fs/namei.c), to root too.
        Errno::PERM => "is immutable (chattr +i): not even root may write to it".to_owned(),
        Errno::ACCESS => "may not be written by this user".to_owned(),
        errno => format!("cannot be written: {errno}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{DirBuilder, File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_may_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        DirBuilder::new().recursive(true).create(root.join("var/log/directory")).unwrap();
        File::create_new(root.join("var/log/file")).unwrap();
        let node = Node::at(root);
        let why = |path: &str| node.may_write(Path::new(path)).err();
        assert_eq!(why("/var/log/file"), None);
        assert_eq!(why("/var/log/kubernetes/audit/audit.log"), None);
        assert_eq!(why("/var/log/directory").as_deref(), Some("/var/log/directory is a directory"));
        assert_eq!(
            why("/var/log/file/audit/audit.log").as_deref(),
            Some("/var/log/file is a file, not a directory")
        );
        assert!(why("/proc/version").is_none(), "below the root it is a name like any other");
    }

    #[test]
    fn what_nobody_may_write_is_named() {
        assert_eq!(words(Errno::ROFS), "is on a read-only file system");
        assert!(words(Errno::PERM).starts_with("is immutable (chattr +i)"));
        assert!(words(Errno::IO).starts_with("cannot be written: "));
    }

    #[test]
    fn an_ordinary_users_directory_mode_counts() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        DirBuilder::new().create(root.join("closed")).unwrap();
        set_permissions(root.join("closed"), Permissions::from_mode(0o500)).unwrap();
        let answer = Node::at(root).may_write(Path::new("/closed/audit.log"));
        let words = "the directory /closed may not be written by this user";
        // Root may write whatever the mode says.
        let expected = if Node::may_change_owner() { Ok(()) } else { Err(words.to_owned()) };
        assert_eq!(answer, expected);
    }
}

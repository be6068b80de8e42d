//! Checks whether a file could be written, without writing.

use crate::node::Node;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::path::Path;

impl Node {
    /// Whether this process may write the file at `path` (absolute, of the node), and create it and missing parent
    /// directories.
    ///
    /// This uses access(2), which also reports a read-only file system and an immutable file or directory to root. It
    /// does not check another user (`runAsUser`) or free space.
    ///
    /// # Errors
    /// The reason in plain text.
    pub fn may_write(&self, path: &Path) -> Result<(), String> {
        let place = self.locate_target(path).map_err(|error| format!("{error:#}"))?;
        let shown = path.display();
        if place.is_dir() {
            return Err(format!("{shown} is a directory"));
        }
        if place.exists() {
            ask(&place, Access::WRITE_OK).map_err(|why| format!("{shown} {why}"))?;
        }
        // The directory must be writable even if the file exists: rotation renames it.
        let mut above = path.ancestors().skip(1).filter_map(|parent| {
            let place = self.locate_target(parent).ok()?;
            place.exists().then_some((parent, place))
        });
        let Some((parent, place)) = above.next() else {
            return Err(format!("no parent directory of {shown} exists"));
        };
        let shown = parent.display();
        if !place.is_dir() {
            return Err(format!("{shown} is a file, not a directory"));
        }
        ask(&place, Access::WRITE_OK | Access::EXEC_OK).map_err(|why| format!("the directory {shown} {why}"))
    }
}

/// The reason from the kernel.
fn ask(place: &Path, access_wanted: Access) -> Result<(), String> {
    access(place, access_wanted).map_err(reason)
}

fn reason(errno: Errno) -> String {
    match errno {
        Errno::ROFS => "is on a read-only file system".to_owned(),
        // access(2) returns this for an immutable inode (`inode_permission` in fs/namei.c), also to root.
        Errno::PERM => "is immutable (chattr +i): not even root can write to it".to_owned(),
        Errno::ACCESS => "is not writable by this user".to_owned(),
        errno => format!("cannot be written: {errno}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{DirBuilder, File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn writable_and_unwritable_paths() {
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
    fn unwritable_files_have_a_reason() {
        assert_eq!(reason(Errno::ROFS), "is on a read-only file system");
        assert!(reason(Errno::PERM).starts_with("is immutable (chattr +i)"));
        assert!(reason(Errno::IO).starts_with("cannot be written: "));
    }

    #[test]
    fn an_ordinary_users_directory_mode_counts() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        DirBuilder::new().create(root.join("closed")).unwrap();
        set_permissions(root.join("closed"), Permissions::from_mode(0o500)).unwrap();
        let answer = Node::at(root).may_write(Path::new("/closed/audit.log"));
        let why = "the directory /closed is not writable by this user";
        // Root may write whatever the mode says.
        let expected = if Node::may_change_owner() { Ok(()) } else { Err(why.to_owned()) };
        assert_eq!(answer, expected);
    }
}

//! Paths of the node to paths of this machine, always inside the root.

use crate::node::Node;
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The limit of Linux for symbolic links in one path (`MAXSYMLINKS`, `path_resolution(7)`).
const MAX_LINKS: usize = 40;

impl Node {
    /// The path on this machine for `path` (absolute, of the node). Symbolic links are resolved inside the root, as
    /// chroot(2) would, except for the last component. Missing components are kept.
    ///
    /// # Errors
    /// There are too many symbolic links.
    pub(in crate::node) fn locate(&self, path: &Path) -> Result<PathBuf> {
        self.walk(path, false)
    }

    /// Like [`Node::locate`], but also resolves links of the last component.
    pub(in crate::node) fn locate_target(&self, path: &Path) -> Result<PathBuf> {
        self.walk(path, true)
    }

    /// Whether two paths refer to the same place after all symbolic links are resolved.
    ///
    /// # Errors
    /// There are too many symbolic links.
    pub fn is_same_place(&self, one: &Path, other: &Path) -> Result<bool> {
        Ok(self.locate_target(one)? == self.locate_target(other)?)
    }

    fn walk(&self, path: &Path, follow_last: bool) -> Result<PathBuf> {
        let mut pending: Vec<OsString> = components_reversed(path);
        let mut inside = PathBuf::new();
        let mut links = 0;
        while let Some(name) = pending.pop() {
            if name == ".." {
                inside.pop();
                continue;
            }
            let candidate = self.root.join(&inside).join(&name);
            let is_last = pending.is_empty();
            let target = if is_last && !follow_last { None } else { fs::read_link(&candidate).ok() };
            match target {
                None => inside.push(&name),
                Some(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        bail!("too many symbolic links in {}", path.display());
                    }
                    if target.is_absolute() {
                        inside.clear();
                    }
                    pending.extend(components_reversed(&target));
                }
            }
        }
        Ok(self.root.join(inside))
    }
}

/// The components of a path, last first, without `/` and `.`; `..` is kept.
fn components_reversed(path: &Path) -> Vec<OsString> {
    let mut names: Vec<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_inside_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::DirBuilder::new().recursive(true).create(root.join("data/manifests")).unwrap();
        std::fs::DirBuilder::new().recursive(true).create(root.join("etc")).unwrap();
        symlink("/data", root.join("etc/kubernetes")).unwrap();
        symlink("../../../../data", root.join("etc/up")).unwrap();
        symlink("loop", root.join("etc/loop")).unwrap();
        let node = Node::at(root);
        let found = |path: &str| node.locate(Path::new(path)).unwrap();
        assert_eq!(found("/etc/kubernetes/manifests/a.yaml"), root.join("data/manifests/a.yaml"));
        assert_eq!(found("/etc/up/manifests"), root.join("data/manifests"));
        assert_eq!(found("/etc/kubernetes"), root.join("etc/kubernetes"));
        assert_eq!(node.locate_target(Path::new("/etc/kubernetes")).unwrap(), root.join("data"));
        assert_eq!(found("/../../x"), root.join("x"));
        assert!(node.locate_target(Path::new("/etc/loop")).is_err());
        let same = |one: &str, other: &str| node.is_same_place(Path::new(one), Path::new(other)).unwrap();
        assert!(same("/etc/kubernetes/manifests/", "/data/./manifests"));
        assert!(!same("/etc/kubernetes/manifests", "/etc/manifests"));
    }
}

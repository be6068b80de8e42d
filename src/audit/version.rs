//! The Kubernetes version of an API server: where it is read from, and what kaudit knows about it.

use std::fmt;

use crate::diagnostic::Diagnostic;

/// The oldest minor release whose audit flags were compared line by line with the ones in use today.
pub const OLDEST_KNOWN_MINOR: u16 = 16;
/// The newest minor release that was compared.
pub const NEWEST_KNOWN_MINOR: u16 = 36;
/// The first minor release that applies an audit policy without a feature gate being set.
pub const OLDEST_AUDITABLE_MINOR: u16 = 8;

/// A version of Kubernetes 1.x.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesVersion {
    /// The `30` of `v1.30.3`.
    pub minor: u16,
    /// The `3` of `v1.30.3`; a bare `1.30` has none.
    pub patch: Option<u16>,
    /// What follows the numbers, with its separator: `-alpha.0.12+abc`, `-eks-1234`, `+rke2r1`.
    pub suffix: String,
}

/// How far the knowledge in this module holds for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Between [`OLDEST_KNOWN_MINOR`] and [`NEWEST_KNOWN_MINOR`].
    Known,
    /// Older than the oldest known one, and near enough to it.
    Older,
    /// Newer than the newest known one.
    Newer,
}

/// The minor release a version is judged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// A minor release between [`OLDEST_KNOWN_MINOR`] and [`NEWEST_KNOWN_MINOR`].
    pub minor: u16,
    /// Whether that is the version itself.
    pub standing: Standing,
}

impl KubernetesVersion {
    /// Reads a version as people and programs write it: `v1.30.3`, `1.30`, `v1.37.0-alpha.0.12+abc`,
    /// `v1.28.4-eks-8cb36c9`, `1.32.11-rke2r1`, and the line `kube-apiserver --version` prints.
    ///
    /// # Errors
    ///
    /// A refusal when `text` is not a version of Kubernetes 1.x.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        Self::read(text).ok_or_else(|| {
            Diagnostic::error(format!("`{text}` is not a Kubernetes version"))
                .help("give the version as `1.30` or `v1.30.3`: --kubernetes-version v1.30.3")
        })
    }

    /// Reads the version from the tag of an image reference, `None` where the tag says no version: no tag at all,
    /// a digest alone, `latest`.
    ///
    /// The image's name is not looked at, because `hyperkube` and the distributions' own names are API servers too.
    /// A `_` in a tag stands for the `+` that tags may not contain.
    #[must_use]
    pub fn from_image(image: &str) -> Option<Self> {
        let (reference, _digest) = image.split_once('@').unwrap_or((image, ""));
        // A colon before the last slash belongs to the registry's port.
        let name = reference.rsplit('/').next()?;
        let (_name, tag) = name.split_once(':')?;
        Self::read(&tag.replace('_', "+"))
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("Kubernetes ").unwrap_or(text);
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
        let (minor, rest) = split_number(rest)?;
        let (patch, suffix) = match rest.strip_prefix('.').and_then(split_number) {
            Some((patch, rest)) => (Some(patch), rest),
            None => (None, rest),
        };
        let separated = suffix.is_empty() || suffix.starts_with(['-', '+']);
        let plain = suffix.chars().all(|c| c.is_ascii_alphanumeric() || "-+.".contains(c));
        (separated && plain).then(|| Self { minor, patch, suffix: suffix.to_owned() })
    }

    /// The known minor release that stands for this version.
    ///
    /// # Errors
    ///
    /// A refusal for releases before 1.8: they ignore `--audit-policy-file` unless a feature gate is set.
    pub fn judged(&self) -> Result<Judged, Diagnostic> {
        let standing = match self.minor {
            0..OLDEST_AUDITABLE_MINOR => {
                return Err(Diagnostic::error(format!(
                    "Kubernetes {self} has no usable audit policy: the first release that has one is 1.8"
                ))
                .help("upgrade the cluster, or name the true version with --kubernetes-version"));
            }
            OLDEST_AUDITABLE_MINOR..OLDEST_KNOWN_MINOR => Standing::Older,
            OLDEST_KNOWN_MINOR..=NEWEST_KNOWN_MINOR => Standing::Known,
            _ => Standing::Newer,
        };
        Ok(Judged { minor: self.minor.clamp(OLDEST_KNOWN_MINOR, NEWEST_KNOWN_MINOR), standing })
    }

    /// The minor release by whose rules policies are judged: that of the version itself, also where its flags are not
    /// known, or the newest known one.
    #[must_use]
    pub fn policy_minor(&self) -> u32 {
        u32::from(self.minor.min(NEWEST_KNOWN_MINOR))
    }

    /// A sentence for the operator where the version is not one of the known ones.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        match self.judged().ok()?.standing {
            Standing::Known => None,
            Standing::Older => Some(format!(
                "Kubernetes {self} is older than 1.{OLDEST_KNOWN_MINOR} and is judged as that; \
                 flags that it lacks are still refused by name"
            )),
            Standing::Newer => Some(format!(
                "Kubernetes {self} is newer than 1.{NEWEST_KNOWN_MINOR}, the last release kaudit was compared with, \
                 and is judged as that"
            )),
        }
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)?;
        if let Some(patch) = self.patch {
            write!(f, ".{patch}")?;
        }
        f.write_str(&self.suffix)
    }
}

/// Splits the decimal number off the front of `text`.
fn split_number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::{KubernetesVersion, Standing};

    #[test]
    fn versions_as_they_are_written() {
        for (text, minor, patch, suffix) in [
            ("v1.30.3", 30, Some(3), ""),
            ("1.30", 30, None, ""),
            ("v1.37.0-alpha.0.12+abc", 37, Some(0), "-alpha.0.12+abc"),
            ("v1.28.4-eks-8cb36c9", 28, Some(4), "-eks-8cb36c9"),
            ("1.32.11-rke2r1", 32, Some(11), "-rke2r1"),
            ("Kubernetes v1.33.1\n", 33, Some(1), ""),
            ("1.27+", 27, None, "+"),
        ] {
            let version = KubernetesVersion::parse(text).unwrap();
            assert_eq!(
                (version.minor, version.patch, version.suffix.as_str()),
                (minor, patch, suffix),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_version() {
        for text in [
            "",
            "v",
            "1",
            "1.",
            "2.30.1",
            "latest",
            "1.x",
            "1.30.x",
            "1.30.3 beta",
            "v1.99999",
            "1.30.3/x",
            "-1.30",
        ] {
            assert!(KubernetesVersion::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_from_images() {
        let digest = "sha256:2c4adeb21b4ff8ed3309d0e42b6b4ae39872399f7b37e0856e673b13c4aba13d";
        for (image, version) in [
            ("registry.k8s.io/kube-apiserver:v1.36.2", Some("1.36.2")),
            (&format!("registry:5000/a/kube-apiserver-amd64:v1.11.0@{digest}"), Some("1.11.0")),
            ("registry:5000/kube-apiserver", None),
            ("registry:5000/kube-apiserver:latest", None),
            (&format!("registry.k8s.io/kube-apiserver@{digest}"), None),
            ("k8s.gcr.io/hyperkube:v1.16.8", Some("1.16.8")),
            ("rancher/hardened-kubernetes:v1.30.4-rke2r1-build20240815", Some("1.30.4-rke2r1-build20240815")),
            ("kube-apiserver:v1.30.3_vendor.1", Some("1.30.3+vendor.1")),
            ("kube-apiserver", None),
            ("", None),
        ] {
            let found = KubernetesVersion::from_image(image).map(|version| version.to_string());
            assert_eq!(found.as_deref(), version, "{image}");
        }
    }

    #[test]
    fn knowledge_is_clamped_and_says_so() {
        let judged = |text| KubernetesVersion::parse(text).unwrap().judged();
        assert_eq!(judged("1.15").unwrap().minor, 16);
        assert_eq!(judged("1.15").unwrap().standing, Standing::Older);
        assert_eq!(judged("1.16").unwrap().standing, Standing::Known);
        assert_eq!(judged("1.36").unwrap().standing, Standing::Known);
        assert_eq!(judged("1.40.1").unwrap().minor, 36);
        assert!(judged("1.7.16").is_err());
        let note = |text| KubernetesVersion::parse(text).unwrap().note();
        assert_eq!(note("1.36.2"), None);
        assert!(note("v1.37.0").unwrap().contains("newer than 1.36"));
        assert!(note("v1.12.3").unwrap().contains("older than 1.16"));
    }
}

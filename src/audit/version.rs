//! The Kubernetes version of an API server: how it is parsed, and how much kaudit knows about it.

use std::fmt;

use crate::diagnostic::Diagnostic;

/// The oldest minor release whose audit flags were compared line by line with the current ones.
pub const OLDEST_KNOWN_MINOR: u16 = 16;
/// The newest minor release whose audit flags were compared.
pub const NEWEST_KNOWN_MINOR: u16 = 36;
/// The first minor release that applies an audit policy without a feature gate.
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

/// How a version relates to the known releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Between [`OLDEST_KNOWN_MINOR`] and [`NEWEST_KNOWN_MINOR`].
    Known,
    /// Older than the oldest known release, but with a usable audit policy.
    Older,
    /// Newer than the newest known release.
    Newer,
}

/// The known release whose rules apply to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosestRelease {
    /// A minor release between [`OLDEST_KNOWN_MINOR`] and [`NEWEST_KNOWN_MINOR`].
    pub minor: u16,
    /// Whether that is the version's own release.
    pub support: Support,
}

impl KubernetesVersion {
    /// Parses a version: `v1.30.3`, `1.30`, `v1.37.0-alpha.0.12+abc`, `v1.28.4-eks-8cb36c9`, `1.32.11-rke2r1`, or the
    /// output of `kube-apiserver --version`.
    ///
    /// # Errors
    ///
    /// `text` is not a version of Kubernetes 1.x.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        Self::read(text).ok_or_else(|| {
            Diagnostic::error(format!("invalid Kubernetes version `{text}`"))
                .help("write it as `1.30` or `v1.30.3`: --kubernetes-version v1.30.3")
        })
    }

    /// Parses the version from the tag of an image reference; `None` where there is no tag or the tag is not a version, such
    /// as `latest`.
    ///
    /// The image's name is ignored, because API server images have several names, such as `hyperkube` and those of
    /// distributions. A `_` in a tag replaces the `+`, which tags must not contain.
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

    /// The known release that is closest to this version. Its rules are used for flags.
    ///
    /// # Errors
    ///
    /// The version is older than 1.8: it ignores `--audit-policy-file` unless a feature gate is set.
    pub fn closest_release(&self) -> Result<ClosestRelease, Diagnostic> {
        let support = match self.minor {
            0..OLDEST_AUDITABLE_MINOR => {
                return Err(Diagnostic::error(format!(
                    "Kubernetes {self} does not support audit policies: 1.8 is the first release that does"
                ))
                .help("upgrade the cluster, or correct the version with --kubernetes-version"));
            }
            OLDEST_AUDITABLE_MINOR..OLDEST_KNOWN_MINOR => Support::Older,
            OLDEST_KNOWN_MINOR..=NEWEST_KNOWN_MINOR => Support::Known,
            _ => Support::Newer,
        };
        Ok(ClosestRelease { minor: self.minor.clamp(OLDEST_KNOWN_MINOR, NEWEST_KNOWN_MINOR), support })
    }

    /// The minor release whose rules apply to policies: the version's own, even if its flags are not known, but at most the
    /// newest known one.
    #[must_use]
    pub fn policy_minor(&self) -> u32 {
        u32::from(self.minor.min(NEWEST_KNOWN_MINOR))
    }

    /// A warning if the version is not one of the known releases.
    #[must_use]
    pub fn warning(&self) -> Option<Diagnostic> {
        let message = match self.closest_release().ok()?.support {
            Support::Known => return None,
            Support::Older => format!(
                "Kubernetes {self} is older than 1.{OLDEST_KNOWN_MINOR}, the oldest release that kaudit supports fully; \
                 flags that it does not have are refused"
            ),
            Support::Newer => format!(
                "Kubernetes {self} is newer than 1.{NEWEST_KNOWN_MINOR}, the newest release that kaudit knows; \
                 the rules of 1.{NEWEST_KNOWN_MINOR} are used"
            ),
        };
        Some(Diagnostic::warning(message).named("version-not-known"))
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
    use super::{KubernetesVersion, Support};

    #[test]
    fn versions_are_parsed() {
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
    fn invalid_versions_are_refused() {
        for text in "|v|1|1.|2.30.1|latest|1.x|1.30.x|1.30.3 beta|v1.99999|1.30.3/x|-1.30".split('|') {
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
    fn unknown_versions_use_the_closest_known_release_with_a_warning() {
        for (text, minor, support, warning) in [
            ("1.15", 16, Support::Older, Some("older than 1.16")),
            ("1.16", 16, Support::Known, None),
            ("1.36.2", 36, Support::Known, None),
            ("v1.40.1", 36, Support::Newer, Some("newer than 1.36")),
        ] {
            let version = KubernetesVersion::parse(text).unwrap();
            let closest = version.closest_release().unwrap();
            assert_eq!((closest.minor, closest.support), (minor, support), "{text}");
            let message = version.warning().map(|warning| warning.message);
            assert_eq!(message.is_some(), warning.is_some(), "{text}");
            assert!(message.unwrap_or_default().contains(warning.unwrap_or_default()), "{text}");
        }
        assert!(KubernetesVersion::parse("1.7.16").unwrap().closest_release().is_err());
    }
}

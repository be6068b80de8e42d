//! The policies that come with kaudit, compiled into it.

use std::borrow::Cow;

use crate::policy::model::{ApiVersion, FIRST_MINOR_WITH_V1};

/// A policy that comes with kaudit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The name that `--policy` takes.
    pub name: &'static str,
    /// A title of one line.
    pub summary: &'static str,
    /// The file, written in `audit.k8s.io/v1`. Its first comment describes its purpose and its cost.
    pub text: &'static str,
}

impl Preset {
    /// The file in the API version that the API server 1.`minor` reads.
    ///
    /// Before 1.12 that is `audit.k8s.io/v1beta1`, which came with 1.8; for an older one there is no text that would
    /// load. Only the version line differs. That old loaders take it is inferred, not tried: the tests' Go modules
    /// begin later.
    #[must_use]
    pub fn text_for(&self, minor: u32) -> Cow<'static, str> {
        if minor >= FIRST_MINOR_WITH_V1 {
            return Cow::Borrowed(self.text);
        }
        let line = |version: ApiVersion| format!("\napiVersion: {version}\n");
        Cow::Owned(self.text.replacen(&line(ApiVersion::V1), &line(ApiVersion::V1beta1), 1))
    }
}

/// All presets, the one to start with first.
#[must_use]
pub const fn all() -> &'static [Preset] {
    &PRESETS
}

/// The preset with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// The preset whose name is so near to `name` that it was probably meant, for "did you mean".
#[must_use]
pub fn suggest(name: &str) -> Option<&'static Preset> {
    let likeness = |preset: &Preset| strsim::jaro_winkler(preset.name, &name.to_lowercase());
    PRESETS
        .iter()
        .filter(|preset| likeness(preset) >= LIKENESS_OF_A_SLIP)
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// From this Jaro-Winkler similarity on, a name is taken for a misspelt one: `metdata`, `defualt` and `write_bodies`
/// find theirs, a path finds nothing.
const LIKENESS_OF_A_SLIP: f64 = 0.85;

const PRESETS: [Preset; 5] = [
    Preset {
        name: "default",
        summary: "who did what to which object, without routine requests of the control plane; bodies only of RBAC changes",
        text: include_str!("../../../templates/policies/default.yaml"),
    },
    Preset {
        name: "metadata",
        summary: "every request, no bodies",
        text: include_str!("../../../templates/policies/metadata.yaml"),
    },
    Preset {
        name: "write-bodies",
        summary: "as default, with the request bodies of creations, changes and deletions, except those of Secrets",
        text: include_str!("../../../templates/policies/write-bodies.yaml"),
    },
    Preset {
        name: "all-bodies",
        summary: "every request with both bodies, except those of Secrets and tokens; large",
        text: include_str!("../../../templates/policies/all-bodies.yaml"),
    },
    Preset {
        name: "stig",
        summary: "STIG V-242403 to the letter: all bodies, including those of Secrets; contradicts CIS 3.2.2",
        text: include_str!("../../../templates/policies/stig.yaml"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_preset_that_was_meant() {
        for (typed, meant) in [
            ("defualt", Some("default")),
            ("Default", Some("default")),
            ("metdata", Some("metadata")),
            ("write_bodies", Some("write-bodies")),
            ("allbodies", Some("all-bodies")),
            ("STIG", Some("stig")),
            ("bodies", Some("all-bodies")),
            ("/etc/kubernetes/policy.yaml", None),
            ("", None),
        ] {
            assert_eq!(suggest(typed).map(|preset| preset.name), meant, "{typed}");
        }
    }

    #[test]
    fn an_old_api_server_gets_the_beta_version_and_nothing_else_changes() {
        for preset in all() {
            assert_eq!(preset.text_for(12), preset.text);
            let old = preset.text_for(11);
            assert_eq!(old.replace("audit.k8s.io/v1beta1", "audit.k8s.io/v1"), preset.text);
            assert_ne!(old, preset.text, "{} has an apiVersion line", preset.name);
        }
    }

    #[test]
    fn every_preset_says_its_purpose_what_it_costs_and_what_it_passes() {
        for preset in all() {
            let head: String = preset.text.lines().take_while(|line| line.starts_with('#')).collect();
            for word in ["Use for:", "Logs:", "Costs:", "Passes:", "Fails:", preset.name] {
                assert!(head.contains(word), "{} lacks {word}", preset.name);
            }
        }
    }
}

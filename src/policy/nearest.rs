//! The known name that a misspelt one probably means.

/// The name that `found` is probably a slip of.
pub(in crate::policy) fn nearest<'n>(found: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// From this Jaro-Winkler similarity on, two names are taken for the same one misspelt.
    const LIKENESS_OF_A_SLIP: f64 = 0.87;
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &found.to_lowercase());
    names
        .map(|name| (name, likeness(name)))
        .filter(|(_, likeness)| *likeness >= LIKENESS_OF_A_SLIP)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(name, _)| name)
}

//! Suggestions for misspelled names.

/// The item whose name is most similar to a misspelled one, if it is similar enough for "did you mean".
pub(crate) fn most_similar<'t, T>(name: &str, items: &'t [T], name_of: fn(&T) -> &str) -> Option<&'t T> {
    /// Of Jaro-Winkler, from 0 to 1.
    const SIMILAR_ENOUGH: f64 = 0.88;
    let similarity = |item: &&T| strsim::jaro_winkler(name_of(item), name);
    let best = items.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(&best) >= SIMILAR_ENOUGH).then_some(best)
}

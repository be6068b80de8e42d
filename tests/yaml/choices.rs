//! Random decisions as a string of bytes, so that proptest can reduce a failing case.

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;

/// A runner whose inputs are the same in every run, so that results are reproducible. `KAUDIT_SEED=N` uses other inputs.
pub(crate) fn seeded_runner(config: Config) -> TestRunner {
    #[expect(clippy::disallowed_methods, reason = "the seed is an input of the test")]
    let seed: u64 = std::env::var("KAUDIT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut bytes = [0; 32];
    for (byte, part) in bytes.iter_mut().zip(seed.to_le_bytes()) {
        *byte = part;
    }
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// The bytes that make the decisions; zeros when they are used up.
pub(crate) struct Choices<'b> {
    bytes: &'b [u8],
    at: Cell<usize>,
}

#[allow(dead_code, reason = "not every test needs every kind of decision")]
impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: Cell::new(0) }
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        let at = self.at.replace(self.at.get() + 1);
        usize::from(self.bytes.get(at).copied().unwrap_or(0)) % bound.max(1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these.
    pub(crate) fn pick<'t>(&self, from: &[&'t str]) -> &'t str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }
}

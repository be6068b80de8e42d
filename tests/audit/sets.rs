//! Random flag sets, half of them nearly valid: typical input and edge cases of the parsers.

use kaudit::audit::flag::{self, AuditFlag, Kind};
use kaudit::audit::version::NEWEST_KNOWN_MINOR;

/// Names that no release knows.
const UNKNOWN: [&str; 4] = ["audit-log-max-size", "audit-log-max-backups", "audit-logpath", "audit_policy"];
const INTS: [&str; 24] = [
    "0",
    "1",
    "-1",
    "7",
    "30",
    "100",
    "400",
    "102400",
    "10485760",
    "102401",
    "0x1e",
    "0X1E",
    "0b101",
    "0o17",
    "017",
    "08",
    "1_000",
    "1__0",
    "_1",
    "0_7",
    "+5",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
];
const FLOATS: [&str; 22] = [
    "0",
    "1",
    "-1",
    ".5",
    "5.",
    "1e3",
    "-1e-7",
    "1e50",
    "-1e21",
    "inf",
    "-Inf",
    "+Infinity",
    "nan",
    "+nan",
    "1_0.5",
    "1e",
    "-0",
    "-123456789",
    "-0.00001",
    "1e-50",
    "3.4028235e38",
    "1,5",
];
const DURATIONS: [&str; 24] = [
    "0",
    "10",
    "10s",
    "5m",
    "1h30m",
    "500ms",
    ".5s",
    "1.s",
    "-5s",
    "+1us",
    "1µs",
    "1μs",
    "1ns",
    "1d",
    "s",
    ".s",
    "1s1",
    "0s0",
    "2562047h",
    "2562048h",
    "9223372036854775807ns",
    "9223372036854775808ns",
    "-9223372036854775808ns",
    "1 s",
];
const BOOLS: [&str; 12] = ["true", "false", "1", "0", "T", "f", "TRUE", "False", "tRUE", "yes", "on", "2"];
const WORDS: [&str; 16] = [
    "batch",
    "batch",
    "blocking",
    "blocking-strict",
    "Batch",
    "json",
    "legacy",
    "JSON",
    "audit.k8s.io/v1",
    "audit.k8s.io/v1",
    "audit.k8s.io/v1beta1",
    "v1",
    "a/b/c",
    "/",
    "\"quoted\\\"",
    "tab\there",
];
const PATHS: [&str; 6] =
    ["/var/log/audit.log", "/etc/kubernetes/audit.yaml", "-", "relative.log", "", "/a b/ü"];
/// The characters of random values; without `x`, because kaudit refuses hexadecimal floats on purpose.
const ALPHABET: [char; 20] =
    ['0', '1', '2', '7', '9', '_', '.', '-', '+', 'e', 's', 'm', 'h', 'n', 'u', 'b', 'o', ' ', '"', 'é'];

/// A small generator of random numbers (xorshift64*): the same seed gives the same sets on every machine.
pub(crate) struct Random(u64);

impl Random {
    /// Starts from a seed; 0 is taken as 1, since xorshift stays at 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).unwrap_or_default() % limit
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    #[allow(clippy::indexing_slicing, reason = "the index is below the length")]
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One flag set as items of a command line.
    pub(crate) fn flag_set(&mut self) -> Vec<String> {
        let mut items = Vec::new();
        if self.percent(85) {
            items.push("--audit-log-path=/a".to_owned());
        }
        if self.percent(50) {
            items.push("--audit-webhook-config-file=/w".to_owned());
        }
        for backend in ["log", "webhook"] {
            if self.percent(35) {
                items.push(format!("--audit-{backend}-mode=batch"));
            }
        }
        let flags: Vec<&AuditFlag> =
            flag::all().iter().filter(|flag| flag.is_in(NEWEST_KNOWN_MINOR)).collect();
        for _ in 0..self.below(4) {
            if self.percent(1) {
                items.push("--".to_owned());
            }
            if self.percent(3) {
                let name = self.pick(&UNKNOWN);
                items.push(format!("--{name}=1"));
                continue;
            }
            let flag = self.pick(&flags);
            self.push_flag(flag, &mut items);
        }
        items
    }

    fn push_flag(&mut self, flag: &AuditFlag, items: &mut Vec<String>) {
        let name = if self.percent(10) { flag.name.replacen('-', "_", 2) } else { flag.name.to_owned() };
        let value = self.value(flag.kind);
        // A flag without a value takes the next argument, here the name. `-1` would then be a shorthand flag, but kaudit
        // validates only audit flags.
        let follows_bare = items.last().is_some_and(|last| last.starts_with("--") && !last.contains('='));
        if self.percent(3) || (flag.kind == Kind::Bool && self.percent(40)) {
            items.push(format!("--{name}"));
        } else if flag.kind != Kind::Bool && !(value.starts_with('-') && follows_bare) && self.percent(15) {
            items.extend([format!("--{name}"), value]);
        } else {
            items.push(format!("--{name}={value}"));
        }
    }

    fn value(&mut self, kind: Kind) -> String {
        if self.percent(10) {
            return (0..self.below(7)).map(|_| self.pick(&ALPHABET)).collect();
        }
        let known: &[&str] = match kind {
            Kind::Path => &PATHS,
            Kind::Int { .. } => &INTS,
            Kind::Bool => &BOOLS,
            Kind::Float => &FLOATS,
            Kind::Duration => &DURATIONS,
            Kind::Choice(_) => &WORDS,
        };
        self.pick(known).to_owned()
    }
}

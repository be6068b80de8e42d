//! Sizes for people, in binary units: `1.1 GiB`.

/// A counted size, rounded to the nearest tenth.
#[must_use]
pub fn nearest(bytes: impl Into<u128>) -> String {
    print(bytes.into(), |tenths, size| tenths.saturating_add(size / 2) / size)
}

/// A required or expected size, rounded up.
#[must_use]
pub fn rounded_up(bytes: impl Into<u128>) -> String {
    print(bytes.into(), u128::div_ceil)
}

/// An available size, rounded down.
#[must_use]
pub fn rounded_down(bytes: impl Into<u128>) -> String {
    print(bytes.into(), |tenths, size| tenths / size)
}

/// Uses the smallest unit in which the rounded number is below 1024. The calculation is exact up to a sixteenth of the
/// type's range, far above the size of any disk.
fn print(bytes: u128, divide: fn(u128, u128) -> u128) -> String {
    let mut size = 1_u128;
    let mut unit = "B";
    let mut tenths = bytes.saturating_mul(10);
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if tenths < 10 * 1024 {
            break;
        }
        size *= 1024;
        unit = larger;
        tenths = divide(bytes.saturating_mul(10), size);
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, rounded_down, rounded_up};

    #[test]
    fn sizes_are_rounded_by_their_use() {
        for (bytes, down, near, up) in [
            (0_u64, "0 B", "0 B", "0 B"),
            (1023, "1023 B", "1023 B", "1023 B"),
            (1024, "1 KiB", "1 KiB", "1 KiB"),
            (1025, "1 KiB", "1 KiB", "1.1 KiB"),
            (1076, "1 KiB", "1.1 KiB", "1.1 KiB"),
            (104_857_600, "100 MiB", "100 MiB", "100 MiB"),
            (1_153_433_600, "1 GiB", "1.1 GiB", "1.1 GiB"),
            (10_737_418_240, "10 GiB", "10 GiB", "10 GiB"),
        ] {
            assert_eq!([rounded_down(bytes), nearest(bytes), rounded_up(bytes)], [down, near, up]);
        }
    }

    #[test]
    fn rounding_selects_the_unit() {
        let bytes = 1_048_575_u64;
        assert_eq!(
            [rounded_down(bytes), nearest(bytes), rounded_up(bytes)],
            ["1023.9 KiB", "1 MiB", "1 MiB"]
        );
    }

    #[test]
    fn the_largest_number_is_formatted() {
        for printed in [rounded_down(u128::MAX), nearest(u128::MAX), rounded_up(u128::MAX)] {
            assert!(printed.ends_with(" PiB"), "{printed}");
        }
    }
}

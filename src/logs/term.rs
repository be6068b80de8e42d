//! Values of filter options: required and excluded values.

use std::net::IpAddr;

/// A value, or with a leading `!` everything except this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term<T> {
    /// Whether the value has a leading `!`.
    pub is_not: bool,
    /// The value without the `!`.
    pub value: T,
}

impl<T> Term<T> {
    /// Parses `text`; `read` parses the part after the `!`.
    ///
    /// # Errors
    /// The error of `read`.
    pub fn read(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Self, String> {
        let (is_not, word) = match text.strip_prefix('!') {
            Some(word) => (true, word),
            None => (false, text),
        };
        Ok(Self { is_not, value: read(word)? })
    }
}

/// All values of an option: one of the required values must match, if there are any, and none of the excluded ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<T> {
    any_of: Vec<T>,
    none_of: Vec<T>,
}

impl<T> Choice<T> {
    /// Whether the values allow an event; `is` tells whether one value matches it.
    pub fn allows(&self, mut is: impl FnMut(&T) -> bool) -> bool {
        !self.none_of.iter().any(&mut is) && (self.any_of.is_empty() || self.any_of.iter().any(is))
    }

    /// Whether there are no conditions.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }

    /// The required values, of which one must match; empty if there are none.
    pub(super) fn any_of(&self) -> &[T] {
        &self.any_of
    }
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { any_of: Vec::new(), none_of: Vec::new() }
    }
}

impl<T> FromIterator<Term<T>> for Choice<T> {
    fn from_iter<I: IntoIterator<Item = Term<T>>>(terms: I) -> Self {
        let mut choice = Self::default();
        for term in terms {
            let list = if term.is_not { &mut choice.none_of } else { &mut choice.any_of };
            list.push(term.value);
        }
        choice
    }
}

/// A range of response codes: `403`, `4xx`, `500-599`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes {
    first: u16,
    last: u16,
}

impl Codes {
    /// Parses a range of codes.
    ///
    /// # Errors
    /// The text is not a code or a range of codes.
    pub fn read(text: &str) -> Result<Self, String> {
        let code = |text: &str| text.parse::<u16>().ok().filter(|code| (100..=999).contains(code));
        let range = match (text.strip_suffix("xx"), text.split_once('-')) {
            (Some(hundreds), _) => {
                let first = hundreds.parse::<u16>().ok().filter(|hundreds| (1..=9).contains(hundreds));
                first.map(|hundreds| (hundreds * 100, hundreds * 100 + 99))
            }
            (None, Some((first, last))) => code(first).zip(code(last)),
            (None, None) => code(text).map(|code| (code, code)),
        };
        let (first, last) = range.ok_or_else(|| "expected a code such as 403, 4xx or 500-599".to_owned())?;
        Ok(Self { first, last })
    }

    /// Whether `code` is in the range.
    #[must_use]
    pub fn contains(self, code: u16) -> bool {
        (self.first..=self.last).contains(&code)
    }

    /// The code, if the range has only one.
    pub(super) fn only(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }
}

/// An address or a network: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Parses an address or a network.
    ///
    /// # Errors
    /// The text is neither.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || "expected an address such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32".to_owned();
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let address = if bits.is_none() { address.to_canonical() } else { address };
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits =
            bits.map_or(Ok(all), |bits| bits.parse().ok().filter(|bits| *bits <= all).ok_or_else(wrong))?;
        Ok(Self { address, bits })
    }

    /// Whether the network contains `address`. An IPv4-mapped IPv6 address counts as the IPv4 address.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let (mine, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(other)) => {
                (u128::from(mine.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(mine), IpAddr::V6(other)) => (mine.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let rest = width - u32::from(self.bits);
        // `checked_shr` by all 128 bits is `None`, for both sides.
        mine.checked_shr(rest) == other.checked_shr(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_one_of_these_and_none_of_those() {
        let choice = |terms: &[&str]| -> Choice<String> {
            terms.iter().map(|term| Term::read(term, |word| Ok(word.to_owned())).unwrap()).collect()
        };
        for (terms, text, expected) in [
            (&[][..], "a", true),
            (&["a"], "a", true),
            (&["a"], "b", false),
            (&["a", "b"], "b", true),
            (&["!a"], "a", false),
            (&["!a"], "b", true),
            (&["a", "!a"], "a", false),
        ] {
            assert_eq!(choice(terms).allows(|word| word == text), expected, "{terms:?} {text}");
        }
    }

    #[test]
    fn codes_are_one_or_a_range() {
        for (text, range) in [
            ("403", Some((403, 403))),
            ("4xx", Some((400, 499))),
            ("500-599", Some((500, 599))),
            ("xx", None),
            ("0", None),
            ("99", None),
            ("4x", None),
            ("12xx", None),
            ("403-", None),
            ("-1", None),
        ] {
            assert_eq!(Codes::read(text).ok(), range.map(|(first, last)| Codes { first, last }), "{text}");
        }
    }

    #[test]
    fn a_network_has_the_addresses_with_its_first_bits() {
        for (network, address, expected) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::1", "0:0:0:0:0:0:0:1", true),
        ] {
            let network = Network::read(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "host", "10.0.0/8", "10.0.0.0/-1"] {
            assert!(Network::read(wrong).is_err(), "{wrong}");
        }
    }
}

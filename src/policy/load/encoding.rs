//! From the bytes of a policy file to its text.

use crate::policy::load::finding::{Finding, Verdict};
use crate::yaml::{MAX_BYTES, position_at};

/// The text of a policy file.
///
/// # Errors
///
/// Returns what the API server says of bytes that are no UTF-8, or why kaudit does not judge the file: it is too large,
/// UTF-16, or broken where it cannot be told whether the API server reads so far.
pub fn decode(bytes: &[u8]) -> Result<&str, Finding> {
    if bytes.len() > MAX_BYTES {
        let words = format!("the file has {} bytes; kaudit reads {MAX_BYTES}", bytes.len());
        return Err(Finding::of_file(Verdict::Undecided, words).help("make it smaller"));
    }
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Finding::of_file(Verdict::Undecided, "the file is UTF-16")
            .help("convert it: iconv -f UTF-16 -t UTF-8 FILE"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let (valid, broken) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        // JSON takes any bytes within a text, and the reader may stop behind the first document.
        let is_read =
            !valid.trim_start().starts_with('{') && !valid.contains("\n---") && !valid.contains("\n...");
        let finding = if is_read {
            Finding::of_file(Verdict::WouldNotStart, format!("failed decoding: yaml: {}", fault(broken)))
        } else {
            Finding::of_file(Verdict::Undecided, "the file is not UTF-8")
        };
        finding.at(position_at(valid, valid.len())).help("save the file as UTF-8")
    })
}

/// What go-yaml's reader says of the first character of `bytes`, which is none (`readerc.go`).
fn fault(bytes: &[u8]) -> &'static str {
    let Some((first, rest)) = bytes.split_first() else { return "incomplete UTF-8 octet sequence" };
    let (width, bits) = match first {
        0xC0..=0xDF => (2, first & 0x1F),
        0xE0..=0xEF => (3, first & 0x0F),
        0xF0..=0xF7 => (4, first & 0x07),
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(trailing) = rest.get(..width - 1) else { return "incomplete UTF-8 octet sequence" };
    if trailing.iter().any(|octet| octet & 0xC0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let value = trailing.iter().fold(u32::from(bits), |value, octet| value << 6 | u32::from(octet & 0x3F));
    let shortest = match width {
        2 => 0x80,
        3 => 0x800,
        _ => 0x1_0000,
    };
    if value < shortest { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"apiVersion: audit.k8s.io/v1\nkind: Policy\n";

    /// The words are those of `policy.LoadPolicyFromBytes` of 1.35.
    #[test]
    fn bytes_that_are_no_text_are_refused_in_gos_words() {
        for (bytes, words) in [
            (&b"# caf\xe9\na: b\n"[..], "invalid trailing UTF-8 octet"),
            (b"# caf\xe9\n", "incomplete UTF-8 octet sequence"),
            (b"# \xff\n", "invalid leading UTF-8 octet"),
            (b"# \xe4\xf6\n", "invalid trailing UTF-8 octet"),
            (b"#\xc3", "incomplete UTF-8 octet sequence"),
            (b"# \xed\xa0\x80\n", "invalid Unicode character"),
            (b"# \xc0\x80\n", "invalid length of a UTF-8 sequence"),
            (b"# \xf4\x90\x80\x80\n", "invalid Unicode character"),
        ] {
            let finding = decode(&[HEAD, bytes].concat()).map(drop).unwrap_err();
            assert_eq!(finding.words, format!("failed decoding: yaml: {words}"), "{bytes:?}");
            assert_eq!(finding.verdict, Verdict::WouldNotStart);
            assert_eq!(finding.position.unwrap().line, 3);
        }
    }

    #[test]
    fn what_may_not_be_read_or_not_by_kaudit_is_left_undecided() {
        let large = vec![b' '; MAX_BYTES + 1];
        for bytes in [&b"a: b\n---\n# \xff\n"[..], b" {\"a\": \"\xff\"}", b"\xff\xfea\0", &large] {
            assert_eq!(decode(bytes).map(drop).unwrap_err().verdict, Verdict::Undecided);
        }
        assert_eq!(decode("ü\0".as_bytes()), Ok("ü\0"));
    }
}

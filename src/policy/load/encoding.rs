//! From the bytes of a policy file to its text.

use crate::policy::load::finding::{Finding, FindingKind};
use crate::yaml::{MAX_BYTES, position_at};

/// The text of a policy file.
///
/// # Errors
///
/// The file is not UTF-8, so the API server would not start with it, or kaudit cannot tell: the file is too large, UTF-16,
/// or the broken character is where the API server may not read it.
pub fn decode(bytes: &[u8]) -> Result<&str, Finding> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; kaudit reads {MAX_BYTES}", bytes.len());
        return Err(Finding::new(FindingKind::Undecided, message).help("make it smaller"));
    }
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Finding::new(FindingKind::Undecided, "the file is UTF-16")
            .help("convert it: iconv -f UTF-16 -t UTF-8 FILE"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        // JSON takes any bytes within a string, and the reader may stop after the first document.
        let is_read =
            !valid.trim_start().starts_with('{') && !valid.contains("\n---") && !valid.contains("\n...");
        let kind = if is_read { FindingKind::WouldNotStart } else { FindingKind::Undecided };
        Finding::new(kind, "the file is not valid UTF-8")
            .at(Some(position_at(valid, valid.len())))
            .help("save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"apiVersion: audit.k8s.io/v1\nkind: Policy\n";

    /// As `policy.LoadPolicyFromBytes` of 1.35 does.
    #[test]
    fn refuses_bytes_that_are_not_utf_8() {
        for bytes in [
            &b"# caf\xe9\na: b\n"[..],
            b"# caf\xe9\n",
            b"# \xff\n",
            b"# \xe4\xf6\n",
            b"#\xc3",
            b"# \xed\xa0\x80\n",
            b"# \xc0\x80\n",
            b"# \xf4\x90\x80\x80\n",
        ] {
            let finding = decode(&[HEAD, bytes].concat()).map(drop).unwrap_err();
            assert_eq!(finding.kind, FindingKind::WouldNotStart, "{bytes:?}");
            assert_eq!(finding.position().unwrap().line, 3);
        }
    }

    #[test]
    fn leaves_undecided_what_the_api_server_may_not_read() {
        let large = vec![b' '; MAX_BYTES + 1];
        for bytes in [&b"a: b\n---\n# \xff\n"[..], b" {\"a\": \"\xff\"}", b"\xff\xfea\0", &large] {
            assert_eq!(decode(bytes).map(drop).unwrap_err().kind, FindingKind::Undecided);
        }
        assert_eq!(decode("ü\0".as_bytes()), Ok("ü\0"));
    }
}

//! Comma-separated values (RFC 4180, with line feeds as line ends).

use crate::printable::escape;

/// Adds a record.
pub fn record<T: AsRef<str>>(cells: impl IntoIterator<Item = T>, out: &mut Vec<u8>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let cell = escape(cell.as_ref());
        if cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b' ')) {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        record(["a", "", "b,c", "say \"no\"", "two\nlines", "'x'"], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a,,\"b,c\",\"say \"\"no\"\"\",two\\nlines,'x'\n");
    }
}

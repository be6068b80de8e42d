//! What has come on a connection, taken apart: heads, bodies of a known length, bodies in chunks.

use anyhow::{Context as _, Result, ensure};

/// More than an answer's head, or a chunk's, has.
const HEAD_LIMIT: usize = 16 * 1024;

/// Bytes that have come.
#[derive(Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    /// What of the body was taken apart, and not yet asked for.
    text: Vec<u8>,
    /// How many bytes of the body were taken apart.
    taken: usize,
    /// Whether the last chunk has come.
    is_over: bool,
}

/// The head of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The length of the body; none where it comes in chunks.
    pub(super) length: Option<usize>,
    /// Whether the server closes the connection after the answer.
    pub(super) closes: bool,
    /// Whether the server asks the client to come again, elsewhere.
    pub(super) again: bool,
}

impl Incoming {
    /// Adds what has come.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing has come that was not asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the head of an answer, when it has come.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(super) fn head(&mut self) -> Result<Option<Head>> {
        let Some(text) = self.take_through(b"\r\n\r\n")? else { return Ok(None) };
        let mut lines = text.lines();
        let status =
            lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|rest| rest.get(..3));
        let status = status.and_then(|status| status.parse().ok());
        let mut head =
            Head { status: status.with_context(|| format!("no status in {text:?}"))?, ..Head::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = Some(value.parse().context("reading the length")?),
                "connection" => head.closes = value.eq_ignore_ascii_case("close"),
                "retry-after" => head.again = true,
                _ => {}
            }
        }
        Ok(Some(head))
    }

    /// Takes the part of the body that has arrived; none when nothing has arrived.
    ///
    /// # Errors
    ///
    /// When the received bytes are not a valid body.
    pub(super) fn body(&mut self, head: &Head) -> Result<Option<String>> {
        self.take_apart(head)?;
        if self.text.is_empty() && !self.is_complete(head) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8(std::mem::take(&mut self.text)).context("reading a body")?))
    }

    /// Takes the next line of the body; none when it has not arrived completely.
    ///
    /// # Errors
    ///
    /// When the received bytes are not a valid body.
    pub(super) fn line(&mut self, head: &Head) -> Result<Option<String>> {
        self.take_apart(head)?;
        let Some(end) = self.text.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let rest = self.text.split_off(end + 1);
        let line = std::mem::replace(&mut self.text, rest);
        Ok(Some(String::from_utf8(line).context("reading a line")?))
    }

    /// Whether the whole body has come.
    pub(super) fn is_complete(&self, head: &Head) -> bool {
        head.length.map_or(self.is_over, |length| self.taken >= length)
    }

    /// Makes ready for the next answer.
    pub(super) fn finish(&mut self) {
        (self.taken, self.is_over) = (0, false);
    }

    fn take_apart(&mut self, head: &Head) -> Result<()> {
        if let Some(length) = head.length {
            let more = (length - self.taken).min(self.bytes.len());
            self.text.extend(self.bytes.drain(..more));
            self.taken += more;
            return Ok(());
        }
        while !self.is_over {
            let Some((start, length)) = self.chunk()? else { break };
            let end = start + length + 2;
            if self.bytes.len() < end {
                break;
            }
            self.text.extend(self.bytes.drain(..end).skip(start).take(length));
            self.is_over = length == 0;
        }
        Ok(())
    }

    /// Where the next chunk begins and how long it is, when its header has arrived.
    fn chunk(&self) -> Result<Option<(usize, usize)>> {
        let Some(end) = find(&self.bytes, b"\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(self.bytes.get(..end).unwrap_or_default());
        let length =
            usize::from_str_radix(&text, 16).with_context(|| format!("invalid chunk length {text:?}"))?;
        Ok(Some((end + 2, length)))
    }

    fn take_through(&mut self, mark: &[u8]) -> Result<Option<String>> {
        ensure!(
            self.bytes.len() <= HEAD_LIMIT,
            "{} bytes without a complete response head",
            self.bytes.len()
        );
        let Some(at) = find(&self.bytes, mark) else { return Ok(None) };
        let taken: Vec<u8> = self.bytes.drain(..at + mark.len()).collect();
        Ok(Some(String::from_utf8(taken).context("reading a head")?))
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_any_pieces() {
        let text = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nRetry-After: 1\r\n\r\nhello\
                    HTTP/1.1 200 OK\r\nconnection: Close\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\none\r\na\r\n\ntwo\nthree\r\n0\r\n\r\n";
        for size in 1..text.len() {
            let mut incoming = Incoming::default();
            let mut pieces = text.as_bytes().chunks(size);
            let mut add = |incoming: &mut Incoming| incoming.add(pieces.next().unwrap());
            let first = loop {
                if let Some(head) = incoming.head().unwrap() {
                    break head;
                }
                add(&mut incoming);
            };
            assert_eq!(first, Head { status: 201, length: Some(5), closes: false, again: true });
            let mut body = String::new();
            while !incoming.is_complete(&first) {
                match incoming.body(&first).unwrap() {
                    Some(more) => body.push_str(&more),
                    None => add(&mut incoming),
                }
            }
            assert_eq!(body, "hello", "in pieces of {size}");
            incoming.finish();
            let second = loop {
                if let Some(head) = incoming.head().unwrap() {
                    break head;
                }
                add(&mut incoming);
            };
            assert_eq!(second, Head { status: 200, length: None, closes: true, again: false });
            let mut lines = Vec::new();
            while !incoming.is_complete(&second) {
                match incoming.line(&second).unwrap() {
                    Some(line) => lines.push(line),
                    None if incoming.is_complete(&second) => {}
                    None => add(&mut incoming),
                }
            }
            while let Some(line) = incoming.line(&second).unwrap() {
                lines.push(line);
            }
            assert_eq!(lines, ["one\n", "two\n"], "in pieces of {size}");
            assert_eq!(incoming.body(&second).unwrap().unwrap(), "three");
        }
    }

    #[test]
    fn what_is_not_http_is_told() {
        let mut incoming = Incoming::default();
        incoming.add(b"SSH-2.0\r\n\r\n");
        incoming.head().unwrap_err();
        incoming.add(b"xyz\r\n");
        incoming.line(&Head::default()).unwrap_err();
    }
}

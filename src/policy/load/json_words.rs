//! What `encoding/json` says of a text that is not JSON (`scanner.go` of Go's standard library). The API server reads a file
//! as JSON that opens with a brace.

use crate::policy::load::go;

/// Where Go's scanner stops, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct Fault {
    /// The byte at which it stops; the length of the text where that is too short.
    pub(in crate::policy) offset: usize,
    /// Its words.
    pub(in crate::policy) words: String,
}

/// Reads the text as Go's scanner does.
///
/// # Errors
///
/// Returns the first fault.
pub(in crate::policy) fn scan(text: &str) -> Result<(), Fault> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let mut open: Vec<Bracket> = Vec::new();
    loop {
        scanner.skip_space();
        match scanner.peek() {
            Some(b'{') => {
                scanner.open(&mut open, Bracket::Object)?;
                if scanner.peek() != Some(b'}') {
                    scanner.key()?;
                    continue;
                }
            }
            Some(b'[') => {
                scanner.open(&mut open, Bracket::Array)?;
                if scanner.peek() != Some(b']') {
                    continue;
                }
            }
            Some(b'"') => scanner.string()?,
            Some(b'-' | b'0'..=b'9') => scanner.number()?,
            Some(b't') => scanner.literal("true")?,
            Some(b'f') => scanner.literal("false")?,
            Some(b'n') => scanner.literal("null")?,
            _ => return Err(scanner.fault("looking for beginning of value")),
        }
        if scanner.end_of_value(&mut open)? {
            return Ok(());
        }
    }
}

/// What is open around a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Object,
    Array,
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    fn open(&mut self, open: &mut Vec<Bracket>, bracket: Bracket) -> Result<(), Fault> {
        /// Go's own bound on brackets within brackets.
        const MOST_BRACKETS: usize = 10_000;
        if open.len() == MOST_BRACKETS {
            return Err(self.fault("exceeded max depth"));
        }
        open.push(bracket);
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// Goes behind the value, and behind what ends with it, to the next value; true at the end of the text.
    fn end_of_value(&mut self, open: &mut Vec<Bracket>) -> Result<bool, Fault> {
        loop {
            self.skip_space();
            let (end, context) = match open.last() {
                None if self.peek().is_none() => return Ok(true),
                None => return Err(self.fault("after top-level value")),
                Some(Bracket::Object) => (b'}', "after object key:value pair"),
                Some(Bracket::Array) => (b']', "after array element"),
            };
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if open.last() == Some(&Bracket::Object) {
                        self.key()?;
                    }
                    return Ok(false);
                }
                Some(byte) if byte == end => {
                    self.at += 1;
                    open.pop();
                }
                _ => return Err(self.fault(context)),
            }
        }
    }

    fn key(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.fault("looking for beginning of object key string"));
        }
        self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.fault("after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.fault("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => self.at += 1,
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.fault("in \\u hexadecimal character escape"));
                    }
                }
                self.at += 1;
            }
            _ => return Err(self.fault("in string escape code")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.skip(|byte| byte.is_ascii_digit()),
            _ => return Err(self.fault("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digits(&mut self, context: &str) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.fault(context));
        }
        self.skip(|byte| byte.is_ascii_digit());
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(self.fault(&context));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Go names the byte, as if it were a character.
    fn fault(&self, context: &str) -> Fault {
        let words = match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(byte) => {
                let quoted = match byte {
                    b'\'' => "\\'".to_owned(),
                    b'"' => "\"".to_owned(),
                    byte => go::quote(&char::from(byte).to_string()).trim_matches('"').to_owned(),
                };
                format!("invalid character '{quoted}' {context}")
            }
        };
        Fault { offset: self.at, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are what Go 1.26 printed.
    #[test]
    fn says_what_go_says() {
        for (text, words) in [
            ("{", "unexpected end of JSON input"),
            ("{\"a\":1}]", "invalid character ']' after top-level value"),
            ("{\"a\":[1 2]}", "invalid character '2' after array element"),
            ("{\"a\":1 2}", "invalid character '2' after object key:value pair"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("{\"a\":[1,]}", "invalid character ']' looking for beginning of value"),
            ("{{ .Values }}", "invalid character '{' looking for beginning of object key string"),
            ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
            ("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')"),
            ("{\"a\":-x}", "invalid character 'x' in numeric literal"),
            ("{\"a\":1.x}", "invalid character 'x' after decimal point in numeric literal"),
            ("{\"a\":1e\"}", "invalid character '\"' in exponent of numeric literal"),
            ("{\"a\":\"\\x\"}", "invalid character 'x' in string escape code"),
            ("{\"a\":\"\\u12g4\"}", "invalid character 'g' in \\u hexadecimal character escape"),
            ("{\"a\":\"\n\"}", "invalid character '\\n' in string literal"),
            ("{\"a\":ü}", "invalid character 'Ã' looking for beginning of value"),
        ] {
            assert_eq!(scan(text).unwrap_err().words, words, "{text}");
        }
    }

    #[test]
    fn takes_what_is_json() {
        for text in [" {} ", "[]", "{\"a\":[{},[],-0.5e+3,\"\\u00fc\\\"\",true,false,null]}", "1"] {
            assert_eq!(scan(text), Ok(()), "{text}");
        }
        assert_eq!(scan(&"[".repeat(10_001)).unwrap_err().words, "invalid character '[' exceeded max depth");
    }
}

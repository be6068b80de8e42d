//! Bearer token authentication.

use super::stamp::Stamp;
use crate::digest::sha256;
use crate::node::Node;
use anyhow::{Context as _, Result, bail, ensure};
use std::path::{Path, PathBuf};

/// The size limit of a token file.
const FILE_LIMIT: u64 = 64 << 10;
/// The authentication scheme; its case is not significant (RFC 9110, 11.1).
const SCHEME: &str = "bearer ";

/// The tokens of a file. With two tokens, the API server's token can be replaced without rejected requests.
pub(super) struct Tokens {
    path: PathBuf,
    stamp: Stamp,
    /// The SHA-256 of each token: the time to compare digests reveals nothing about a token.
    digests: Vec<[u8; 32]>,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// The file cannot be read, or contains no valid token.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let stamp = Stamp::of(vec![path.to_path_buf()]);
        Ok(Self { path: path.to_path_buf(), stamp, digests: digests(path)? })
    }

    /// Reads the file again if it changed.
    ///
    /// # Errors
    /// The file cannot be used now; the previous tokens stay in use.
    pub(super) fn refresh(&mut self) -> Result<()> {
        if self.stamp.changed() {
            self.digests = digests(&self.path)?;
        }
        Ok(())
    }

    /// Whether the value of an `Authorization` header has one of the tokens.
    pub(super) fn accept(&self, authorization: Option<&[u8]>) -> bool {
        let Some((scheme, token)) = authorization.and_then(|value| value.split_at_checked(SCHEME.len()))
        else {
            return false;
        };
        let given = sha256(token.trim_ascii());
        // Compares all of them, to take the same time for each.
        let matches = self.digests.iter().filter(|known| **known == given).count();
        scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) && matches > 0
    }
}

fn digests(path: &Path) -> Result<Vec<[u8; 32]>> {
    let bytes = Node::read_operators_file(path, FILE_LIMIT)?;
    ensure!(bytes.len() as u64 <= FILE_LIMIT, "{} is too large for a token file", path.display());
    let Ok(text) = std::str::from_utf8(&bytes) else {
        bail!("{} is not UTF-8", path.display());
    };
    let tokens: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    ensure!(!tokens.is_empty(), "{} contains no token", path.display());
    let is_sendable = |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic());
    tokens.iter().find(|token| !is_sendable(token)).map_or(Ok(()), |_| {
        Err(anyhow::anyhow!("it has characters that are not allowed in a header"))
            .with_context(|| format!("a token in {}", path.display()))
    })?;
    Ok(tokens.into_iter().map(|token| sha256(token.as_bytes())).collect())
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    #[test]
    fn one_of_the_tokens_is_needed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "first\n\n second \n").unwrap();
        let tokens = Tokens::read(file.path()).unwrap();
        for right in ["Bearer first", "bearer second", "BEARER   first"] {
            assert!(tokens.accept(Some(right.as_bytes())), "{right}");
        }
        for wrong in ["", "Bearer", "Bearer ", "Bearer firs", "Bearer first second", "Basic first", "first"] {
            assert!(!tokens.accept(Some(wrong.as_bytes())), "{wrong}");
        }
        assert!(!tokens.accept(None));
    }

    #[test]
    fn a_file_without_a_token_is_rejected() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [&b""[..], b"\n \n", b"\xff\xfe", b"with blank\n", b"umlaut-\xc3\xa4"] {
            std::fs::write(file.path(), bytes).unwrap();
            assert!(Tokens::read(file.path()).is_err(), "{bytes:?}");
        }
    }
}

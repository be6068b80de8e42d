//! stand-in
use super::Node; use anyhow::Result; use std::path::*;
pub struct LogMark(PathBuf);
impl Node { pub fn mark_log(&self, p: &Path) -> Result<LogMark> { Ok(LogMark(p.into())) }
 pub fn find_in_log(&self, m: &LogMark, n: &str) -> Result<bool> { Ok(self.read_file(&m.0, 1<<24)?.is_some_and(|f| String::from_utf8_lossy(&f.bytes).contains(n))) } }

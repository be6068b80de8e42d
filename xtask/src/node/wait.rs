//! Waiting for conditions, with a time limit.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Short compared with the usual waits, long compared with a probe.
const PAUSE: Duration = Duration::from_millis(200);

/// Calls `probe` until it returns a value, and returns that.
///
/// # Errors
///
/// When `probe` fails, which ends the wait immediately, or returns no value within `limit`; the error names `what`.
pub(crate) fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begin = Instant::now();
    loop {
        if let Some(answer) = probe()? {
            return Ok(answer);
        }
        if begin.elapsed() >= limit {
            bail!("timed out after {} s waiting for {what}", limit.as_secs());
        }
        sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_until_there_is_an_answer() {
        let mut asked = 0;
        let answer = wait_for("the third question", Duration::from_mins(1), || {
            asked += 1;
            Ok((asked == 3).then_some("yes"))
        });
        assert_eq!(answer.unwrap(), "yes");
    }

    #[test]
    fn ends_in_time_and_names_what_did_not_come() {
        let error = wait_for::<()>("nothing", Duration::ZERO, || Ok(None)).unwrap_err();
        assert_eq!(error.to_string(), "timed out after 0 s waiting for nothing");
    }

    #[test]
    fn a_failed_probe_ends_the_wait() {
        let error = wait_for::<()>("nothing", Duration::from_mins(1), || bail!("broken")).unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }
}

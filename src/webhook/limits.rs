//! Checks of the batch limits of the webhook backend.

use super::check;
use crate::audit::flag;
use crate::audit::pflag::{parse_bool, parse_float, parse_int};
use crate::diagnostic::Diagnostic;
use crate::receive::MAX_BODY;
use crate::size;

/// The size of an `EventList` without its events.
const LIST: u128 = 1 << 10;

/// Checks the settings of the webhook backend. `value` gives a flag's value if it is set; `minor` is the release whose
/// defaults apply otherwise; `logs_bodies` is whether the policy has a rule of level Request or `RequestResponse`.
///
/// Events are truncated before they are batched: the truncating backend is wrapped around the batching one
/// (`apiserver/pkg/server/options/audit.go`, `ApplyTo` and `newUntruncatedBackend`), and it gets one event at a time. So
/// only the number of events and the size of each limit a request, whatever the value of
/// `--audit-webhook-truncate-max-batch-size`.
pub fn check_limits<'a>(
    value: impl Fn(&str) -> Option<&'a str>,
    minor: u16,
    logs_bodies: bool,
) -> Vec<Diagnostic> {
    let settings = Settings { value, minor };
    let mut findings = Vec::new();
    match settings.text("mode") {
        "batch" => findings.extend(settings.check_batches(logs_bodies)),
        mode => findings.push(
            check::warning(
                "webhook-blocking",
                format!("--audit-webhook-mode={mode}: every request waits for the receiver; while the receiver does not answer, neither does the API server"),
            )
            .help("use --webhook-mode batch"),
        ),
    }
    if logs_bodies && !settings.flag("truncate-enabled") {
        findings.push(
            check::warning(
                "webhook-truncate-off",
                "the policy logs bodies, and events are not truncated: one event may have several MB, and a batch is lost if the receiver rejects it",
            )
            .help("use --webhook-truncate-enabled with --webhook-truncate-max-event-size"),
        );
    }
    findings
}

struct Settings<F> {
    value: F,
    minor: u16,
}

impl<'a, F: Fn(&str) -> Option<&'a str>> Settings<F> {
    fn text(&self, option: &str) -> &'a str {
        let name = format!("audit-webhook-{option}");
        (self.value)(&name)
            .unwrap_or_else(|| flag::find(&name).map_or("", |flag| flag.default_in(self.minor)))
    }

    fn int(&self, option: &str) -> u128 {
        parse_int(self.text(option)).ok().and_then(|number| u128::try_from(number).ok()).unwrap_or_default()
    }

    fn flag(&self, option: &str) -> bool {
        parse_bool(self.text(option)).unwrap_or_default()
    }

    fn check_batches(&self, logs_bodies: bool) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let (batch, buffer) = (self.int("batch-max-size"), self.int("batch-buffer-size"));
        if batch > buffer {
            findings.push(
                check::warning(
                    "webhook-batch-buffer",
                    format!("a batch of {batch} events never fills: the buffer has space for {buffer} events, and further events are dropped"),
                )
                .help(format!("use --webhook-batch-buffer-size {} or more", batch.saturating_mul(10))),
            );
        }
        if self.flag("truncate-enabled") {
            let most = batch.saturating_mul(self.int("truncate-max-event-size"));
            // With the commas.
            let body = most.saturating_add(batch).saturating_add(LIST);
            let receiver = if body <= u128::from(MAX_BODY) {
                format!("kaudit receive accepts {} (--max-body)", size::nearest(MAX_BODY))
            } else {
                format!("kaudit receive needs --max-body {body} for that")
            };
            findings.push(check::info(
                "webhook-batch-bytes",
                format!(
                    "a request to the receiver may have up to {}: {batch} events of at most {} each; --audit-webhook-truncate-max-batch-size does not limit it; {receiver}",
                    size::rounded_up(most),
                    size::rounded_up(self.int("truncate-max-event-size"))
                ),
            ));
        } else if !logs_bodies {
            findings.push(check::info(
                "webhook-batch-bytes",
                format!("a request to the receiver has up to {batch} events of a few KiB each, without a limit in bytes"),
            ));
        }
        if self.flag("batch-throttle-enable") {
            let rate = parse_float(self.text("batch-throttle-qps")).unwrap_or_default();
            findings.push(check::info(
                "webhook-throughput",
                format!(
                    "at most {rate} batches ({} events) per second are delivered; above that the buffer of {buffer} events fills up, and then events are dropped",
                    events_per_second(rate, batch)
                ),
            ));
        }
        findings
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a figure for people; the cast saturates"
)]
fn events_per_second(rate: f32, batch: u128) -> u64 {
    (f64::from(rate) * batch as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::check_limits;

    fn ids(settings: &[(&str, &'static str)], logs_bodies: bool) -> Vec<&'static str> {
        let value = |name: &str| settings.iter().find(|(option, _)| *option == name).map(|(_, value)| *value);
        check_limits(value, 36, logs_bodies).into_iter().filter_map(|finding| finding.id).collect()
    }

    #[test]
    fn limits_are_checked_together() {
        let (bytes, rate) = ("webhook-batch-bytes", "webhook-throughput");
        assert_eq!(ids(&[], false), [bytes, rate]);
        assert_eq!(ids(&[], true), [rate, "webhook-truncate-off"]);
        let cut = ("audit-webhook-truncate-enabled", "true");
        assert_eq!(ids(&[cut], true), [bytes, rate]);
        assert_eq!(ids(&[cut, ("audit-webhook-mode", "blocking")], true), ["webhook-blocking"]);
        let small = ("audit-webhook-batch-buffer-size", "100");
        let unbounded = ("audit-webhook-batch-throttle-enable", "false");
        assert_eq!(ids(&[small, unbounded], false), ["webhook-batch-buffer", bytes]);
    }

    #[test]
    fn the_size_of_a_request_is_that_of_its_events() {
        let message = |size: &'static str| {
            let value = |name: &str| match name {
                "audit-webhook-truncate-enabled" => Some("true"),
                "audit-webhook-batch-max-size" => Some(size),
                _ => None,
            };
            check_limits(value, 36, true).remove(0).message
        };
        let usual = message("400");
        assert!(
            usual.starts_with(
                "a request to the receiver may have up to 39.1 MiB: 400 events of at most 100 KiB each"
            ),
            "{usual}"
        );
        assert!(usual.ends_with("kaudit receive accepts 40 MiB (--max-body)"), "{usual}");
        let large = message("1000");
        assert!(large.ends_with("kaudit receive needs --max-body 102402024 for that"), "{large}");
    }
}

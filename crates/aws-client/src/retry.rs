//! Which failures are tried again, and after how long.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Retry behavior", standard mode: throttling, transient errors and broken
//! connections, three attempts in all, a random part of a wait that doubles from 1 second up to 20.

use std::time::Duration;

use aws_config::retry::RetryConfig;

use crate::error::{Cause, Refusal};

/// Codes that ask the caller to slow down.
///
/// Source: the same page, "Standard mode", throttling errors; `THROTTLING_ERRORS` of the SDK for Rust.
const THROTTLING: [&str; 15] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
    "RequestThrottlingException",
];

/// Codes of what passes by itself.
const TRANSIENT: [&str; 3] = ["RequestTimeout", "RequestTimeoutException", "IDPCommunicationError"];

/// How often, and how long between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    pub(crate) attempts: u32,
    first: Duration,
    most: Duration,
}

impl Retries {
    pub(crate) fn of(config: Option<&RetryConfig>) -> Self {
        let standard = RetryConfig::standard();
        let config = config.unwrap_or(&standard);
        Self { attempts: config.max_attempts().max(1), first: config.initial_backoff(), most: config.max_backoff() }
    }

    /// The wait before the attempt that comes after `attempts`. The service may ask for a longer one.
    pub(crate) fn wait(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
        doubled.min(self.most).mul_f64(random()).max(asked.unwrap_or_default().min(self.most))
    }
}

/// Whether another attempt may go better.
pub(crate) fn may_help(cause: &Cause) -> bool {
    match cause {
        Cause::Unreachable(_) | Cause::TimedOut(_) => true,
        Cause::Refused(refusal) => passes(refusal),
        _ => false,
    }
}

fn passes(Refusal { code, status, .. }: &Refusal) -> bool {
    matches!(status, 429 | 500 | 502..=504) || THROTTLING.contains(&&**code) || TRANSIENT.contains(&&**code)
}

/// From 0 up to 1.
fn random() -> f64 {
    // Without randomness the whole wait is as good.
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries() -> Retries {
        Retries::of(None)
    }

    #[test]
    fn waits_double_up_to_their_bound_and_are_spread() {
        let most = |attempts| (0..200).map(|_| retries().wait(attempts, None)).max().unwrap();
        for (attempts, bound) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 20), (40, 20)] {
            let (most, bound) = (most(attempts), Duration::from_secs(bound));
            assert!(most <= bound && most > bound / 2, "{attempts}: {most:?}");
        }
        let few = (0..200).filter(|_| retries().wait(1, None) < Duration::from_millis(500)).count();
        assert!((50..150).contains(&few), "{few}");
    }

    #[test]
    fn a_service_that_asks_for_a_longer_wait_gets_it_within_bounds() {
        assert!(retries().wait(1, Some(Duration::from_secs(7))) >= Duration::from_secs(7));
        assert!(retries().wait(1, Some(Duration::from_secs(7000))) <= Duration::from_secs(20));
    }
}

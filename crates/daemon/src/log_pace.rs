//! Log lines that a peer can cause as often as it likes, at a pace that leaves the log readable.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How far apart two lines of one [`LogPace`] are at least.
pub const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The pace of one kind of line: the first at once, then one in [`BETWEEN_LINES`], which tells how many were left out.
#[derive(Debug, Default)]
pub struct LogPace(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    last: Option<Instant>,
    left_out: u64,
}

impl LogPace {
    /// Whether to log what has just happened. If so: how many lines were left out since the last one.
    pub fn line(&self) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if lines.last.is_some_and(|last| now.duration_since(last) < BETWEEN_LINES) {
            lines.left_out += 1;
            return None;
        }
        lines.last = Some(now);
        Some(std::mem::take(&mut lines.left_out))
    }
}

//! Waiting for what another process does in its own time.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer, and returns it.
///
/// # Panics
/// When there is none within `patience`: with what was waited for, and why it was not so the last time.
pub async fn eventually<T, E: std::fmt::Debug>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) if started.elapsed() > patience => {
                panic!("{what}: not within {} s; at last: {error:?}", patience.as_secs())
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

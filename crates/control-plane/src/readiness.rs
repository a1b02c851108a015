//! Waiting until a program that was just started can be used.

use std::time::{Duration, Instant};

use hyper::Method;

use crate::{error::StartError, http::Https, process::Process};

/// On two busy cores both are ready within 6 s.
const PATIENCE: Duration = Duration::from_secs(120);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Returns when `client` answers 200 at `path`; fails at once when `process` ends.
pub(crate) async fn wait(process: &Process, client: &Https, path: &str) -> Result<(), StartError> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let last = match client.send(Method::GET, path, None).await {
            Ok((status, _)) if status.is_success() => return Ok(()),
            Ok((status, body)) => format!("{path}: {status}: {}", String::from_utf8_lossy(&body).trim()),
            Err(error) => error.to_string(),
        };
        if started.elapsed() > PATIENCE {
            return Err(StartError::NotReady {
                program: process.program().to_owned(),
                waited: PATIENCE,
                last,
                log: process.log().to_owned(),
                tail: process.log_tail(),
            });
        }
        if let Ok(status) = tokio::time::timeout(pause, process.ended()).await {
            return Err(StartError::Ended {
                program: process.program().to_owned(),
                status,
                log: process.log().to_owned(),
                tail: process.log_tail(),
            });
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

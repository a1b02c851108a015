//! Waiting until a program that was just started can be used.

use std::time::Duration;

use hyper::Method;
use tokio::time::sleep;

use crate::{error::StartError, http::Https, process::Process};

/// On two busy cores both are ready within 6 s.
const PATIENCE: Duration = Duration::from_secs(120);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Returns when `client` answers 200 at `path`; fails at once when `process` ends.
pub(crate) async fn wait(process: &Process, client: &Https, path: &str) -> Result<(), StartError> {
    let mut last = String::new();
    let ready = async {
        let mut pause = FIRST_PAUSE;
        loop {
            last = match client.send(Method::GET, path, None).await {
                Ok((status, _)) if status.is_success() => return,
                Ok((status, body)) => format!("{path}: {status}: {}", String::from_utf8_lossy(&body).trim()),
                Err(error) => error.to_string(),
            };
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    tokio::select! {
        biased;
        // First: one that answered and then ended is not ready.
        status = process.ended() => Err(StartError::Ended {
            program: process.program().to_owned(),
            status,
            log: process.log().to_owned(),
            tail: process.log_tail(),
        }),
        () = ready => Ok(()),
        () = sleep(PATIENCE) => Err(StartError::NotReady {
            program: process.program().to_owned(),
            waited: PATIENCE,
            last,
            log: process.log().to_owned(),
            tail: process.log_tail(),
        }),
    }
}

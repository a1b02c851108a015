//! One call to the apiserver, with an end.

use std::time::Duration;

use tokio::time::timeout;

/// The longest that one takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The apiserver did not do it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It answered, and refused.
    #[error("cannot {what}: the apiserver refuses ({status}): {message}")]
    Refused {
        /// What was to be done.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It did not answer, or nothing that can be read.
    #[error("cannot {what}: no answer of the apiserver: {reason}")]
    NoAnswer {
        /// What was to be done.
        what: &'static str,
        /// Why not.
        reason: String,
    },
}

impl CallError {
    /// The HTTP status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::NoAnswer { .. } => None,
        }
    }
}

pub(crate) async fn call<T>(
    what: &'static str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, CallError> {
    let no_answer = |reason| CallError::NoAnswer { what, reason };
    match timeout(PATIENCE, call).await {
        Err(_) => Err(no_answer(format!("not within {} s", PATIENCE.as_secs()))),
        Ok(Ok(done)) => Ok(done),
        Ok(Err(kube::Error::Api(said))) => {
            Err(CallError::Refused { what, status: said.code, message: said.message.clone() })
        }
        Ok(Err(error)) => Err(no_answer(error.to_string())),
    }
}

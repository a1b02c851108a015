//! Reading a request's body, within what one body and all bodies together may take.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{error::ServiceError, options::Limits};

/// How bodies are read.
pub(super) struct BodyReader {
    most: usize,
    time: Duration,
    room: Arc<Semaphore>,
}

/// A body in memory. Its room is given back when it is dropped.
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    room: Option<OwnedSemaphorePermit>,
}

impl ReadBody {
    /// The body, whose room is given back when the last clone of it is dropped.
    pub(super) fn held(self) -> Bytes {
        match self.room {
            Some(_) => Bytes::from_owner(self),
            None => self.bytes,
        }
    }
}

impl AsRef<[u8]> for ReadBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body was not read.
///
/// Codes and statuses: AWS KMS API Reference, "Common Errors".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("The request payload is larger than {0} bytes.")]
    TooLarge(usize),
    #[error("The request payload did not arrive in time.")]
    TooSlow,
    #[error("The request ended before its payload did.")]
    CutShort,
    #[error("Too many payloads are being read. Try again.")]
    NoRoom,
}

impl BodyReader {
    pub(super) fn new(limits: &Limits) -> Self {
        let room = limits.all_body_bytes.min(Semaphore::MAX_PERMITS);
        Self { most: limits.body_bytes, time: limits.body_time, room: Arc::new(Semaphore::new(room)) }
    }

    /// The same room, for bodies of other sizes.
    pub(super) fn of_up_to(&self, most: usize) -> Self {
        Self { most, time: self.time, room: Arc::clone(&self.room) }
    }

    pub(super) async fn read(&self, body: Incoming) -> Result<ReadBody, BodyError> {
        if body.is_end_stream() {
            return Ok(ReadBody { bytes: Bytes::new(), room: None });
        }
        if body.size_hint().lower() > self.most as u64 {
            return Err(BodyError::TooLarge(self.most));
        }
        tokio::time::timeout(self.time, self.collect(body)).await.unwrap_or(Err(BodyError::TooSlow))
    }

    /// Takes room for what has come, not for what is announced: a peer must send bytes to use any up.
    async fn collect(&self, mut body: Incoming) -> Result<ReadBody, BodyError> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::CutShort)?.into_data() else { continue };
            if first.len() + rest.len() + data.len() > self.most {
                return Err(BodyError::TooLarge(self.most));
            }
            let needed = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let more = Arc::clone(&self.room).try_acquire_many_owned(needed).map_err(|_| BodyError::NoRoom)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            match (first.is_empty(), rest.is_empty()) {
                (true, true) => first = data,
                (_, true) => rest.extend_from_slice(&[&first, &data[..]].concat()),
                (_, false) => rest.extend_from_slice(&data),
            }
            if !rest.is_empty() {
                first.clear();
            }
        }
        let bytes = if rest.is_empty() { first } else { rest.freeze() };
        Ok(ReadBody { bytes, room })
    }
}

impl From<BodyError> for ServiceError {
    fn from(error: BodyError) -> Self {
        let (code, status) = match error {
            BodyError::TooLarge(_) => ("RequestEntityTooLargeException", 413),
            BodyError::TooSlow => ("RequestTimeoutException", 408),
            BodyError::CutShort => ("RequestAbortedException", 400),
            BodyError::NoRoom => ("ServiceUnavailable", 503),
        };
        Self::new(code, error.to_string()).with_status(status)
    }
}

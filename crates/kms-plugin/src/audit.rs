//! The audit log: one JSON line for each seal, open and refusal. Who, under which key_id, with what outcome; never
//! the content.
//!
//! ```text
//!   Engine --record--> bounded queue --> one thread --> file (0600, append) or stdout
//! ```
//!
//! **A full queue drops records; it does not hold calls up.** A disk that is full or slow must not make every Secret
//! of the cluster unreadable, and KMS keeps its own record of each call (CloudTrail). A gap is never silent: it is
//! counted in `claviger_kms_audit_records_dropped_total`, and the next line that gets through says how many records
//! are missing before it.

mod record;
mod sink;
mod writer;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use prometheus_client::metrics::counter::Counter;

pub(crate) use self::record::{KeyId, Outcome, Record};
use self::{
    sink::Sink,
    writer::{Command, Writer},
};
use crate::metrics::Metrics;

/// A few seconds of an apiserver that reads everything at once.
const QUEUE: usize = 8192;

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Appended to a file of mode 0600; opened anew by [`AuditLog::reopen`], after a rotation of log files.
    File(PathBuf),
    /// One a line on stdout.
    Stdout,
}

/// The log file cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("opening the audit log `{}`: {source}", path.display())]
pub struct AuditError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// An audit log, shared by the engines of a process. The last one to let go waits until everything is written.
#[derive(Clone, Debug)]
pub struct AuditLog(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    /// `None` only while dropping.
    queue: Option<SyncSender<Command>>,
    dropped: Counter,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// What the writer learns beside the queue.
#[derive(Debug, Default)]
struct Shared {
    /// Records that were dropped since the last line that said so.
    unreported: AtomicU64,
    /// Whether the file is to be opened anew.
    reopen: AtomicBool,
}

impl AuditLog {
    /// A log that keeps nothing, for those who want none.
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Opens the target and starts the writer.
    ///
    /// # Errors
    /// [`AuditError`]: a log that was asked for and cannot be kept is found out at the start.
    pub fn start(target: AuditTarget, metrics: &Metrics) -> Result<Self, AuditError> {
        let sink = Sink::open(target)?;
        let (queue, commands) = sync_channel(QUEUE);
        let (written, dropped) = metrics.audit();
        let shared = Arc::<Shared>::default();
        let writer = Writer::new(sink, commands, written, dropped.clone(), shared.clone());
        let writer = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| AuditError { path: PathBuf::from("the writer's thread"), source })?;
        Ok(Self(Some(Arc::new(Inner { queue: Some(queue), dropped, shared, writer: Some(writer) }))))
    }

    /// Opens the file anew, after the records that are queued now; at the next write, when the queue is full.
    pub fn reopen(&self) {
        let Some(inner) = &self.0 else { return };
        let Some(queue) = &inner.queue else { return };
        if queue.try_send(Command::Reopen).is_err() {
            inner.shared.reopen.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until everything that was recorded before is written.
    pub fn flush(&self) {
        if let Some(queue) = self.0.as_ref().and_then(|inner| inner.queue.as_ref()) {
            let (done, wait) = sync_channel(1);
            if queue.send(Command::Flush(done)).is_ok() {
                let _ = wait.recv();
            }
        }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn record(&self, record: Record) {
        let Some(inner) = &self.0 else { return };
        let Some(queue) = &inner.queue else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = queue.try_send(Command::Write(record)) {
            inner.dropped.inc();
            inner.shared.unreported.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

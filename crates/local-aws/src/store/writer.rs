//! Group commit: one thread writes what everybody queued.

use std::{
    mem,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use tokio::sync::watch;

use super::{Batch, OpenError, Ticket, WriteFailed, file::StateFile, gathering::Gathering};

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: Arc<Path>,
    queue: Mutex<Queue>,
    filled: Condvar,
    /// The greatest ticket that is on disk; read before the channel is asked, which takes a lock.
    durable: AtomicU64,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct Queue {
    batches: Vec<Batch>,
    last_ticket: u64,
    closed: bool,
    failed: bool,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    durable: u64,
    failed: Option<WriteFailed>,
}

impl Writer {
    pub(super) fn start(file: Arc<StateFile>) -> Result<Self, OpenError> {
        let path: Arc<Path> = file.path().into();
        let shared = Arc::new(Shared {
            path: Arc::clone(&path),
            queue: Mutex::default(),
            filled: Condvar::new(),
            durable: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::default()),
        });
        let thread = thread::Builder::new().name("local-aws-store".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.write_until_closed(&file)
        });
        let thread = thread.map_err(|source| OpenError::Io {
            doing: "start the writer of",
            path: path.to_path_buf(),
            source,
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn enqueue(&self, batch: Batch) -> Ticket {
        let mut queue = self.shared.queue();
        queue.last_ticket += 1;
        // After a failure the ticket is given all the same; whoever waits for it is told.
        if !queue.failed {
            queue.batches.push(batch);
            self.shared.filled.notify_one();
        }
        Ticket(queue.last_ticket)
    }

    pub(super) fn newest(&self) -> Ticket {
        Ticket(self.shared.queue().last_ticket)
    }

    pub(super) async fn durable(&self, Ticket(ticket): Ticket) -> Result<(), WriteFailed> {
        if self.shared.durable.load(Ordering::Acquire) >= ticket {
            return Ok(());
        }
        let mut progress = self.shared.progress.subscribe();
        let reached = progress.wait_for(|progress| progress.durable >= ticket || progress.failed.is_some()).await;
        match reached.map(|progress| progress.clone()) {
            Ok(Progress { durable, .. }) if durable >= ticket => Ok(()),
            Ok(Progress { failed: Some(failed), .. }) => Err(failed),
            // The sender lives as long as `self`; still, what nobody confirmed is not durable.
            Ok(_) | Err(_) => Err(self.shared.failure("the writer has stopped")),
        }
    }
}

/// Writes what is queued, then ends the thread, which closes the file.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.filled.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there; here is nothing left to save.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_closed(&self, file: &StateFile) {
        let _told_on_panic = FailWhenPanicking(self);
        let mut gathering = Gathering::default();
        while let Some((batches, up_to)) = self.next(gathering) {
            let begun = Instant::now();
            match file.commit(&batches) {
                Ok(()) => {
                    gathering = Gathering::after(batches.len(), self.queue().batches.len(), begun.elapsed());
                    self.advance(up_to);
                }
                Err(failed) => {
                    self.fail(&failed.to_string());
                    return;
                }
            }
        }
    }

    /// Everything that is queued, once something is and others had the time to come; nothing when there will be no more.
    fn next(&self, gathering: Gathering) -> Option<(Vec<Batch>, u64)> {
        let mut queue = self.queue();
        while queue.batches.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let is_awaited = |queue: &mut Queue| !queue.closed && queue.batches.len() < gathering.expected;
        let waited = self.filled.wait_timeout_while(queue, gathering.patience, is_awaited);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        Some((mem::take(&mut queue.batches), queue.last_ticket))
    }

    fn advance(&self, up_to: u64) {
        self.durable.store(up_to, Ordering::Release);
        self.progress.send_modify(|progress| progress.durable = up_to);
    }

    fn fail(&self, why: &str) {
        tracing::error!(path = %self.path.display(), why, "the state file cannot be written; nothing is kept from here on");
        {
            let mut queue = self.queue();
            queue.failed = true;
            queue.batches = Vec::new();
        }
        self.progress.send_modify(|progress| progress.failed = Some(self.failure(why)));
    }

    fn failure(&self, why: &str) -> WriteFailed {
        WriteFailed { path: Arc::clone(&self.path), cause: why.into() }
    }
}

/// Nobody waits forever for a writer that is gone.
struct FailWhenPanicking<'a>(&'a Shared);

impl Drop for FailWhenPanicking<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail("the writer panicked");
        }
    }
}

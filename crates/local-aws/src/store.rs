//! What the embedded AWS keeps: in memory only, or in one file that survives a kill at any moment.
//!
//! ```text
//!   service, under its own lock          writer thread               whoever waits
//!   -----------------------------        -----------------------     --------------------
//!   change memory, write(batch) ------>  all queued batches,
//!                          <- ticket     in order, one transaction
//!                                        commit + fsync ---------->  durable(ticket) is over
//! ```
//!
//! The state itself lives in the services' memory; the file is read once, when it is opened. Three rules make an
//! acknowledged write safe:
//! - batches reach the file in the order of the calls of [`Store::write`], which a service makes under the lock
//!   that orders its changes; each batch is there whole or not at all;
//! - nobody answers before [`Store::durable`] says so, and many callers share one commit and one `fsync`;
//! - after the first failure (a full disk, an I/O error) nothing more is written and nothing more is acknowledged,
//!   so that no later write can succeed on top of one that is lost.
//!
//! A whole state is put in place of another by a file of its own, made beside the former one and renamed over it: where that
//! fails (the disk is full) the former one is as it was, and goes on.
//!
//! Without a file the rows are kept in memory, so that the state can be exported all the same.

mod batch;
mod error;
mod file;
mod gathering;
mod master_key;
mod memory;
mod whole_file;
mod writer;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_model::SecretBytes;
use serde::{Serialize, de::DeserializeOwned};

pub use batch::{Batch, Table};
pub use error::{NotReplaced, OpenError, WriteFailed};
pub use master_key::{MasterKey, key_path};
pub(crate) use whole_file::create_whole;
pub use whole_file::{Readers, replace_whole};

use file::StateFile;
use memory::Memory;
use writer::Writer;

/// Where the embedded AWS's state is kept. Clones share it.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Used until there is a file.
    memory: Memory,
    file: OnceLock<Arc<Durable>>,
}

/// The rows of a table, by their keys.
pub(crate) type Rows = BTreeMap<String, SecretBytes>;

/// The rows of every table, by their names; whether each is sealed.
pub(crate) type Tables = BTreeMap<String, (bool, Rows)>;

/// Which write a caller waits for. Later writes have greater tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A ticket that only grows, for all threads.
#[derive(Debug, Default)]
pub(crate) struct AtomicTicket(AtomicU64);

impl AtomicTicket {
    pub(crate) fn raise(&self, to: Ticket) {
        self.0.fetch_max(to.0, Ordering::AcqRel);
    }

    pub(crate) fn get(&self) -> Ticket {
        Ticket(self.0.load(Ordering::Acquire))
    }
}

/// A row as it was kept. Held as a secret, because some are.
#[derive(Debug)]
pub struct Row {
    /// The row's key in its table.
    pub key: String,
    /// What was put there, unsealed.
    pub bytes: SecretBytes,
}

#[derive(Debug)]
struct Durable {
    file: Arc<StateFile>,
    writer: Writer,
}

impl Store {
    /// A store that forgets everything when the process ends; whatever is written is durable at once.
    pub fn memory() -> Self {
        Self::new(Memory::default(), None)
    }

    /// A store in memory that has these rows to begin with, of a text that people may have written: what its readers do
    /// not know is refused, and told with its place.
    pub(crate) fn of_text(rows: Vec<(Table, String, SecretBytes)>) -> Self {
        Self::new(Memory::of_text(rows), None)
    }

    fn new(memory: Memory, durable: Option<Durable>) -> Self {
        let file = durable.map_or_else(OnceLock::new, |durable| OnceLock::from(Arc::new(durable)));
        Self(Arc::new(Inner { memory, file }))
    }

    /// Opens the state file at `path`, or makes it (readable by its owner only).
    ///
    /// # Errors
    /// [`OpenError`], which names the file and says how to mend it: another process has it open, it is no state
    /// file, the master key is missing, readable by others or another one.
    pub fn open(path: &Path, master_key: MasterKey) -> Result<Self, OpenError> {
        let file = Arc::new(StateFile::open(path, master_key)?);
        let writer = Writer::start(Arc::clone(&file))?;
        Ok(Self::new(Memory::default(), Some(Durable { file, writer })))
    }

    /// Queues changes behind all that were queued before. Never waits for the disk.
    ///
    /// Call it under the lock that orders the changes in memory, then answer only after
    /// [`durable`](Self::durable).
    pub fn write(&self, batch: Batch) -> Ticket {
        match self.0.file.get() {
            Some(durable) if !batch.is_empty() => durable.writer.enqueue(batch),
            Some(_) => Ticket::default(),
            None => {
                self.0.memory.write(batch);
                Ticket::default()
            }
        }
    }

    /// The newest write that was queued. What is not there any more is gone for good once this one is durable.
    pub fn newest(&self) -> Ticket {
        self.0.file.get().map_or_else(Ticket::default, |durable| durable.writer.newest())
    }

    /// Waits until the write of this ticket, and so every earlier one, would survive a kill.
    ///
    /// # Errors
    /// [`WriteFailed`] when it could not be written. It stays so: no later write succeeds either.
    pub async fn durable(&self, ticket: Ticket) -> Result<(), WriteFailed> {
        match self.0.file.get() {
            Some(durable) => durable.writer.durable(ticket).await,
            None => Ok(()),
        }
    }

    /// Every row of a table as of the last commit, sorted by key: what a service starts from.
    ///
    /// # Errors
    /// [`OpenError`] when the file cannot be read or a sealed row was altered.
    pub fn rows(&self, table: Table) -> Result<Vec<Row>, OpenError> {
        match self.0.file.get() {
            Some(durable) => durable.file.rows(table),
            None => Ok(self.0.memory.rows(table)),
        }
    }

    /// A row as the record that it was written from.
    ///
    /// # Errors
    /// [`OpenError`] when it does not read; of rows that people may have written, also when it has more than is read.
    pub(crate) fn decode<T: Serialize + DeserializeOwned>(&self, table: Table, row: &Row) -> Result<T, OpenError> {
        memory::decode(table, row, self.0.memory.is_of_text())
    }

    /// Every row of every table, all of one instant: each write that was queued before is in it, and none that is queued
    /// later.
    ///
    /// # Errors
    /// [`WriteFailed`] and [`OpenError`], when the state file could not be written or cannot be read.
    pub(crate) async fn tables(&self) -> Result<Tables, ExportError> {
        match self.0.file.get() {
            Some(durable) => {
                durable.writer.durable(durable.writer.newest()).await?;
                Ok(durable.file.tables()?)
            }
            None => Ok(self.0.memory.tables()),
        }
    }

    /// Makes this store, which is in memory, what `other` was: a file with its rows replaces `other`'s, all at once, and
    /// `other` must not be written to any more.
    ///
    /// # Errors
    /// [`NotReplaced`], when the file could not be made: that of `other` has what it had before, and can be written to.
    pub(crate) async fn take_over(&self, other: &Self) -> Result<(), NotReplaced> {
        self.0.memory.settle();
        let Some(former) = other.0.file.get().cloned() else { return Ok(()) };
        // What was queued is of the former state, and it is not to come behind this one.
        former.writer.durable(former.writer.newest()).await?;
        let rows = self.0.memory.take();
        let made = tokio::task::spawn_blocking(move || {
            let file = Arc::new(former.file.replaced_by(rows)?);
            let writer = Writer::start(Arc::clone(&file))?;
            Ok(Durable { file, writer })
        });
        let made = made.await.unwrap_or(Err(NotReplaced::Broken))?;
        // It was in memory until now.
        let _ = self.0.file.set(Arc::new(made));
        Ok(())
    }
}

/// The rows could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Written(#[from] WriteFailed),
    #[error(transparent)]
    Read(#[from] OpenError),
}

//! The state file: a redb database, one table for each [`Table`], and one that tells what file it is.

use std::{
    fs::File,
    io,
    os::unix::fs::PermissionsExt,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_model::SecretBytes;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError, TableHandle,
    backends::FileBackend,
};

use super::{
    Batch, MasterKey, NotReplaced, OpenError, Row, Rows, Table, Tables,
    batch::{Change, Value},
    key_path,
    whole_file::{Draft, create_whole, remove_drafts},
};
use crate::sealing::{Purpose, SealingKey};

/// What the file tells about itself: the version of its layout, and a known text sealed under its master key.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("claviger.about");
const LAYOUT: &str = "layout";
const LAYOUT_VERSION: &[u8] = b"1";
const PROOF: &str = "master-key-proof";
const PROOF_TEXT: &[u8] = b"sealed under this file's master key";

/// redb's page cache. The state is read once and then only written; redb's own default is 1 GiB.
const CACHE_BYTES: usize = 4 << 20;

/// A stored value says in its first byte how the rest is kept.
const PLAIN: u8 = 0;
const SEALED: u8 = 1;

pub(super) struct StateFile {
    path: PathBuf,
    database: Database,
    master: Arc<SealingKey>,
}

impl StateFile {
    pub(super) fn open(path: &Path, key: MasterKey) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { doing: "open the state file", path: path.to_owned(), source };
        let master = if path.try_exists().map_err(io)? {
            key.of_existing(path)?
        } else {
            let master = key.for_new(path)?;
            match create_whole(path, |file| fill_new(file, &SealingKey::new(&master))) {
                Ok(()) => {}
                // Another process was faster; whether the key is its key is checked below.
                Err(lost) if lost.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(OpenError::Io { doing: "make the state file", path: path.to_owned(), source });
                }
            }
            master
        };
        let file = File::options().read(true).write(true).open(path).map_err(io)?;
        let opened = Self {
            path: path.to_owned(),
            database: whole_database(file, path)?,
            master: Arc::new(SealingKey::new(&master)),
        };
        opened.check_identity()?;
        // A state file that was copied here may have come with wider permissions; another file is left as it is.
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).map_err(io)?;
        for made in [path.to_owned(), key_path(path)] {
            remove_drafts(&made).map_err(io)?;
        }
        Ok(opened)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file with these rows, now in the place of this one. Until it is, nothing of this one changes.
    pub(super) fn replaced_by(&self, rows: Batch) -> Result<Self, NotReplaced> {
        let replace = || -> Result<Self, redb::Error> {
            // A link stays one, and its target is replaced.
            let place = self.path.canonicalize()?;
            let draft = Draft::beside(&place)?;
            let database = new_database(draft.file(), &self.master)?;
            let new = Self { path: self.path.clone(), database, master: Arc::clone(&self.master) };
            new.commit(&[rows])?;
            // Whoever opens the path from now on finds that this process has it open.
            draft.rename()?;
            Ok(new)
        };
        replace().map_err(|cause| NotReplaced::File { path: self.path.clone(), cause: cause.to_string() })
    }

    /// Writes the batches in their order, in one transaction, and returns when they would survive a kill.
    pub(super) fn commit(&self, batches: &[Batch]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        for batch in batches {
            for change in batch.changes() {
                let mut table = transaction.open_table(definition(change.table))?;
                match self.encode(change)? {
                    Some(bytes) => table.insert(change.key.as_str(), bytes.as_slice())?,
                    None => table.remove(change.key.as_str())?,
                };
            }
        }
        // redb's default durability is `Immediate`: committed means synced.
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn rows(&self, table: Table) -> Result<Vec<Row>, OpenError> {
        let read = self.database.begin_read().map_err(|e| self.unusable(e))?;
        let rows = match read.open_table(definition(table)) {
            Ok(rows) => rows,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(other) => return Err(self.unusable(other)),
        };
        let mut found = Vec::new();
        for row in rows.iter().map_err(|e| self.unusable(e))? {
            let (key, value) = row.map_err(|e| self.unusable(e))?;
            let key = key.value().to_owned();
            let bytes = self.decode(table, &key, value.value()).ok_or_else(|| {
                self.unusable(format!("row `{key}` of `{}` is not what was written there", table.name()))
            })?;
            found.push(Row { key, bytes });
        }
        Ok(found)
    }

    /// Every row of every table, as of one commit. Whether a table is sealed, its rows say: who reads it here has the
    /// master key, and its readers ask the table.
    pub(super) fn tables(&self) -> Result<Tables, OpenError> {
        let read = self.database.begin_read().map_err(|e| self.unusable(e))?;
        let mut found = Tables::new();
        for table in read.list_tables().map_err(|e| self.unusable(e))? {
            let name = table.name().to_owned();
            if name == ABOUT.name() {
                continue;
            }
            let definition = TableDefinition::<&str, &[u8]>::new(&name);
            let rows = read.open_table(definition).map_err(|e| self.unusable(e))?;
            for row in rows.iter().map_err(|e| self.unusable(e))? {
                let (key, value) = row.map_err(|e| self.unusable(e))?;
                let (key, value) = (key.value().to_owned(), value.value());
                let is_sealed = value.first() == Some(&SEALED);
                let bytes = match value.split_first() {
                    Some((&PLAIN, bytes)) => Some(SecretBytes::new(bytes.to_vec())),
                    Some((&SEALED, bytes)) => self.master.open(Purpose::Row, &place_in(&name, &key), bytes),
                    _ => None,
                };
                let altered = || self.unusable(format!("row `{key}` of `{name}` is not what was written there"));
                let bytes = bytes.ok_or_else(altered)?;
                found.entry(name.clone()).or_insert_with(|| (is_sealed, Rows::new())).1.insert(key, bytes);
            }
        }
        Ok(found)
    }

    fn encode(&self, change: &Change) -> Result<Option<Vec<u8>>, redb::Error> {
        Ok(match &change.value {
            Value::Gone => None,
            Value::Kept(bytes) if !change.table.is_sealed() => Some([&[PLAIN], bytes.expose()].concat()),
            Value::Kept(secret) => {
                let mut bytes = vec![SEALED];
                let place = place(change.table, &change.key);
                self.master
                    .seal(Purpose::Row, &place, secret.expose(), &mut bytes)
                    .map_err(|failed| redb::Error::Io(io::Error::other(failed)))?;
                Some(bytes)
            }
        })
    }

    fn decode(&self, table: Table, key: &str, value: &[u8]) -> Option<SecretBytes> {
        // The table decides, never the row: whoever wrote the file may lack the master key.
        match (table.is_sealed(), value.split_first()?) {
            (false, (&PLAIN, bytes)) => Some(SecretBytes::new(bytes.to_vec())),
            (true, (&SEALED, bytes)) => self.master.open(Purpose::Row, &place(table, key), bytes),
            _ => None,
        }
    }

    fn check_identity(&self) -> Result<(), OpenError> {
        let read = self.database.begin_read().map_err(|e| self.unusable(e))?;
        let about = match read.open_table(ABOUT) {
            Ok(about) => about,
            Err(TableError::TableDoesNotExist(_)) => {
                return Err(self.unusable("it is a redb file, but not one of the embedded AWS's"));
            }
            Err(other) => return Err(self.unusable(other)),
        };
        let layout = about.get(LAYOUT).map_err(|e| self.unusable(e))?;
        match layout.as_ref().map(redb::AccessGuard::value) {
            Some(LAYOUT_VERSION) => {}
            other => {
                let version = String::from_utf8_lossy(other.unwrap_or_default()).into_owned();
                return Err(self.unusable(format!("its layout is version `{version}`, and this program reads `1`")));
            }
        }
        let proof = about.get(PROOF).map_err(|e| self.unusable(e))?;
        let opens =
            proof.is_some_and(|proof| self.master.open(Purpose::Row, PROOF.as_bytes(), proof.value()).is_some());
        if opens { Ok(()) } else { Err(OpenError::WrongMasterKey { path: self.path.clone() }) }
    }

    fn unusable(&self, why: impl ToString) -> OpenError {
        OpenError::Unusable { path: self.path.clone(), why: why.to_string() }
    }
}

impl std::fmt::Debug for StateFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateFile").field("path", &self.path).finish_non_exhaustive()
    }
}

fn definition(table: Table) -> TableDefinition<'static, &'static str, &'static [u8]> {
    TableDefinition::new(table.name())
}

/// Where a sealed row belongs; it opens nowhere else. No table's name holds a zero byte.
fn place(table: Table, key: &str) -> Vec<u8> {
    place_in(table.name(), key)
}

fn place_in(table: &str, key: &str) -> Vec<u8> {
    [table.as_bytes(), &[0], key.as_bytes()].concat()
}

/// The database of a file, every page of which was looked at.
fn whole_database(file: File, path: &Path) -> Result<Database, OpenError> {
    // redb panics over pages that it cannot make anything of. It has nothing yet that could be left half-changed.
    let opened = panic::catch_unwind(AssertUnwindSafe(|| database(file, path)));
    opened.unwrap_or_else(|_| Err(OpenError::Unusable { path: path.to_owned(), why: "it is damaged".to_owned() }))
}

fn database(file: File, path: &Path) -> Result<Database, OpenError> {
    let unusable = |why: String| OpenError::Unusable { path: path.to_owned(), why };
    let backend = FileBackend::new(file).map_err(|e| unusable(e.to_string()))?;
    let opened = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend);
    let mut database = opened.map_err(|refused| match refused {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse { path: path.to_owned() },
        other => unusable(other.to_string()),
    })?;
    // Later it trusts its pages: what a disk spoilt would be taken for rows.
    match database.check_integrity() {
        Ok(true) => Ok(database),
        Ok(false) => {
            Err(unusable("it was damaged, and what could be mended is (start again to take it so)".to_owned()))
        }
        Err(damaged) => Err(unusable(damaged.to_string())),
    }
}

fn fill_new(file: &File, master: &SealingKey) -> io::Result<()> {
    new_database(file, master).map(drop).map_err(|failed| match failed {
        redb::Error::Io(source) => source,
        other => io::Error::other(other),
    })
}

/// Makes an empty file a state file without rows.
fn new_database(file: &File, master: &SealingKey) -> Result<Database, redb::Error> {
    let mut proof = Vec::new();
    let sealed = master.seal(Purpose::Row, PROOF.as_bytes(), PROOF_TEXT, &mut proof);
    sealed.map_err(|failed| redb::Error::Io(io::Error::other(failed)))?;
    let backend = FileBackend::new(file.try_clone()?)?;
    let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?;
    let transaction = database.begin_write()?;
    {
        let mut about = transaction.open_table(ABOUT)?;
        about.insert(LAYOUT, LAYOUT_VERSION)?;
        about.insert(PROOF, proof.as_slice())?;
    }
    transaction.commit()?;
    Ok(database)
}

//! Log files, as a trail delivers them to a bucket: one for each account and region each time.
//!
//! ```text
//!   DIRECTORY/AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz
//! ```
//!
//! Source: AWS CloudTrail User Guide, "Finding your CloudTrail log files", "CloudTrail log file examples" > "CloudTrail
//! log file name format".

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_model::{AccountId, Region};
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Record, Trail, event};
use crate::options::TrailFiles;

/// How many events are written at a time.
const AT_ONCE: usize = 4096;

/// Writes files until it is told to stop.
#[derive(Debug)]
pub(crate) struct Delivery {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Delivery {
    /// Begins to write what `trail` keeps, which must be one [with files](Trail::with_files).
    ///
    /// # Errors
    /// When the directory is not there and cannot be made.
    pub(crate) fn start(trail: Arc<Trail>, files: TrailFiles) -> io::Result<Self> {
        fs::create_dir_all(files.directory.join("AWSLogs"))?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(deliver(trail, files, stop.clone()));
        Ok(Self { stop, task })
    }

    /// Writes what is left, and ends.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        if let Err(failed) = (&mut self.task).await {
            tracing::error!(%failed, "the trail's last files were not written");
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn deliver(trail: Arc<Trail>, files: TrailFiles, stop: CancellationToken) {
    let directory: Arc<Path> = files.directory.into();
    loop {
        let is_last = tokio::select! {
            () = stop.cancelled() => true,
            () = trail.due.notified() => false,
            () = tokio::time::sleep(files.every) => false,
        };
        // What comes while files are written waits for the next ones: while calls go on there would be no end of files of a
        // few events each.
        let least = if is_last { 1 } else { AT_ONCE };
        while deliver_some(&trail, &directory).await >= least {}
        if is_last {
            return;
        }
    }
}

/// Writes the oldest events that no file has yet; says how many there were. What cannot be written is told, and not
/// tried again: whoever calls meanwhile would have to wait.
async fn deliver_some(trail: &Trail, directory: &Arc<Path>) -> usize {
    let (records, lost) = trail.lock().ring.undelivered(AT_ONCE);
    if lost > 0 {
        tracing::error!(lost, "events were let go of before the trail had written them");
    }
    let Some(last) = records.last().map(|record| record.number) else { return 0 };
    let (directory, now) = (Arc::clone(directory), trail.clock.now());
    let count = records.len();
    let written = tokio::task::spawn_blocking(move || write(&directory, &records, now)).await;
    if let Err((error, count)) = written.unwrap_or_else(|ended| Err((io::Error::other(ended), count))) {
        tracing::error!(%error, count, "events could not be written to the trail's directory, and are in none of its files");
    }
    trail.lock().ring.delivered(last);
    trail.delivered.notify_waiters();
    count
}

/// Writes a file for each account and region; one that fails keeps no other from being written. An error is that of the
/// first, with how many events are in none.
fn write(directory: &Path, records: &[Record], now: Timestamp) -> Result<(), (io::Error, usize)> {
    let mut groups: BTreeMap<(AccountId, &Region), Vec<&Record>> = BTreeMap::new();
    for record in records {
        groups.entry((record.recipient, record.call.region())).or_default().push(record);
    }
    let mut written = Ok(());
    for ((account, region), records) in groups {
        let (folder, name) = place(account, region, now);
        if let Err(error) = put(&directory.join(folder), &name, &records) {
            let (first, count) = written.err().unwrap_or((error, 0));
            written = Err((first, count + records.len()));
        }
    }
    written
}

/// Nobody finds half a file under its name, and none is left where there is no room for the other half.
fn put(folder: &Path, name: &str, records: &[&Record]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}"));
    let put = write_file(&unfinished, records).and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if put.is_err() {
        // The failure that is told is the one before.
        let _ = fs::remove_file(&unfinished);
    }
    put
}

/// The folder and the name of a file that is written now.
fn place(account: AccountId, region: &Region, now: Timestamp) -> (PathBuf, String) {
    let folder = format!("AWSLogs/{account}/CloudTrail/{region}/{}", now.strftime("%Y/%m/%d"));
    let unique: String = Uuid::new_v4().simple().to_string().chars().take(16).collect();
    let name = format!("{account}_CloudTrail_{region}_{}_{unique}.json.gz", now.strftime("%Y%m%dT%H%MZ"));
    (folder.into(), name)
}

fn write_file(path: &Path, records: &[&Record]) -> io::Result<()> {
    let mut file = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::fast());
    let mut before: &[u8] = b"{\"Records\":[";
    for record in records {
        file.write_all(before)?;
        file.write_all(event::json(record).as_bytes())?;
        before = b",";
    }
    file.write_all(b"]}")?;
    file.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

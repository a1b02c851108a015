//! The thread that turns records into lines.

use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, SyncSender},
    },
};

use prometheus_client::metrics::counter::Counter;

use super::{Record, Shared, sink::Sink};

/// Lines are written together up to about this many bytes.
const BATCH: usize = 64 * 1024;

#[derive(Debug)]
pub(super) enum Command {
    Write(Record),
    Reopen,
    Flush(SyncSender<()>),
}

pub(super) struct Writer {
    sink: Sink,
    commands: Receiver<Command>,
    written: Counter,
    dropped: Counter,
    shared: Arc<Shared>,
    lines: Vec<u8>,
    in_lines: u64,
    /// So that a broken disk fills the log of the process once, not once a record.
    is_broken: bool,
}

impl Writer {
    pub(super) fn new(
        sink: Sink,
        commands: Receiver<Command>,
        written: Counter,
        dropped: Counter,
        shared: Arc<Shared>,
    ) -> Self {
        Self { sink, commands, written, dropped, shared, lines: Vec::new(), in_lines: 0, is_broken: false }
    }

    /// Until every sender is gone.
    pub(super) fn run(mut self) {
        while let Ok(command) = self.commands.recv() {
            self.obey(command);
            // What has queued up meanwhile goes out in the same write.
            while self.lines.len() < BATCH
                && let Ok(command) = self.commands.try_recv()
            {
                self.obey(command);
            }
            self.write();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Write(record) => self.append(&record),
            Command::Reopen => {
                self.write();
                self.reopen();
            }
            Command::Flush(done) => {
                self.write();
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }

    fn append(&mut self, record: &Record) {
        let lost = self.shared.unreported.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let line =
                format!("{{\"time\":\"{}\",\"operation\":\"audit\",\"dropped\":{lost}}}\n", jiff::Timestamp::now());
            self.lines.extend_from_slice(line.as_bytes());
        }
        match record.write_line(&mut self.lines) {
            Ok(()) => self.in_lines += 1,
            Err(error) => tracing::error!("an audit record cannot be written as JSON: {error}"),
        }
    }

    fn reopen(&mut self) {
        if let Err(error) = self.sink.reopen() {
            tracing::error!("the audit log cannot be opened anew, so the former file stays in use: {error}");
        }
    }

    fn write(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        if self.shared.reopen.swap(false, Ordering::Relaxed) {
            self.reopen();
        }
        let outcome = self.sink.write(&self.lines);
        self.account(outcome);
        self.lines.clear();
        self.in_lines = 0;
    }

    fn account(&mut self, outcome: io::Result<()>) {
        match outcome {
            Ok(()) => {
                self.is_broken = false;
                self.written.inc_by(self.in_lines);
            }
            Err(error) => {
                if !self.is_broken {
                    tracing::error!("audit records are being lost, because the log cannot be written: {error}");
                }
                self.is_broken = true;
                self.dropped.inc_by(self.in_lines);
                self.shared.unreported.fetch_add(self.in_lines, Ordering::Relaxed);
            }
        }
    }
}

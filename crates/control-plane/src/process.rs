//! A child process that cannot outlive us.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;

/// A program cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start `{}`: {source}", program.display())]
pub struct SpawnError {
    program: PathBuf,
    source: io::Error,
}

/// A child process that cannot outlive us: dropping this kills it, and so does the kernel when we die.
#[derive(Debug)]
pub struct Process {
    program: PathBuf,
    log: PathBuf,
    pid: Pid,
    /// Signals go through it: it can never name another process that was given the same pid.
    handle: OwnedFd,
    ended: watch::Receiver<Option<ExitStatus>>,
    keeper: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` with its output appended to the file `log`, outside of the terminal's process group: a
    /// Ctrl-C reaches us alone, and we stop things in their order.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Self, SpawnError> {
        let program = PathBuf::from(command.get_program());
        let failed = |source: io::Error| SpawnError { program: program.clone(), source };

        let output = OpenOptions::new().create(true).append(true).open(log).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(output.try_clone().map_err(failed)?).stderr(output).process_group(0);
        die_with_parent(&mut command);

        // The kernel sends the parent's death signal when the *thread* that forked ends, and a runtime's threads come
        // and go. So each child has a thread of its own, which then waits for it.
        let (report, started) = mpsc::sync_channel(1);
        let (end, ended) = watch::channel(None);
        let keep = move || {
            let child = command.spawn().and_then(|child| {
                let pid = Pid::from_child(&child);
                Ok((pid, pidfd_open(pid, PidfdFlags::empty())?, child))
            });
            match child {
                Ok((pid, handle, mut child)) => {
                    _ = report.send(Ok((pid, handle)));
                    if let Ok(status) = child.wait() {
                        end.send_replace(Some(status));
                    }
                }
                Err(error) => _ = report.send(Err(error)),
            }
        };
        let keeper = thread::Builder::new().name("child".to_owned()).spawn(keep).map_err(failed)?;
        let (pid, handle) = started
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it ended")))
            .map_err(failed)?;
        Ok(Self { program, log: log.to_owned(), pid, handle, ended, keeper: Some(keeper) })
    }

    /// The program's file.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Resolves when it has ended.
    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        // The sender lives until it has sent: an error would mean that the child could not be waited for.
        ended.wait_for(Option::is_some).await.ok().and_then(|status| *status).unwrap_or_default()
    }

    /// Asks it to end, waits for at most `patience`, then kills it.
    pub async fn stop(&self, patience: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        match tokio::time::timeout(patience, self.ended()).await {
            Ok(status) => status,
            Err(_) => self.kill().await,
        }
    }

    /// Kills it: it has no chance to put anything in order.
    pub async fn kill(&self) -> ExitStatus {
        self.signal(Signal::KILL);
        self.ended().await
    }

    /// The log's last lines, for an error message.
    #[must_use]
    pub fn log_tail(&self) -> String {
        tail(&self.log).unwrap_or_else(|error| format!("(cannot read the log: {error})"))
    }

    fn signal(&self, signal: Signal) {
        // Fails only when it has ended, and then there is nothing left to do.
        _ = pidfd_send_signal(&self.handle, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // Until it is gone it may still write into a folder that our caller is about to remove.
        if let Some(keeper) = self.keeper.take() {
            _ = keeper.join();
        }
    }
}

#[expect(unsafe_code, reason = "the standard library has no other way to set the parent's death signal")]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only two system calls are made; nothing allocates, locks or unwinds.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // We may have died before the child asked to be told.
            if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
        });
    }
}

/// The last lines of a file, 4 KiB at most.
fn tail(path: &Path) -> io::Result<String> {
    const BYTES: u64 = 4096;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut end = Vec::new();
    file.take(BYTES).read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// A named pipe: who opens one end of it waits for the other.
    fn pipe(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[tokio::test]
    async fn a_process_that_ends_by_itself_says_how_and_leaves_its_output_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::spawn(shell("echo out; echo err >&2; exit 3"), &folder.path().join("log")).unwrap();
        assert_eq!(process.ended().await.code(), Some(3));
        assert_eq!(process.log_tail(), "out\nerr");
    }

    #[tokio::test]
    async fn one_that_ignores_the_request_to_end_is_killed() {
        use std::os::unix::process::ExitStatusExt as _;
        let folder = tempfile::tempdir().unwrap();
        let ready = pipe(&folder);
        let script = format!("trap '' TERM; echo ready >{}; exec sleep 1000", ready.display());
        let process = Process::spawn(shell(&script), &folder.path().join("log")).unwrap();
        assert_eq!(std::fs::read_to_string(ready).unwrap(), "ready\n");
        assert_eq!(process.stop(Duration::from_millis(50)).await.signal(), Some(9));
    }

    #[tokio::test]
    async fn dropping_it_ends_it_before_drop_returns() {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::spawn(shell("sleep 1000"), &folder.path().join("log")).unwrap();
        let pid = process.pid();
        assert!(Path::new(&format!("/proc/{pid}")).exists());
        drop(process);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn it_outlives_the_thread_that_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let (log, go_on) = (folder.path().join("log"), pipe(&folder));
        let script = format!("read line <{}; exit 7", go_on.display());
        let process = thread::spawn(move || Process::spawn(shell(&script), &log).unwrap()).join().unwrap();
        std::fs::write(go_on, "now\n").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(process.ended()).code(), Some(7));
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Process::spawn(Command::new("/nowhere/etcd"), &folder.path().join("log")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/etcd"), "{error}");
    }
}

//! The binary as a process: run to its end, or started, watched, signalled and awaited.

use std::{
    io::{BufRead as _, BufReader, Read},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
    time::Timespec,
};
use serde_json::Value;

/// Longer than anything takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// `claviger ARGUMENTS`, without what the developer's shell has set.
pub(crate) fn claviger(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// Runs it to its end. One that stays is stopped in the end and fails the test by how it ended.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let claviger = claviger(arguments);
    let mut bounded = Command::new("timeout");
    bounded.arg(SOON.as_secs().to_string()).arg(claviger.get_program()).args(claviger.get_args());
    bounded.env_clear().envs(claviger.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bounded.stdin(Stdio::null()).output().expect("the binary runs")
}

/// Its exit code, stdout and stderr.
pub(crate) fn told(output: &Output) -> String {
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().expect("not killed"),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A daemon that is killed when the test ends before it.
pub(crate) struct Daemon {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Daemon {
    /// Starts `claviger ARGUMENTS` with `directory` for what it makes at run time.
    pub(crate) fn start(arguments: &[&str], directory: &Path) -> Self {
        Self::spawn(claviger(arguments).env("XDG_RUNTIME_DIR", directory))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        // Its own group, so that a Ctrl-C meant for the test does not reach it.
        let command = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let stdout = lines(child.stdout.take().expect("piped"));
        let stderr = lines(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The events on stdout up to the one of this name.
    pub(crate) fn until(&self, event: &str) -> Vec<Value> {
        until(&self.stdout, |line| line["event"] == event)
    }

    /// What is on stdout for people, up to the line that begins so.
    pub(crate) fn text_until(&self, beginning: &str) -> String {
        let mut text = String::new();
        loop {
            let line = self.stdout.recv_timeout(SOON).unwrap_or_else(|error| panic!("{error} after {text}"));
            text.push_str(&line);
            text.push('\n');
            if line.starts_with(beginning) {
                return text;
            }
        }
    }

    /// The log (`--log-format json`) up to this message; gives that record.
    pub(crate) fn until_logged(&self, message: &str) -> Value {
        until(&self.stderr, |line| line["message"] == message).pop().expect("it was found")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is still there");
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).expect("it is our child");
        let timeout = Timespec::try_from(SOON).expect("a minute fits");
        let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&timeout)).expect("poll");
        assert_eq!(ended, 1, "it ends in time");
        self.child.wait().expect("it is our child")
    }

    /// What is left on stdout after its end.
    pub(crate) fn rest(&self) -> String {
        self.lines_left().concat()
    }

    /// The same, line by line.
    pub(crate) fn lines_left(&self) -> Vec<String> {
        self.stdout.iter().collect()
    }

    /// What is left on stderr after its end.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.stderr.iter().collect()
    }

    /// What is left of the log after its end, where it is a warning or worse.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.notes()
            .into_iter()
            .filter(|line| line.contains(r#""level":"WARN""#) || line.contains(r#""level":"ERROR""#))
            .collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, or must not outlive the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (line, lines) = channel();
    thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
    lines
}

fn until(lines: &Receiver<String>, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut read: Vec<Value> = Vec::new();
    while !read.last().is_some_and(&is_last) {
        let line = lines.recv_timeout(SOON).unwrap_or_else(|error| panic!("{error} after {read:#?}"));
        read.push(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
    }
    read
}

//! A process that writes as fast as it can, and is killed while it does.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

/// Set for the process that is to be killed: where its state is, and in which round it dies.
const STATE: &str = "CLAVIGER_TEST_STATE_TO_KILL";
const ROUND: &str = "CLAVIGER_TEST_ROUND";

/// How long the process may take to write, and to be gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a process dies.
pub(crate) struct Kill {
    /// The ignored test that it runs.
    pub(crate) test: &'static str,
    pub(crate) round: u32,
    /// How much it has told before.
    pub(crate) told: usize,
    /// How long after that, or after it began.
    pub(crate) after: Duration,
}

impl Kill {
    /// Runs this test as a process of its own, kills it, and returns what it told: the lines that `parse` knows.
    pub(crate) fn load<T: Send + 'static>(
        &self,
        path: &Path,
        parse: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> Vec<T> {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", self.test, "--nocapture", "--ignored"])
            .env(STATE, path)
            .env(ROUND, self.round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (one_more, has_told) = channel();
        let reader = thread::spawn(move || {
            let told = output.lines().map_while(Result::ok).filter_map(|line| parse(&line));
            // Whoever waits for the first ones is gone after them.
            told.inspect(|_| one_more.send(()).unwrap_or_default()).collect()
        });
        for told in 0..self.told {
            if has_told.recv_timeout(PATIENCE).is_err() {
                child.kill().unwrap();
                panic!("the process writes {told} times of {}", self.told);
            }
        }
        thread::sleep(self.after);
        if let Some(ended) = child.try_wait().unwrap() {
            panic!("the process ended by itself: {ended}");
        }
        child.kill().unwrap();
        let ended = gone(&mut child);
        assert!(!ended.success(), "the process was killed: {ended}");
        reader.join().unwrap()
    }
}

/// How a process that was killed ended.
fn gone(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(ended) = child.try_wait().unwrap() {
            return ended;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("the process outlives its kill");
}

/// Where the state is of the process that is to be killed, and its round; nothing where somebody else runs its test.
pub(crate) fn to_be_killed() -> Option<(PathBuf, u32)> {
    let path = PathBuf::from(std::env::var_os(STATE)?);
    Some((path, std::env::var(ROUND).unwrap().parse().unwrap()))
}

/// Tells whoever kills this process. In one piece, so that a kill leaves no half of it.
pub(crate) fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

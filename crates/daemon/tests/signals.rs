//! Real signals. In a process of its own: signals are everyone's.

use std::{fs, time::Duration};

use daemon::{
    reload::{Cause, Reload},
    shutdown::Shutdown,
};
use rustix::process::{Signal, getpid, kill_process};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn hangup_reloads_term_drains_and_a_second_signal_aborts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    let mut reload = Reload::watch([file.clone()]).unwrap();
    let shutdown = Shutdown::on_signals(Duration::from_secs(3600)).unwrap();

    kill_process(getpid(), Signal::HUP).unwrap();
    assert_eq!(timeout(SOON, reload.next()).await.unwrap(), Cause::Hangup);
    fs::write(&file, "x").unwrap();
    assert_eq!(timeout(SOON, reload.next()).await.unwrap(), Cause::Changed(vec![file]));
    assert!(!shutdown.is_requested());

    kill_process(getpid(), Signal::TERM).unwrap();
    timeout(SOON, shutdown.requested()).await.unwrap();
    assert!(timeout(Duration::from_millis(100), shutdown.expired()).await.is_err(), "still draining");
    kill_process(getpid(), Signal::INT).unwrap();
    timeout(SOON, shutdown.expired()).await.unwrap();
}

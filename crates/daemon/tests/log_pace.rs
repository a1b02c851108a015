//! What peers can cause as often as they like is not logged as often.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use daemon::{
    log_pace::{BETWEEN_LINES, LogPace},
    unix_socket::{AllowedUids, Endpoint, Listener, Options},
};
use tokio::{io::AsyncReadExt as _, net::UnixStream, time::advance};

#[tokio::test(start_paused = true)]
async fn the_first_line_comes_at_once_and_later_ones_tell_what_was_left_out() {
    let pace = LogPace::default();
    assert_eq!(pace.line(), Some(0));
    for _ in 0..1000 {
        assert_eq!(pace.line(), None);
    }
    advance(BETWEEN_LINES - Duration::from_millis(1)).await;
    assert_eq!(pace.line(), None);
    advance(Duration::from_millis(1)).await;
    assert_eq!(pace.line(), Some(1001));
    advance(BETWEEN_LINES).await;
    assert_eq!(pace.line(), Some(0));
}

#[tokio::test]
async fn a_user_that_keeps_connecting_in_vain_does_not_fill_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _default = tracing::subscriber::set_default(subscriber);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kms.sock");
    let nobody = Options { allowed: AllowedUids::only([]), ..Options::default() };
    let listener = Listener::bind(&Endpoint::Path(path.clone()), nobody).unwrap();
    let refused = async {
        for _ in 0..50 {
            let mut client = UnixStream::connect(&path).await.unwrap();
            client.read_u8().await.unwrap_err();
        }
    };
    tokio::select! {
        accepted = listener.accept() => panic!("{accepted:?}"),
        () = refused => {}
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("refused a connection").count(), 1, "{text}");
    assert!(text.contains(&format!("pid {}", std::process::id())), "{text}");
}

/// Where log lines go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Unix sockets against the kernel: who may have one, who may connect, and when its file goes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{ErrorKind, Read as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixListener as StdListener,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use daemon::unix_socket::{AllowedUids, BindError, Endpoint, Listener, Options, Owner, WhenLive};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, net::UnixStream};

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let place = Place::new();
    drop(StdListener::bind(&place.path).unwrap());
    // A child that another test starts has a copy of the former one until it becomes its program.
    let refused = async {
        loop {
            match UnixStream::connect(&place.path).await {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => return error,
            }
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let _listener = place.bind().unwrap();
    UnixStream::connect(&place.path).await.unwrap();
}

#[tokio::test]
async fn a_live_one_is_refused_and_its_owner_named() {
    let place = Place::new();
    let _former = StdListener::bind(&place.path).unwrap();
    let error = place.bind().unwrap_err();
    let this = i32::try_from(std::process::id()).unwrap();
    assert!(matches!(&error, BindError::Live { owner: Owner::Process(pid), .. } if *pid == this), "{error:?}");
    assert!(error.to_string().contains(&format!("is served by process {this}")), "{error}");
    // It was not disturbed.
    UnixStream::connect(&place.path).await.unwrap();
}

#[tokio::test]
async fn one_whose_queue_is_full_is_alive() {
    let place = Place::new();
    let former = rustix::net::socket(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&former, &rustix::net::SocketAddrUnix::new(&place.path).unwrap()).unwrap();
    rustix::net::listen(&former, 0).unwrap();
    let _fills_the_queue = UnixStream::connect(&place.path).await.unwrap();
    let error = place.bind().unwrap_err();
    assert!(matches!(error, BindError::Live { owner: Owner::Unknown, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let place = Place::new();
    fs::write(&place.path, "precious").unwrap();
    assert!(matches!(place.bind(), Err(BindError::NotASocket { .. })));
    fs::remove_file(&place.path).unwrap();
    std::os::unix::fs::symlink("/nonexistent", &place.path).unwrap();
    assert!(matches!(place.bind(), Err(BindError::NotASocket { .. })));
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let place = Place::new();
    let endpoint = Endpoint::Path(place.path.join("kms.sock"));
    let error = Listener::bind(&endpoint, Options::default()).unwrap_err();
    assert!(matches!(&error, BindError::Directory { directory, .. } if *directory == place.path), "{error:?}");
}

/// A watcher looks at the file as fast as it can while sockets come and go.
#[tokio::test]
async fn the_mode_is_0600_from_the_first_moment() {
    let place = Place::new();
    let (path, done) = (&place.path, &AtomicBool::new(false));
    thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let mut seen = 0_usize;
            while !done.load(Ordering::Relaxed) {
                if let Ok(found) = fs::symlink_metadata(path) {
                    assert_eq!(found.permissions().mode() & 0o7777, 0o600);
                    seen += 1;
                }
            }
            seen
        });
        for _ in 0..500 {
            drop(place.bind().unwrap());
        }
        done.store(true, Ordering::Relaxed);
        assert!(watcher.join().unwrap() > 0, "the watcher saw nothing");
    });
}

#[tokio::test]
async fn of_many_starters_one_has_the_socket() {
    let place = Place::new();
    for _ in 0..20 {
        drop(StdListener::bind(&place.path).unwrap());
        let runtime = tokio::runtime::Handle::current();
        let outcomes: Vec<_> = thread::scope(|scope| {
            let starters: Vec<_> = (0..8)
                .map(|_| {
                    let (place, runtime) = (&place, runtime.clone());
                    scope.spawn(move || {
                        let _runtime = runtime.enter();
                        place.bind()
                    })
                })
                .collect();
            starters.into_iter().map(|starter| starter.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(BindError::Live { .. }))), "{outcomes:?}");
    }
}

#[tokio::test]
async fn the_file_goes_with_the_listener() {
    let place = Place::new();
    drop(place.bind().unwrap());
    assert!(!place.path.exists());
    let _ = place.bind().unwrap().close();
    assert!(!place.path.exists());
}

/// The end of a listener is on a thread that still answers calls.
#[tokio::test]
async fn a_starter_that_is_stuck_holds_up_no_end() {
    let place = Place::new();
    let listener = place.bind().unwrap();
    let directory = fs::File::open(place.path.parent().unwrap()).unwrap();
    directory.lock().unwrap();
    let began = Instant::now();
    drop(listener);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    directory.unlock().unwrap();
    let _next = place.bind().unwrap();
}

#[tokio::test]
async fn a_file_that_is_another_s_by_then_stays() {
    let place = Place::new();
    let ours = place.bind().unwrap();
    let other = place.path.with_extension("other");
    let _theirs = StdListener::bind(&other).unwrap();
    fs::rename(&other, &place.path).unwrap();
    drop(ours);
    assert!(fs::symlink_metadata(&place.path).unwrap().file_type().is_socket());
    UnixStream::connect(&place.path).await.unwrap();
}

#[tokio::test]
async fn who_had_connected_is_still_there_after_the_close() {
    let place = Place::new();
    let listener = place.bind().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(UnixStream::connect(&place.path).await.unwrap());
    }
    let mut queued = listener.close();
    assert_eq!(UnixStream::connect(&place.path).await.unwrap_err().kind(), ErrorKind::NotFound);
    for _ in 0..3 {
        assert!(queued.accept().unwrap().is_some());
    }
    assert!(queued.accept().unwrap().is_none());
}

#[tokio::test]
async fn the_peer_is_told_and_users_that_are_not_allowed_are_dropped() {
    let place = Place::new();
    let own = rustix::process::geteuid().as_raw();
    let listener = place.bind().unwrap();
    let _client = UnixStream::connect(&place.path).await.unwrap();
    let (_, peer) = listener.accept().await.unwrap();
    assert_eq!((peer.pid, peer.uid), (Some(i32::try_from(std::process::id()).unwrap()), own));
    drop(listener);

    let options = Options { allowed: AllowedUids::only([own + 1]), ..Options::default() };
    let listener = Listener::bind(&place.endpoint(), options).unwrap();
    let mut client = UnixStream::connect(&place.path).await.unwrap();
    tokio::select! {
        accepted = listener.accept() => panic!("{accepted:?}"),
        ended = client.read_u8() => assert_eq!(ended.unwrap_err().kind(), ErrorKind::UnexpectedEof),
    }

    listener.admission().change(AllowedUids::only([own]));
    let _client = UnixStream::connect(&place.path).await.unwrap();
    assert_eq!(listener.accept().await.unwrap().1.uid, own);
}

#[test]
fn root_and_the_own_user_are_allowed_by_default() {
    let own = rustix::process::geteuid().as_raw();
    let allowed = AllowedUids::default();
    assert!(allowed.contains(0) && allowed.contains(own) && !allowed.contains(own + 1));
    assert!(allowed.and([own + 1]).contains(own + 1));
}

#[tokio::test]
async fn an_abstract_name_has_no_file_and_one_owner() {
    use std::os::{linux::net::SocketAddrExt as _, unix::net};
    let name = format!("claviger-test-{}", std::process::id());
    let endpoint: Endpoint = format!("@{name}").parse().unwrap();
    let listener = Listener::bind(&endpoint, Options::default()).unwrap();
    let address = net::SocketAddr::from_abstract_name(&name).unwrap();
    let _client = net::UnixStream::connect_addr(&address).unwrap();
    listener.accept().await.unwrap();
    let live = Listener::bind(&endpoint, Options::default()).unwrap_err();
    assert!(live.to_string().contains(&format!("process {}", std::process::id())), "{live}");
    let take_over = Options { when_live: WhenLive::TakeOver, ..Options::default() };
    assert!(matches!(Listener::bind(&endpoint, take_over), Err(BindError::AbstractTakeOver { .. })));
    drop(listener);
    Listener::bind(&endpoint, Options::default()).unwrap();
}

#[tokio::test]
async fn a_process_does_not_take_over_from_itself() {
    let place = Place::new();
    let _listener = place.bind().unwrap();
    let options = Options { when_live: WhenLive::TakeOver, ..Options::default() };
    assert!(matches!(Listener::bind(&place.endpoint(), options), Err(BindError::Live { .. })));
    // With nobody to take over from, it is an ordinary start.
    let elsewhere = Place::new();
    let mut listener = Listener::bind(&elsewhere.endpoint(), options_taking_over()).unwrap();
    assert!(listener.take_place().unwrap().is_none());
}

/// The parts of a hand-over that need another process are with `kms-plugin`, whose clients call across it.
#[tokio::test]
async fn who_is_to_be_taken_over_keeps_the_path_until_its_place_is_taken() {
    let place = Place::new();
    let former = place.by_another_process();
    let beside = Listener::bind(&place.endpoint(), options_taking_over()).unwrap();
    assert_eq!(place.files().len(), 2);
    // Say because the next socket of the daemon cannot be had.
    drop(beside);
    assert_eq!(place.files(), ["kms.sock"]);
    UnixStream::connect(&place.path).await.unwrap();

    let mut listener = Listener::bind(&place.endpoint(), options_taking_over()).unwrap();
    let displaced = listener.take_place().unwrap().unwrap();
    assert_eq!(displaced.owner(), Owner::Process(i32::try_from(former.0.id()).unwrap()));
    assert_eq!(place.files(), ["kms.sock"]);
    let _client = UnixStream::connect(&place.path).await.unwrap();
    listener.accept().await.unwrap();
    drop(listener);
    assert!(place.files().is_empty());
}

/// Two containers that mount one directory may both be process 1: a name that ends in a process id is not our own.
#[tokio::test]
async fn another_starter_of_the_same_process_id_keeps_its_socket() {
    let place = Place::new();
    let _former = place.by_another_process();
    let theirs = place.path.with_file_name(format!("kms.sock.{}", std::process::id()));
    let _starter = StdListener::bind(&theirs).unwrap();
    let mut listener = Listener::bind(&place.endpoint(), options_taking_over()).unwrap();
    listener.take_place().unwrap();
    drop(listener);
    UnixStream::connect(&theirs).await.unwrap();
}

#[tokio::test]
async fn what_was_put_in_the_place_of_ours_takes_nobody_s_place() {
    let place = Place::new();
    let former = place.by_another_process();
    let mut listener = Listener::bind(&place.endpoint(), options_taking_over()).unwrap();
    let beside = place.files().into_iter().find(|name| name != "kms.sock").unwrap();
    let beside = place.path.with_file_name(beside);
    let foreign = place.path.with_extension("foreign");
    let _foreign = StdListener::bind(&foreign).unwrap();
    fs::rename(&foreign, &beside).unwrap();

    let error = listener.take_place().unwrap_err();
    assert!(matches!(&error, BindError::Lost { beside: lost, .. } if *lost == beside), "{error:?}");
    let live = place.bind().unwrap_err();
    let former = i32::try_from(former.0.id()).unwrap();
    assert!(matches!(&live, BindError::Live { owner: Owner::Process(pid), .. } if *pid == former), "{live:?}");
    drop(listener);
    UnixStream::connect(&beside).await.unwrap();
}

#[tokio::test]
async fn a_path_has_to_leave_room_for_the_name_beside_it() {
    for (octets, fits) in [(98, true), (99, false)] {
        let mut place = Place::new();
        let directory = place.path.parent().unwrap();
        place.path = directory.join("s".repeat(octets - directory.as_os_str().len() - 1));
        let _former = place.by_another_process();
        let outcome = Listener::bind(&place.endpoint(), options_taking_over());
        assert_eq!(outcome.is_ok(), fits, "{outcome:?}");
    }
}

fn options_taking_over() -> Options {
    Options { when_live: WhenLive::TakeOver, ..Options::default() }
}

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A path in a directory of its own.
struct Place {
    path: PathBuf,
    _directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { path: directory.path().join("kms.sock"), _directory: directory }
    }

    /// A process that serves here, and nothing else.
    fn by_another_process(&self) -> Killed {
        const LISTENS: &str = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint(flush=True)\nsys.stdin.read()";
        let mut process = Command::new("python3")
            .args(["-c", LISTENS])
            .arg(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        process.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        Killed(process)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path.parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::Path(self.path.clone())
    }

    fn bind(&self) -> Result<Listener, BindError> {
        Listener::bind(&self.endpoint(), Options::default())
    }
}

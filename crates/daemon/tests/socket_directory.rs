//! A daemon that is not root, in a directory that root has made for it, as the kubelet makes a `hostPath` of type
//! `DirectoryOrCreate`: `root:root`, mode 0755.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    thread,
};

use daemon::unix_socket::{
    BindError, Endpoint, Listener, Options,
    directory::{Ownership, PrepareError, prepare},
};
use rustix::{
    process::{Gid, Uid, getegid, geteuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

#[test]
fn a_daemon_that_is_not_root_can_bind_replace_and_remove_its_socket_there() {
    let outer = tempfile::tempdir().unwrap();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let directory = outer.path().join("kmsplugin");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let daemon = daemon_user();
    if geteuid().is_root() {
        // What there is without the step: this is why it is needed.
        let refused = as_user(daemon, || bind(&directory).map(drop)).unwrap_err();
        assert!(matches!(refused, BindError::Io { .. }), "{refused:?}");
    }

    prepare(&directory, daemon).unwrap();
    let now = fs::metadata(&directory).unwrap();
    assert_eq!((now.uid(), now.gid(), now.mode() & 0o7777), (daemon.uid, daemon.gid, 0o750));
    as_user(daemon, || {
        // What a killed daemon leaves behind.
        drop(std::os::unix::net::UnixListener::bind(directory.join("kms.sock")).unwrap());
        let listener = bind(&directory).unwrap();
        assert_eq!(fs::symlink_metadata(directory.join("kms.sock")).unwrap().uid(), daemon.uid);
        drop(listener);
        assert!(!directory.join("kms.sock").exists());
    });
}

#[test]
fn it_is_made_where_it_is_not_there_and_preparing_again_changes_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("kmsplugin");
    let daemon = daemon_user();
    for _ in 0..2 {
        prepare(&directory, daemon).unwrap();
        let now = fs::metadata(&directory).unwrap();
        assert_eq!((now.uid(), now.gid(), now.mode() & 0o7777), (daemon.uid, daemon.gid, 0o750));
    }
}

#[test]
fn a_link_a_file_and_a_missing_parent_are_refused() {
    let outer = tempfile::tempdir().unwrap();
    let daemon = daemon_user();
    let (link, file) = (outer.path().join("link"), outer.path().join("file"));
    std::os::unix::fs::symlink(outer.path(), &link).unwrap();
    fs::write(&file, "").unwrap();
    assert!(matches!(prepare(&link, daemon), Err(PrepareError::NotADirectory { .. })));
    assert!(matches!(prepare(&file, daemon), Err(PrepareError::NotADirectory { .. })));
    let error = prepare(&outer.path().join("a/b"), daemon).unwrap_err();
    assert!(error.to_string().ends_with("its parent must be there"), "{error}");
    assert_eq!(fs::metadata(outer.path()).unwrap().uid(), geteuid().as_raw());
}

/// `--prepare-directories` with a slip of the pen, such as a socket in `/etc` or in `/tmp`.
#[test]
fn a_directory_that_is_not_there_for_sockets_alone_stays_as_it_is() {
    let daemon = daemon_user();
    for (name, mode) in [("precious", 0o755), ("sub/", 0o755), ("", 0o1777), ("", 0o1755)] {
        let outer = tempfile::tempdir().unwrap();
        let directory = outer.path();
        // A socket alone would be none of its troubles.
        drop(std::os::unix::net::UnixListener::bind(directory.join("kms.sock")).unwrap());
        match name.strip_suffix('/') {
            Some(name) => fs::create_dir(directory.join(name)).unwrap(),
            None if name.is_empty() => {}
            None => fs::write(directory.join(name), "").unwrap(),
        }
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        let before = fs::metadata(directory).unwrap();
        let error = prepare(directory, daemon).unwrap_err();
        match &error {
            PrepareError::Shared { .. } => assert!(mode & 0o1000 != 0, "{error}"),
            PrepareError::NotForSockets { entry, .. } => assert_eq!(entry, Path::new(name.trim_end_matches('/'))),
            _ => panic!("{error}"),
        }
        let after = fs::metadata(directory).unwrap();
        let facts = |of: &fs::Metadata| (of.uid(), of.gid(), of.mode());
        assert_eq!(facts(&after), facts(&before), "{error}");
    }
}

/// What the daemon itself has put there by then is no reason to refuse its next start.
#[test]
fn a_directory_that_is_prepared_may_hold_anything() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("kmsplugin");
    prepare(&directory, daemon_user()).unwrap();
    fs::write(directory.join("audit.jsonl"), "").unwrap();
    prepare(&directory, daemon_user()).unwrap();
}

#[test]
fn an_owner_is_two_numbers() {
    assert_eq!("65532:0".parse(), Ok(Ownership { uid: 65532, gid: 0 }));
    for text in ["", "65532", "65532:", ":1", "nobody:nogroup", "-1:0", "4294967295:0", "0:4294967295", "1:2:3"] {
        assert!(text.parse::<Ownership>().is_err(), "{text}");
    }
}

/// The user of distroless images where we are root; else whoever we are, for whom the same must hold.
fn daemon_user() -> Ownership {
    match geteuid().is_root() {
        true => Ownership { uid: 65532, gid: 65532 },
        false => Ownership { uid: geteuid().as_raw(), gid: getegid().as_raw() },
    }
}

/// Runs `work` on a thread of its own that is `user`: on Linux, credentials belong to threads.
fn as_user<T: Send>(user: Ownership, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if geteuid().is_root() {
                let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
                set_thread_groups(&[]).unwrap();
                set_thread_res_gid(gid, gid, gid).unwrap();
                set_thread_res_uid(uid, uid, uid).unwrap();
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            let _runtime = runtime.enter();
            work()
        });
        thread.join().unwrap()
    })
}

fn bind(directory: &Path) -> Result<Listener, BindError> {
    Listener::bind(&Endpoint::Path(directory.join("kms.sock")), Options::default())
}

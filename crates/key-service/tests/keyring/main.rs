//! The local keyring: a file that only its owner may reach, edited whole, never half, and hostile content.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test fails by panicking")]

mod corpus;
mod hostile;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_model::SecretBytes;
use key_service::{
    ErrorClass, KeyService,
    keyring::{self, Keyring, KeyringError},
};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::time::Instant;

fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyring.json");
    keyring::create(&path).unwrap();
    (directory, path)
}

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

async fn seal(keyring: &Keyring, plaintext: &[u8]) -> Vec<u8> {
    keyring.seal(&SecretBytes::new(plaintext.to_vec()), deadline()).await.unwrap().ciphertext
}

#[tokio::test]
async fn what_any_version_sealed_opens_under_its_own_name_and_the_current_one_seals() {
    let (_directory, path) = fresh();
    let keyring = Keyring::open(&path).unwrap();
    let first = seal(&keyring, b"seed").await;
    assert_eq!(keyring::add_version(&path).unwrap(), 2);
    keyring.reload().await.unwrap();
    assert_eq!(keyring.current().version.as_deref(), Some("1"), "added, not yet current");
    keyring::set_current(&path, 2).unwrap();
    keyring.reload().await.unwrap();
    let second = seal(&keyring, b"seed").await;
    for (ciphertext, version) in [(&first, "1"), (&second, "2")] {
        let opened = keyring.open(ciphertext, deadline()).await.unwrap();
        assert_eq!(opened.plaintext.expose(), b"seed");
        assert_eq!(opened.version.version.as_deref(), Some(version));
        assert_eq!(opened.version.key, keyring.current().key);
    }
}

#[tokio::test]
async fn the_same_plaintext_never_seals_to_the_same_bytes_and_any_change_is_found() {
    let (_directory, path) = fresh();
    let keyring = Keyring::open(&path).unwrap();
    keyring::add_version(&path).unwrap();
    keyring.reload().await.unwrap();
    let sealed = seal(&keyring, b"seed").await;
    assert_ne!(sealed, seal(&keyring, b"seed").await);
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut altered = sealed.clone();
            altered[at] ^= 1 << bit;
            let error = keyring.open(&altered, deadline()).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::CorruptCiphertext);
        }
    }
    // Version 2 is there: the version is bound, not only looked up.
    let mut renamed = sealed.clone();
    renamed[1..5].copy_from_slice(&2_u32.to_be_bytes());
    assert!(keyring.open(&renamed, deadline()).await.is_err());
}

#[tokio::test]
async fn another_keyring_with_the_same_version_numbers_opens_nothing() {
    let ((_one, one), (_two, two)) = (fresh(), fresh());
    let (one, two) = (Keyring::open(one).unwrap(), Keyring::open(two).unwrap());
    assert_ne!(one.current(), two.current(), "a key_id is never used twice");
    let sealed = seal(&one, b"seed").await;
    assert_eq!(two.open(&sealed, deadline()).await.unwrap_err().class, ErrorClass::CorruptCiphertext);
}

#[test]
fn the_file_is_made_for_its_owner_and_refused_when_others_may_reach_it() {
    let (_directory, path) = fresh();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    keyring::add_version(&path).unwrap();
    assert_eq!(mode(), 0o600, "an edit makes a new file");
    for open in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        for error in [Keyring::open(&path).unwrap_err(), keyring::add_version(&path).unwrap_err()] {
            assert!(matches!(error, KeyringError::TooOpen { mode, .. } if mode == open), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    Keyring::open(&path).unwrap();
}

/// Only root can make a file another's; whoever else runs this cannot open such a file in the first place.
#[test]
fn a_file_of_a_third_user_is_refused_by_root_too() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (_directory, path) = fresh();
    std::os::unix::fs::chown(&path, Some(65532), None).unwrap();
    for error in [Keyring::open(&path).unwrap_err(), keyring::add_version(&path).unwrap_err()] {
        assert!(matches!(error, KeyringError::Foreign { owner: 65532, own: 0, .. }), "{error}");
        assert!(error.to_string().contains(&format!("chown 0 {}", path.display())), "{error}");
    }
}

#[test]
fn what_is_no_file_or_not_there_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let error = Keyring::open(directory.path()).unwrap_err();
    assert!(matches!(error, KeyringError::NotAFile { .. }), "{error}");
    let error = Keyring::open(directory.path().join("none")).unwrap_err();
    assert!(matches!(error, KeyringError::Io { .. }) && error.to_string().contains("none"), "{error}");
    let large = directory.path().join("large");
    write(&large, &vec![b' '; (1 << 20) + 1]);
    assert!(matches!(Keyring::open(large).unwrap_err(), KeyringError::NotAFile { .. }));
}

#[test]
fn an_existing_file_is_never_replaced_by_a_new_keyring() {
    let (directory, path) = fresh();
    let before = fs::read(&path).unwrap();
    assert!(matches!(keyring::create(&path).unwrap_err(), KeyringError::Io { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
}

#[test]
fn edits_at_the_same_time_lose_nothing() {
    let (directory, path) = fresh();
    let path = Arc::new(path);
    let editors: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || (0..5).map(|_| keyring::add_version(&path).unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let mut numbers: Vec<u32> = editors.into_iter().flat_map(|editor| editor.join().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=41).collect::<Vec<_>>());
    keyring::set_current(&path, 41).unwrap();
    assert_eq!(Keyring::open(path.as_path()).unwrap().current().version.as_deref(), Some("41"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_bad_file_or_another_keyring_leaves_the_former_in_force() {
    let (_directory, path) = fresh();
    let keyring = Keyring::open(&path).unwrap();
    let sealed = seal(&keyring, b"seed").await;
    let (_other, other) = fresh();
    for content in [b"{".to_vec(), b"{}".to_vec(), Vec::new(), fs::read(other).unwrap()] {
        write(&path, &content);
        let error = keyring.reload().await.unwrap_err();
        assert!(error.to_string().contains("the former content stays in force"), "{error}");
        assert_eq!(keyring.open(&sealed, deadline()).await.unwrap().plaintext.expose(), b"seed");
    }
}

#[test]
fn each_mistake_in_a_file_is_named_and_no_secret_is_quoted() {
    let (_directory, path) = fresh();
    let good = fs::read_to_string(&path).unwrap();
    let secret = good.split("\"secret\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (from, to, says) in [
        ("\"current\": 1", "\"current\": 7", "no such version"),
        ("claviger-keyring-1", "claviger-keyring-9", "claviger-keyring-1"),
        ("\"number\": 1", "\"number\": -1", "line 6"),
        ("\"number\": 1", "\"nummer\": 1", "line 6"),
        ("\"secret\": \"", "\"secret\": \"A", "version 1"),
        ("\"secret\": \"", "\"secret\": 5, \"x\": \"", "line 6"),
        ("}\n  ]", "}, {\"number\": 1, \"secret\": \"SECRET\"}\n  ]", "version 1 twice"),
        ("\"id\": \"", "\"id\": \"../", "id"),
    ] {
        let bad = good.replace(from, to).replace("SECRET", &secret);
        assert_ne!(bad, good, "{from}");
        write(&path, bad.as_bytes());
        let error = Keyring::open(&path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains(&secret[..8]), "{error}");
    }
    write(&path, good.as_bytes());
    assert!(!format!("{:?}", Keyring::open(&path).unwrap()).contains(&secret[..8]));
}

proptest! {
    /// Whatever stands in the file or comes from etcd: an error, never a panic.
    #[test]
    fn hostile_files_and_ciphertexts_are_errors(
        content in proptest::collection::vec(any::<u8>(), 0..300),
        cut in 0..400_usize,
        at in 0..400_usize,
        byte in any::<u8>(),
    ) {
        let (_directory, path) = fresh();
        let keyring = Keyring::open(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert!(runtime.block_on(keyring.open(&content, Instant::now())).is_err());

        let good = fs::read(&path).unwrap();
        let mut mutated = good[..cut.min(good.len())].to_vec();
        if let Some(place) = mutated.get_mut(at) {
            *place = byte;
        }
        write(&path, &mutated);
        let _ = Keyring::open(&path);
        write(&path, &content);
        prop_assert!(Keyring::open(&path).is_err());
    }
}

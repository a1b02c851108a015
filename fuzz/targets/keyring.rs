//! Keyring files and keyring ciphertexts, of any octets.
#![no_main]

#[path = "../../crates/key-service/tests/keyring/hostile.rs"]
mod hostile;

use std::{cell::OnceCell, path::PathBuf};

use hostile::Place;

thread_local!(static PLACE: OnceCell<Place> = const { OnceCell::new() });

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    PLACE.with(|place| place.get_or_init(|| Place::new(folder())).check(octets));
});

/// In memory: edits are synced.
fn folder() -> PathBuf {
    let folder = PathBuf::from(format!("/dev/shm/claviger-fuzz-keyring-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder in memory");
    folder
}

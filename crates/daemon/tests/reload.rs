//! Files that change the way kubelet, editors and operators change them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use daemon::reload::{Cause, Reload};
use tokio::time::timeout;

/// As kubelet's AtomicWriter does: a new directory, a new link to it, renamed over `..data`.
fn swap(volume: &Path, generation: &str, content: &str) {
    let directory = volume.join(format!("..{generation}"));
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("keyring"), content).unwrap();
    symlink(format!("..{generation}"), volume.join("..data_tmp")).unwrap();
    let before = fs::read_link(volume.join("..data")).ok();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if let Some(before) = before {
        fs::remove_dir_all(volume.join(before)).unwrap();
    }
}

async fn next(reload: &mut Reload) -> Cause {
    timeout(Duration::from_secs(10), reload.next()).await.expect("a change must be told well before the slow look")
}

#[tokio::test]
async fn a_swapped_secret_volume_is_seen_each_time() {
    let volume = tempfile::tempdir().unwrap();
    swap(volume.path(), "one", "first");
    let file = volume.path().join("keyring");
    symlink("..data/keyring", &file).unwrap();
    let mut reload = Reload::watch([file.clone()]).unwrap();
    for (generation, content) in [("two", "second"), ("three", "thirds"), ("four", "fourth")] {
        swap(volume.path(), generation, content);
        assert_eq!(next(&mut reload).await, Cause::Changed(vec![file.clone()]));
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
}

#[tokio::test]
async fn a_write_in_place_a_rename_over_and_a_file_that_appears() {
    let directory = tempfile::tempdir().unwrap();
    let (written, renamed, new) =
        (directory.path().join("written"), directory.path().join("renamed"), directory.path().join("new"));
    fs::write(&written, "a").unwrap();
    fs::write(&renamed, "a").unwrap();
    let mut reload = Reload::watch([written.clone(), renamed.clone(), new.clone()]).unwrap();

    fs::write(&written, "b").unwrap();
    assert_eq!(next(&mut reload).await, Cause::Changed(vec![written]));

    fs::write(directory.path().join("tmp"), "b").unwrap();
    fs::rename(directory.path().join("tmp"), &renamed).unwrap();
    assert_eq!(next(&mut reload).await, Cause::Changed(vec![renamed]));

    fs::write(&new, "b").unwrap();
    assert_eq!(next(&mut reload).await, Cause::Changed(vec![new]));
}

#[tokio::test]
async fn a_change_behind_a_link_to_elsewhere_is_seen() {
    let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("token");
    fs::write(&target, "a").unwrap();
    let link: PathBuf = here.path().join("token");
    symlink(&target, &link).unwrap();
    let mut reload = Reload::watch([link.clone()]).unwrap();
    fs::write(&target, "another").unwrap();
    assert_eq!(next(&mut reload).await, Cause::Changed(vec![link]));
}

#[tokio::test]
async fn files_written_together_are_told_together() {
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..8).map(|n| directory.path().join(n.to_string())).collect();
    let mut reload = Reload::watch(files.clone()).unwrap();
    for file in &files {
        fs::write(file, "x").unwrap();
    }
    assert_eq!(next(&mut reload).await, Cause::Changed(files));
}

#[tokio::test]
async fn a_neighbour_that_changes_is_no_reason() {
    let directory = tempfile::tempdir().unwrap();
    let (file, neighbour) = (directory.path().join("file"), directory.path().join("neighbour"));
    fs::write(&file, "a").unwrap();
    let mut reload = Reload::watch([file.clone()]).unwrap();
    // Whoever watches the neighbour is told each time: by then the same stirs have been looked into here.
    let mut other = Reload::watch([neighbour.clone()]).unwrap();
    for content in ["a", "b", "c"] {
        fs::write(&neighbour, content).unwrap();
        tokio::select! {
            cause = reload.next() => panic!("told of {cause:?}"),
            cause = next(&mut other) => assert_eq!(cause, Cause::Changed(vec![neighbour.clone()])),
        }
    }
    fs::write(&file, "b").unwrap();
    assert_eq!(next(&mut reload).await, Cause::Changed(vec![file]));
}

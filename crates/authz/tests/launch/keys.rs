//! Under which key a volume comes to be.

use authz::launch::{KeyNeedsEncrypted, Launch, Snapshot, Volume, VolumeKey};

use crate::{
    fixture::{CLUSTER, Case, FOREIGN, KEYS, MANAGED, OWN, account, group, key},
    steps,
};

fn launch() -> Launch {
    Case::DefaultKey.launched_by(group())
}

fn volume(snapshot: Option<(&str, Option<&str>)>, named: VolumeKey) -> Volume {
    let snapshot = snapshot.map(|(owner, of)| Snapshot {
        owner: account(owner),
        key: of.map(key),
        associated_keys: Vec::new(),
        shared: None,
    });
    Volume { device: "/dev/xvda".into(), snapshot, key: named }
}

fn under(launch: &Launch, volume: &Volume) -> Option<(String, &'static str)> {
    let encryption = launch.key_of(volume).unwrap()?;
    Some((encryption.key.as_str().to_owned(), encryption.rule.id))
}

fn says(key: &str, rule: &'static str) -> Option<(String, &'static str)> {
    Some((key.to_owned(), rule))
}

#[test]
fn a_named_key_wins_over_the_snapshots() {
    for snapshot in [None, Some((CLUSTER, None)), Some((CLUSTER, Some(FOREIGN))), Some((KEYS, Some(FOREIGN)))] {
        let volume = volume(snapshot, VolumeKey::Named(key(OWN)));
        assert_eq!(under(&launch(), &volume), says(OWN, "launch-named-key"));
    }
}

#[test]
fn the_own_snapshots_key_is_kept_and_a_foreign_snapshots_is_not() {
    for said in [VolumeKey::Unsaid, VolumeKey::Default] {
        let own = volume(Some((CLUSTER, Some(FOREIGN))), said.clone());
        assert_eq!(under(&launch(), &own), says(FOREIGN, "launch-snapshot-key"));
        let shared = volume(Some((KEYS, Some(FOREIGN))), said);
        assert_eq!(under(&launch(), &shared), says(MANAGED, "launch-shared-snapshot-key"));
    }
}

#[test]
fn a_plain_volume_stays_plain_unless_the_account_encrypts_by_default() {
    for snapshot in [None, Some((CLUSTER, None)), Some((KEYS, None))] {
        let plain = volume(snapshot, VolumeKey::Unsaid);
        assert_eq!(under(&launch(), &plain), None);
        let encrypting = Launch { encrypts_by_default: true, ..launch() };
        assert_eq!(under(&encrypting, &plain), says(MANAGED, "launch-default-key"));
        let asked = volume(snapshot, VolumeKey::Default);
        assert_eq!(under(&launch(), &asked), says(MANAGED, "launch-default-key"));
    }
    let plain = Launch { volumes: vec![volume(None, VolumeKey::Unsaid)], ..launch() };
    assert!(steps(&plain).is_empty(), "a plain volume asks KMS nothing");
}

#[test]
fn a_default_key_that_nobody_told_is_asked_for() {
    let unknown = Launch { default_key: None, ..launch() };
    let refused = unknown.steps(&Default::default()).unwrap_err().to_string();
    assert!(refused.contains("/dev/xvda") && refused.contains("get-ebs-default-kms-key-id"), "{refused}");
}

#[test]
fn a_key_needs_encrypted() {
    assert_eq!(VolumeKey::told(Some(true), Some(key(OWN))), Ok(VolumeKey::Named(key(OWN))));
    assert_eq!(VolumeKey::told(Some(true), None), Ok(VolumeKey::Default));
    assert_eq!(VolumeKey::told(None, None), Ok(VolumeKey::Unsaid));
    for encrypted in [None, Some(false)] {
        assert_eq!(VolumeKey::told(encrypted, Some(key(OWN))), Err(KeyNeedsEncrypted(key(OWN))));
    }
}

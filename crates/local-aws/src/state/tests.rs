use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::*;
use crate::store::MasterKey;

const STATE: &str = r#"{"format": "claviger local-aws state", "version": "1", "partition": "aws", "secrets": "plain",
    "clock": {"ahead": "PT0S"}, "tables": {"account.seed": {"seed": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYyE="}}}"#;

/// The names of the tables in the sources under a folder.
fn tables_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tables_in(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for constructor in ["Table::plain(\"", "Table::sealed(\""] {
            let names = text.split(constructor).skip(1).filter_map(|rest| rest.split_once('"'));
            found.extend(names.map(|(name, _)| name.to_owned()).filter(|name| name.contains('.')));
        }
    }
}

#[test]
fn every_table_of_every_service_is_exported_and_can_be_imported() {
    let mut found = BTreeSet::new();
    tables_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let known: BTreeSet<String> =
        tables::all().chain(kept::TABLES.iter().copied()).map(|table| table.name().to_owned()).collect();
    assert_eq!(found, known, "a service's new table belongs into its TABLES");
}

#[test]
fn a_sealed_state_opens_under_its_own_key_and_place_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let key = |byte: u8| MasterKey::Given(vec![byte; 32].into());
    let sealed = seal(STATE, &key(1), &path).unwrap();
    assert!(!sealed.contains("c2VjcmV0"));
    let opened = unseal(&sealed, &key(1), &path).unwrap();
    assert_eq!(Document::read(&opened).unwrap().rows[0].2.expose(), b"secret-secret-secret-secret-sec!");
    assert!(matches!(unseal(&sealed, &key(2), &path), Err(Sealing::Text(_))));
    let moved = sealed.replace("\"seed\": ", "\"other\": ");
    assert!(matches!(unseal(&moved, &key(1), &path), Err(Sealing::Text(_))));
    assert_eq!(unseal(STATE, &key(1), &path).unwrap(), STATE, "nothing in it is sealed");
}

#[test]
fn no_byte_that_is_another_one_makes_the_reader_panic() {
    for at in 0..STATE.len() {
        for byte in [b'"', b'{', b'0', b',', b' '] {
            let mut text = STATE.as_bytes().to_vec();
            text[at] = byte;
            // Whether it is read or refused.
            let _ = Document::read(&String::from_utf8(text).unwrap());
        }
    }
}

/// As many rows as there are keys, each naming others: looked up one by one they take minutes.
#[test]
fn references_are_found_in_time_that_grows_with_the_text() {
    let id = |n: usize| format!("{n:08x}-12ab-34cd-56ef-1234567890ab");
    let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for n in 0..30_000 {
        let (id, account, region) = (id(n), "111122223333", "us-west-2");
        let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
        tables.entry("kms.key").or_default().push(format!(r#""{account}/{region}/{id}": {{"arn": "{arn}"}}"#));
        tables.entry("kms.family").or_default().push(format!(r#""{account}/{id}": {{}}"#));
        let alias = format!(r#""{account}/{region}/alias/{n}": {{"target": "{arn}"}}"#);
        tables.entry("kms.alias").or_default().push(alias);
    }
    let tables = tables.iter().map(|(table, rows)| format!(r#""{table}": {{{}}}"#, rows.join(",")));
    let text = STATE.replacen("\"tables\": {", &format!("\"tables\": {{{}, ", tables.collect::<Vec<_>>().join(",")), 1);
    let started = std::time::Instant::now();
    assert_eq!(Document::read(&text).unwrap().rows.len(), 90_001);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

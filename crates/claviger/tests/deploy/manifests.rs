//! `deploy/manifests` is the chart as it is rendered with `deploy/helm/demo.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::json;

use crate::{
    deployed,
    helm::{over_demo, render},
};

const HEADER: &str = "# Written from deploy/helm by `UPDATE_DOCS=1 cargo test -p claviger --test deploy manifests`.\n";
/// A chart makes no namespace of its own.
const BY_HAND: &str = "namespace.yaml";

#[test]
fn the_plain_manifests_are_what_the_chart_renders() {
    let mut files = BTreeMap::<String, String>::new();
    for document in render(&over_demo(json!({}))).unwrap() {
        let file = files.entry(document.template).or_insert_with(|| HEADER.to_owned());
        if file.len() > HEADER.len() {
            file.push_str("---\n");
        }
        file.push_str(&document.text);
    }
    let folder = deployed("manifests");
    let there: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        for name in there.iter().filter(|name| *name != BY_HAND) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
        return;
    }
    let rendered = files.keys().cloned().chain([BY_HAND.to_owned()]).collect();
    assert_eq!(there, rendered, "deploy/manifests has other files than the chart; UPDATE_DOCS=1 writes them");
    for (name, text) in files {
        let is = fs::read_to_string(folder.join(&name)).unwrap();
        assert!(is == text, "deploy/manifests/{name} is not what the chart renders; UPDATE_DOCS=1 writes it:\n{text}");
    }
}

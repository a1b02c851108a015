//! `docs/reference/deploy.md` tells every value, and no other.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::deployed;

/// Told once for all parts that have them.
const COMMON: [&str; 9] = [
    "affinity",
    "env",
    "extraArgs",
    "nodeSelector",
    "podAnnotations",
    "podLabels",
    "priorityClassName",
    "resources",
    "tolerations",
];

/// Their defaults are lists.
const TOLD_IN_A_WORD: [&str; 6] = [
    "agent.bindHosts",
    "networkPolicies.apiserver.cidrs",
    "networkPolicies.apiserver.ports",
    "networkPolicies.aws",
    "networkPolicies.nodes",
    "monitoring.dashboards.labels",
];

#[test]
fn every_value_is_told_with_its_default() {
    let values = fs::read_to_string(deployed("helm/claviger/values.yaml")).unwrap();
    let mut there = BTreeSet::new();
    leaves(&serde_saphyr::from_str(&values).unwrap(), "", &mut there);
    let page = fs::read_to_string(deployed("../docs/reference/deploy.md")).unwrap();
    let (_, table) = page.split_once("| value | default | says |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let told: BTreeSet<(String, String)> = rows
        .map(|row| {
            let mut cells = row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    for name in TOLD_IN_A_WORD {
        assert!(told.iter().any(|(told, _)| told == name), "{name}");
    }
    let told: BTreeSet<_> = told.into_iter().filter(|(name, _)| !TOLD_IN_A_WORD.contains(&name.as_str())).collect();
    assert_eq!(told, there);
    for name in COMMON {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

fn leaves(value: &Value, path: &str, into: &mut BTreeSet<(String, String)>) {
    let name = path.rsplit('.').next().unwrap();
    if COMMON.contains(&name) || TOLD_IN_A_WORD.contains(&path) {
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                leaves(value, format!("{path}.{name}").trim_start_matches('.'), into);
            }
        }
        Value::String(text) if !text.is_empty() => drop(into.insert((path.to_owned(), text.clone()))),
        other => drop(into.insert((path.to_owned(), other.to_string()))),
    }
}

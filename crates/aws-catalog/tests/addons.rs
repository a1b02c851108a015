//! What the table of add-ons says, against itself and against the managed policies.

use std::collections::BTreeSet;

use aws_catalog::{
    addons::{Addon, Catalogue, Takes},
    managed_policies,
};
use serde_json::{Value, json};

#[test]
fn what_aws_told_in_november_2024_comes_out() {
    let cni = Catalogue::published().addon("vpc-cni").unwrap();
    assert!(cni.requires_iam());
    let default = cni.default_on("1.30").unwrap();
    assert_eq!(default.version, "v1.19.0-eksbuild.1");
    assert!(default.is_default_of("1.30"));
    let [account] = &*cni.service_accounts else { panic!("one service account") };
    assert_eq!(account.name, "aws-node");
    assert_eq!(account.policies, ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]);
}

#[test]
fn versions_take_pod_identity_since_one_of_them() {
    let driver = Catalogue::published().addon("aws-ebs-csi-driver").unwrap();
    for (version, takes) in [("v1.26.0-eksbuild.1", true), ("v1.9.0-eksbuild.1", false), ("v1.31.0-eksbuild.1", true)] {
        assert_eq!(driver.takes(version).accounts().unwrap().len() == 1, takes, "{version}");
    }
    assert_eq!(Catalogue::published().addon("coredns").unwrap().takes("v1.14.6-eksbuild.4"), Takes::Since(&[]));
}

#[test]
fn what_a_version_was_told_goes_before_what_is_said_of_all() {
    let mut catalogue: Value = serde_json::from_str(&Catalogue::published().text().unwrap()).unwrap();
    let addons = catalogue["addons"].as_array_mut().unwrap();
    let driver = addons.iter_mut().find(|addon| addon["name"] == "aws-ebs-csi-driver").unwrap();
    let names: Vec<_> = [0, 1, 2].map(|at| driver["versions"][at]["version"].as_str().unwrap().to_owned()).to_vec();
    driver["versions"][0]["podIdentity"] = json!({ "takes": [{ "name": "another", "policies": ["arn:p"] }] });
    driver["versions"][1]["podIdentity"] = json!({ "takes": [] });
    driver["versions"][2]["podIdentity"] = json!({ "notKnown": "AccessDenied" });
    let needless = driver["versions"][3]["version"].as_str().unwrap().to_owned();
    driver["versions"][3]["requiresIam"] = false.into();
    let read = Catalogue::parse(&catalogue.to_string()).unwrap();
    let driver = read.addon("aws-ebs-csi-driver").unwrap();
    let policies = ["arn:p".to_owned()];
    assert_eq!(driver.takes(&names[0]).accounts().unwrap(), [("another", &policies[..])]);
    assert_eq!(driver.takes(&names[1]), Takes::Of(&[]));
    assert_eq!((driver.takes(&names[2]), driver.takes(&names[2]).accounts()), (Takes::NotKnown("AccessDenied"), None));
    // One that needs no permissions is not said to take any because others do.
    assert_eq!(driver.takes(&needless), Takes::Since(&[]));
    assert_eq!(Catalogue::parse(&read.text().unwrap()).unwrap(), read);
}

#[test]
fn where_no_default_is_known_it_is_the_newest() {
    let proxy = Catalogue::published().addon("kube-proxy").unwrap();
    assert_eq!(proxy.default_on("1.30").unwrap().version, "v1.30.11-eksbuild.5");
    assert!(proxy.default_on("1.5").is_none());
    assert!(Catalogue::published().addon("VPC-CNI").is_none());
}

#[test]
fn the_table_is_of_one_piece() {
    let names: Vec<_> = Catalogue::published().all().iter().map(|addon| &addon.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for addon in Catalogue::published().all() {
        let Addon { name, versions, .. } = addon;
        for version in versions {
            let all = &version.kubernetes;
            assert!(version.default_of.iter().all(|release| all.contains(release)), "{name} {}", version.version);
        }
        // A release has one default at most.
        let defaults: Vec<_> = versions.iter().flat_map(|version| &version.default_of).collect();
        assert_eq!(defaults.len(), defaults.iter().collect::<BTreeSet<_>>().len(), "{name}: {defaults:?}");
        let known: BTreeSet<_> = versions.iter().map(|version| &version.version).collect();
        assert_eq!(known.len(), versions.len(), "{name}");
        for policy in addon.service_accounts.iter().flat_map(|account| &account.policies) {
            assert!(managed_policies::policy(policy).is_some(), "{name}: {policy}");
        }
        assert_eq!(addon.requires_iam(), !addon.service_accounts.is_empty(), "{name}");
    }
}

#[test]
fn each_fact_names_its_source_and_each_source_its_date() {
    let text = include_str!("../data/addons.json");
    let data: Value = serde_json::from_str(text).unwrap();
    let sources = data["sources"].as_object().unwrap();
    assert!(sources.values().all(|source| source["what"].is_string() && source["date"].is_string()));
    let mut used = BTreeSet::new();
    for addon in data["addons"].as_array().unwrap() {
        let parts =
            [&addon["versions"], &addon["serviceAccounts"]].into_iter().flat_map(|list| list.as_array().unwrap());
        let parts =
            parts.chain([addon, &addon["podIdentity"], &addon["namespace"]].into_iter().filter(|part| !part.is_null()));
        used.extend(parts.map(|part| part["source"].as_str().unwrap()));
    }
    assert_eq!(used, sources.keys().map(String::as_str).collect());
}

/// What `claviger addons refresh` writes is read again as what it was.
#[test]
fn a_catalogue_is_the_same_after_it_was_written() {
    let published = Catalogue::published();
    let text = published.text().unwrap();
    assert_eq!(&Catalogue::parse(&text).unwrap(), published);
    let mut twice: Value = serde_json::from_str(&text).unwrap();
    let first = twice["addons"][0].clone();
    twice["addons"].as_array_mut().unwrap().push(first);
    for (text, words) in [
        (twice.to_string(), "the add-on amazon-cloudwatch-observability: it is there twice"),
        (text.replace("\"kube-system\"", "\"\""), "it has a name and a namespace"),
        (text.replace("\"answer-2026\": {", "\"other\": {"), "its source `answer-2026` is not one of `sources`"),
        (text.replace("\"namespace\"", "\"place\""), "unknown field `place`"),
        ("[]".to_owned(), "this is no catalogue of add-ons"),
    ] {
        let refused = Catalogue::parse(&text).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

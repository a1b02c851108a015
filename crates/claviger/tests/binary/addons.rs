//! `claviger addons refresh`, from embedded AWSs that have one catalogue of add-ons or another.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::support::{Daemon, claviger, run, told};

/// An embedded AWS, with the catalogue of a file if one is named.
fn start(folder: &Path, addons: Option<&Path>) -> (Daemon, String) {
    let mut arguments =
        vec!["local-aws", "--listen=127.0.0.1:0", "-ojson", "--credential=AKIDEXAMPLE:secret:111122223333"];
    arguments.extend(addons.iter().flat_map(|file| ["--addons", file.to_str().unwrap()]));
    let daemon = Daemon::start(&arguments, folder);
    let endpoint = daemon.until("ready").pop().unwrap()["endpoint"].as_str().unwrap().to_owned();
    (daemon, endpoint)
}

fn refresh(file: &Path, endpoint: &str, secret: &str, more: &[&str]) -> Output {
    let named = ["addons", "refresh", file.to_str().unwrap(), "--region=us-west-2", "--endpoint-url", endpoint];
    let mut command = claviger(&[&named, more].concat());
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", secret);
    command.output().unwrap()
}

fn json_of(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn what_an_embedded_aws_is_asked_for_is_the_catalogue_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("addons.json");
    let (_aws, endpoint) = start(folder.path(), None);
    let text = told(&refresh(&file, &endpoint, "secret", &[])).replace(&endpoint, "URL");
    let text = text.replace(folder.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!("addons_refresh", text);
    let first = fs::read_to_string(&file).unwrap();
    let mut catalogue = json_of(&file);
    let named = catalogue["addons"][0]["source"].as_str().unwrap().to_owned();
    let asked = &catalogue["sources"][&*named];
    let what = asked["what"].as_str().unwrap();
    assert!(what.contains("in us-west-2 at http://127.0.0.1:"), "{what}");
    assert!(asked["date"].as_str().unwrap().parse::<jiff::civil::Date>().is_ok(), "{asked}");

    // An embedded AWS that has the file answers with it, and so with what is changed in it.
    let addons = catalogue["addons"].as_array_mut().unwrap();
    addons.retain(|addon| addon["name"] != "kube-proxy");
    let cni = addons.iter_mut().find(|addon| addon["name"] == "vpc-cni").unwrap();
    let versions = cni["versions"].as_array_mut().unwrap();
    let mine = versions.iter_mut().find(|version| version["version"] == "v1.19.0-eksbuild.1").unwrap();
    mine["podIdentity"]["takes"][0]["policies"] = json!(["arn:aws:iam::111122223333:policy/mine"]);
    versions.retain(|version| version["version"] != "v1.20.1-eksbuild.3");
    versions
        .insert(0, json!({"version": "v9.0.0-eksbuild.1", "source": named, "kubernetes": ["1.34"], "defaultOf": [], "requiresIam": true}));
    let other = folder.path().join("other.json");
    fs::write(&other, catalogue.to_string()).unwrap();
    let (_aws, changed) = start(folder.path(), Some(&other));
    let output = refresh(&file, &changed, "secret", &["-ojson"]);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cni = [
        "+ version v9.0.0-eksbuild.1",
        "- version v1.20.1-eksbuild.3",
        "v1.19.0-eksbuild.1 by Pod Identity: aws-node (arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy) -> aws-node (arn:aws:iam::111122223333:policy/mine)",
    ];
    assert_eq!(line["changes"], json!({"added": [], "removed": ["kube-proxy"], "changed": {"vpc-cni": cni}}), "{line}");
    assert_eq!((&line["event"], &line["addons"]), (&json!("refreshed"), &json!(5)));
    let now = fs::read_to_string(&file).unwrap();
    assert_ne!(now, first);
    // Asked once more, there is nothing new.
    let again = refresh(&file, &changed, "secret", &[]);
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("nothing has changed\n"), "{}", told(&again));
    assert_eq!(fs::read_to_string(&file).unwrap(), now);

    // Whoever is refused, or finds nobody, leaves the file as it was.
    let refused = told(&refresh(&file, &endpoint, "another", &[]));
    assert!(refused.starts_with("exit 1") && refused.contains("EKS's DescribeAddonVersions at http:"), "{refused}");
    assert!(refused.contains("InvalidSignatureException") && !refused.contains("another"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), now);
}

#[test]
fn a_file_that_is_no_catalogue_is_neither_taken_nor_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.json");
    fs::write(&file, "{\"addons\": []}").unwrap();
    for arguments in [["local-aws", "--addons"], ["addons", "refresh"]] {
        let text = told(&run(&[&arguments[..], &[file.to_str().unwrap()]].concat()));
        assert!(text.contains("missing field `sources`") && text.contains("claviger addons refresh"), "{text}");
        assert!(text.starts_with("exit 1"), "{text}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"addons\": []}");
    let gone = folder.path().join("gone.json");
    let text = told(&run(&["local-aws", "--addons", gone.to_str().unwrap()]));
    assert!(text.contains("cannot read the add-ons of"), "{text}");
}

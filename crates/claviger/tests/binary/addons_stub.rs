//! `claviger addons refresh` from an EKS whose versions differ, one from the other and page by page; as no embedded AWS has them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::Output,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::support::{claviger, told};

/// EKS's HTTP API, as far as it is asked.
struct Stub {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers what a function says of method and target.
    fn start(answer: impl Fn(&str) -> Value + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let Some(first) = lines.next() else { continue };
                lines.find(String::is_empty);
                let target = first.split(' ').nth(1).unwrap().to_owned();
                let body = answer(&target).to_string();
                log.lock().unwrap().push(target);
                let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).ok();
            }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().drain(..).collect()
    }
}

fn version(name: &str, iam: bool, more: Value) -> Value {
    let mut version = json!({
        "addonVersion": name, "architecture": ["amd64", "arm64"], "requiresConfiguration": false,
        "requiresIamPermissions": iam,
        "compatibilities": [{ "clusterVersion": "1.34", "platformVersions": ["*"], "defaultVersion": false }],
    });
    version.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    version
}

/// Four pages: an add-on a page, one of them without anything in it.
fn page(target: &str) -> Value {
    let needy = |number: u32| version(&format!("v1.{number}.0-eksbuild.1"), number >= 2, json!({}));
    let some = json!([
        { "clusterVersion": "1.34", "platformVersions": ["eks.5", "eks.6"], "defaultVersion": true },
        { "clusterVersion": "1.33", "platformVersions": ["*"], "defaultVersion": false },
    ]);
    let odd = version(
        "v2.0.0-eksbuild.1",
        true,
        json!({
            "architecture": ["arm64"], "computeTypes": ["ec2", "hybrid"], "requiresConfiguration": true, "compatibilities": some,
        }),
    );
    let addon = |name: &str, namespace: Option<&str>, versions: Vec<Value>| {
        let mut addon = json!({
            "addonName": name, "type": "storage", "owner": "aws", "publisher": "eks", "addonVersions": versions,
        });
        if let Some(namespace) = namespace {
            addon["defaultNamespace"] = namespace.into();
        }
        addon
    };
    match target.split_once('?').map(|(path, query)| (path, query.to_owned())) {
        None => json!({
            "addons": [addon("a-driver", Some("drivers"), [vec![odd], (0..8).rev().map(needy).collect()].concat())],
            "nextToken": "a/b=",
        }),
        Some(("/addons/supported-versions", query)) if query == "nextToken=a%2Fb%3D" => {
            json!({ "addons": [], "nextToken": "c" })
        }
        Some(("/addons/supported-versions", _)) => {
            json!({ "addons": [addon("nowhere", None, vec![version("v1", false, json!({}))])] })
        }
        // Pod Identity gives the permissions since version 1.5.
        Some((_, query)) => {
            let by_pods =
                query.contains("v2.") || ["v1.5.", "v1.6.", "v1.7."].iter().any(|since| query.contains(since));
            let needs =
                json!([{ "serviceAccount": "driver-sa", "recommendedManagedPolicies": ["arn:aws:iam::aws:policy/P"] }]);
            if by_pods { json!({ "podIdentityConfiguration": needs }) } else { json!({}) }
        }
    }
}

fn refresh(file: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = claviger(&["addons", "refresh", file, "--region=eu-central-1"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn each_version_keeps_what_eks_says_of_it_and_each_source_its_date() {
    let stub = Stub::start(page);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addons.json");
    let file = path.to_str().unwrap();
    // The endpoint for EKS alone goes before the one for all.
    let variables = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_EKS", &*stub.endpoint)];
    let output = refresh(file, &variables);
    assert!(output.status.success(), "{}", told(&output));
    let catalogue: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let names: Vec<_> = catalogue["addons"].as_array().unwrap().iter().map(|addon| &addon["name"]).collect();
    assert_eq!(names, ["a-driver", "nowhere"]);
    let driver = &catalogue["addons"][0];
    let source = driver["source"].as_str().unwrap();
    let told_of = &catalogue["sources"][source];
    let what =
        format!("answers of DescribeAddonVersions and DescribeAddonConfiguration in eu-central-1 at {}", stub.endpoint);
    assert_eq!((&told_of["what"], source), (&json!(what), &*format!("asked-{}", told_of["date"].as_str().unwrap())));

    let versions = driver["versions"].as_array().unwrap();
    let odd = json!({
        "version": "v2.0.0-eksbuild.1", "source": source, "kubernetes": ["1.34", "1.33"], "defaultOf": ["1.34"],
        "requiresIam": true, "requiresConfiguration": true, "architectures": ["arm64"], "computeTypes": ["ec2", "hybrid"],
        "platforms": { "1.34": ["eks.5", "eks.6"] },
    });
    assert_eq!(versions[0], odd);
    let needs: Vec<_> = versions.iter().map(|version| version["requiresIam"].as_bool().unwrap()).collect();
    assert_eq!(needs, [true, true, true, true, true, true, true, false, false]);
    assert_eq!(driver["podIdentity"], json!({ "since": "v1.5.0-eksbuild.1", "source": source }));
    assert_eq!(driver["serviceAccounts"][0]["name"], "driver-sa");
    assert_eq!(driver["namespace"], json!({ "name": "drivers", "source": source }));
    // What EKS did not say is not said to be its answer.
    let nowhere = &catalogue["addons"][1]["namespace"];
    assert_eq!((&nowhere["name"], &nowhere["source"]), (&json!("kube-system"), &json!("assumed")));
    assert!(catalogue["sources"]["assumed"]["what"].as_str().unwrap().contains("EKS did not tell"));
    let asked = stub.asked();
    assert!(asked.len() <= 3 + 4, "{asked:?}");

    // The embedded AWS has what it is told.
    let mut embedded = crate::support::Daemon::start(
        &[
            "local-aws",
            "--listen=127.0.0.1:0",
            "-ojson",
            "--credential=AKIDEXAMPLE:secret:111122223333",
            "--addons",
            file,
        ],
        folder.path(),
    );
    let endpoint = embedded.until("ready").pop().unwrap()["endpoint"].as_str().unwrap().to_owned();
    let again = folder.path().join("again.json");
    assert!(refresh(again.to_str().unwrap(), &[("AWS_ENDPOINT_URL", &*endpoint)]).status.success());
    let again: Value = serde_json::from_str(&fs::read_to_string(&again).unwrap()).unwrap();
    assert_eq!(again["addons"][0]["versions"], driver["versions"]);
    embedded.signal(rustix::process::Signal::TERM);
    embedded.ended();

    // What was asked on another day, and is not asked now, keeps its day: the first version is known from there alone.
    let mut former = catalogue.clone();
    former["sources"] = json!({ "asked-2025-01-01": { "what": "answers of another day", "date": "2025-01-01" } });
    let named = Value::from("asked-2025-01-01");
    former["addons"].as_array_mut().unwrap().truncate(1);
    let addon = &mut former["addons"][0];
    addon["source"] = named.clone();
    addon["namespace"]["source"] = named.clone();
    addon["serviceAccounts"][0]["source"] = named.clone();
    addon["podIdentity"] = json!({ "since": "v1.4.9-eksbuild.1", "source": named });
    for version in addon["versions"].as_array_mut().unwrap() {
        version["source"] = named.clone();
    }
    fs::write(&path, former.to_string()).unwrap();
    assert!(refresh(file, &variables).status.success());
    let now: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(now["addons"][0]["podIdentity"], json!({ "since": "v1.4.9-eksbuild.1", "source": "asked-2025-01-01" }));
    assert_eq!(now["sources"]["asked-2025-01-01"], former["sources"]["asked-2025-01-01"]);
    assert_eq!(now["addons"][0]["source"], source);
}

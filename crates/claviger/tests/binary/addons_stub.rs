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

const OK: &str = "200 OK";

/// EKS's HTTP API, as far as it is asked.
struct Stub {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers what a function says of method and target.
    fn start(answer: impl Fn(&str) -> (&'static str, Value) + Send + 'static) -> Self {
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
                let (status, body) = answer(&target);
                let body = body.to_string();
                log.lock().unwrap().push(target);
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
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

/// What a version takes: some take nothing, though older and newer ones do; one has another policy; one is refused; and one takes a role
/// though it does not say that it needs permissions.
fn configuration(query: &str) -> (&'static str, Value) {
    let of = |policy: &str| {
        let policy = format!("arn:aws:iam::aws:policy/{policy}");
        let needs = json!([{ "serviceAccount": "driver-sa", "recommendedManagedPolicies": [policy] }]);
        (OK, json!({ "podIdentityConfiguration": needs }))
    };
    let is = |name: &str| query.contains(name);
    match () {
        () if is("v1.4.") => (
            "403 Forbidden",
            json!({ "__type": "AccessDeniedException", "message": "not you: eks:DescribeAddonConfiguration" }),
        ),
        () if is("v1.3.") => of("Other"),
        () if ["v2.0.", "v1.7.", "v1.5.", "v1.1."].iter().any(|name| is(name)) => of("P"),
        () => (OK, json!({})),
    }
}

/// Four pages: an add-on a page, one of them without anything in it.
fn page(target: &str) -> (&'static str, Value) {
    if let Some((_, query)) = target.split_once('?').filter(|(path, _)| *path != "/addons/supported-versions") {
        return configuration(query);
    }
    (OK, versions(target))
}

fn versions(target: &str) -> Value {
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
        Some((_, query)) if query == "nextToken=a%2Fb%3D" => json!({ "addons": [], "nextToken": "c" }),
        Some(_) => json!({ "addons": [addon("nowhere", None, vec![version("v1", false, json!({}))])] }),
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
    // All but one version was told.
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("2 add-ons in 10 versions, of which 1 did not tell what they take by Pod Identity"),
        "{text}"
    );
    let refused = "what a-driver v1.4.0-eksbuild.1 takes by Pod Identity is not known: ";
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(refused) && text.contains("AccessDeniedException"),
        "{text}"
    );
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
    let takes = |policy: &str| {
        let policy = format!("arn:aws:iam::aws:policy/{policy}");
        json!({ "takes": [{ "name": "driver-sa", "policies": [policy] }] })
    };
    let odd = json!({
        "version": "v2.0.0-eksbuild.1", "source": source, "kubernetes": ["1.34", "1.33"], "defaultOf": ["1.34"],
        "requiresIam": true, "requiresConfiguration": true, "architectures": ["arm64"], "computeTypes": ["ec2", "hybrid"],
        "podIdentity": takes("P"), "platforms": { "1.34": ["eks.5", "eks.6"] },
    });
    assert_eq!(versions[0], odd);
    let needs: Vec<_> = versions.iter().map(|version| version["requiresIam"].as_bool().unwrap()).collect();
    assert_eq!(needs, [true, true, true, true, true, true, true, false, false]);
    // Each version's own answer, whatever its neighbours say, and whether or not it says that it needs permissions.
    let none = json!({ "takes": [] });
    let each: Vec<_> = versions.iter().map(|version| version["podIdentity"].clone()).collect();
    let not_known = json!({ "notKnown": "AccessDeniedException" });
    let expected =
        [takes("P"), takes("P"), none.clone(), takes("P"), not_known, takes("Other"), none.clone(), takes("P"), none];
    assert_eq!(each, expected);
    assert_eq!((&driver["podIdentity"], &driver["serviceAccounts"]), (&Value::Null, &json!([])));
    assert_eq!(driver["namespace"], json!({ "name": "drivers", "source": source }));
    // What EKS did not say is not said to be its answer.
    let nowhere = &catalogue["addons"][1]["namespace"];
    assert_eq!((&nowhere["name"], &nowhere["source"]), (&json!("kube-system"), &json!("assumed")));
    assert!(catalogue["sources"]["assumed"]["what"].as_str().unwrap().contains("EKS did not tell"));
    let asked = stub.asked();
    assert_eq!(asked.len(), 3 + 9 + 1, "{asked:?}");

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
    let output = refresh(again.to_str().unwrap(), &[("AWS_ENDPOINT_URL", &*endpoint)]);
    let text = told(&output);
    // What it does not know it does not make up either.
    assert!(
        output.status.code() == Some(2)
            && text.contains("ResourceNotFoundException: What a-driver v1.4.0-eksbuild.1 takes"),
        "{text}"
    );
    let again = fs::read_to_string(&again).unwrap().replace("ResourceNotFoundException", "AccessDeniedException");
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["addons"][0]["versions"], driver["versions"]);
    embedded.signal(rustix::process::Signal::TERM);
    embedded.ended();

    // What was asked on another day, and is not told now, keeps its day.
    let mut former = catalogue.clone();
    let named = Value::from("asked-2025-01-01");
    former["sources"]["asked-2025-01-01"] = json!({ "what": "answers of another day", "date": "2025-01-01" });
    former["addons"][1]["namespace"] = json!({ "name": "somewhere", "source": named });
    fs::write(&path, former.to_string()).unwrap();
    assert_eq!(refresh(file, &variables).status.code(), Some(2));
    let now: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(now["addons"][1]["namespace"], former["addons"][1]["namespace"]);
    assert_eq!(now["sources"]["asked-2025-01-01"], former["sources"]["asked-2025-01-01"]);
    assert_eq!(now["addons"][1]["source"], source);
}

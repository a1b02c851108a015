//! `claviger explain --endpoint-url`: it says of a running embedded AWS what that answers to the same signed call.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Output,
    thread,
};

use aws_sdk_kms::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::GrantOperation,
};
use serde_json::{Value, json};

use crate::support::{Daemon, claviger, run, told};

const NODE: &str = "arn:aws:iam::111122223333:role/Node";
const OTHER: &str = "arn:aws:iam::111122223333:role/Other";
const ANN: &str = "arn:aws:iam::111122223333:user/ann";

/// An embedded AWS with a cluster's account and one for keys, of both of which everybody is told.
struct Aws {
    _daemon: Daemon,
    endpoint: String,
    root_of_keys: Credentials,
    ann: Credentials,
}

impl Aws {
    fn start(directory: &Path) -> Self {
        let allow =
            |action: &str| json!({ "p": { "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] } });
        let world = json!({
            "accounts": { "111122223333": { "name": "cluster" }, "444455556666": { "name": "keys" } },
            "roles": { NODE: { "policies": allow("kms:*") }, OTHER: { "policies": allow("kms:*") } },
            "users": { ANN: { "policies": allow("sts:*") } },
        });
        let file = directory.join("world.json");
        std::fs::write(&file, world.to_string()).unwrap();
        let ann = format!("ANN:secret:{ANN}");
        let arguments = ["local-aws", "--listen=127.0.0.1:0", "-ojson", "--credential", &ann, "--world"];
        let daemon = Daemon::start(&[&arguments[..], &[file.to_str().unwrap()]].concat(), directory);
        let ready = daemon.until("ready").pop().unwrap();
        let of = |account: &str| {
            let all = ready.get("credentials").and_then(Value::as_array).unwrap().iter();
            let root = all.into_iter().find(|one| one["account"] == account && one["principal"].is_null()).unwrap();
            let field = |name: &str| root.get(name).and_then(Value::as_str).unwrap();
            Credentials::new(field("access_key_id"), field("secret_access_key"), None, None, "test")
        };
        Self {
            endpoint: text(&ready, "/endpoint").unwrap().to_owned(),
            root_of_keys: of("444455556666"),
            ann: Credentials::new("ANN", "secret", None, None, "test"),
            _daemon: daemon,
        }
    }

    fn kms(&self, credentials: &Credentials) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .endpoint_url(&self.endpoint)
            .credentials_provider(credentials.clone())
            .retry_config(RetryConfig::disabled());
        aws_sdk_kms::Client::from_conf(config.build())
    }

    /// A session of a role of the cluster's account.
    async fn session(&self, role: &str) -> aws_sdk_kms::Client {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .endpoint_url(&self.endpoint)
            .credentials_provider(self.ann.clone())
            .retry_config(RetryConfig::disabled());
        let sts = aws_sdk_sts::Client::from_conf(config.build());
        let begun = sts.assume_role().role_arn(role).role_session_name("me").send().await.unwrap();
        let begun = begun.credentials.unwrap();
        let (id, secret, token) = (begun.access_key_id, begun.secret_access_key, begun.session_token);
        self.kms(&Credentials::new(id, secret, Some(token), None, "test"))
    }

    fn explain(&self, arguments: &[&str]) -> Output {
        run(&[&["explain", "--endpoint-url", &self.endpoint], arguments].concat())
    }

    /// What `explain` says of an Encrypt by the session of a role, and what became of the same call.
    async fn both(&self, role: &str, client: &aws_sdk_kms::Client, key: &str) -> (Said, Said) {
        let session = format!("{}/me", role.replace(":iam:", ":sts:").replace("role/", "assumed-role/"));
        let output = self.explain(&[
            "-o",
            "json",
            "--no-fix",
            "--other-keys",
            "absent",
            "--principal",
            &session,
            "--action",
            "kms:Encrypt",
            "--resource",
            key,
        ]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        let explained = match text(&answer, "/verdict") {
            Some("allowed") => Said::Allowed,
            Some("denied") => Said::denied(text(&answer, "/error/code"), text(&answer, "/error/message")),
            _ => panic!("{answer}"),
        };
        assert_eq!(output.status.code(), Some(if explained == Said::Allowed { 0 } else { 2 }));
        let answered = match client.encrypt().key_id(key).plaintext(Blob::new("x")).send().await {
            Ok(_) => Said::Allowed,
            Err(error) => Said::denied(error.code(), error.message()),
        };
        (explained, answered)
    }
}

fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path).and_then(Value::as_str)
}

/// What somebody says of a call.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Allowed,
    Denied { code: String, message: String },
}

impl Said {
    fn denied(code: Option<&str>, message: Option<&str>) -> Self {
        Self::Denied { code: code.unwrap().to_owned(), message: message.unwrap().to_owned() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_what_a_running_embedded_aws_answers() {
    let directory = tempfile::tempdir().unwrap();
    let aws = Aws::start(directory.path());
    let keys = aws.kms(&aws.root_of_keys);
    let key = keys.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();
    let statement = |sid: &str, principal: &str, action: &str| json!({ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        statement("Owner", "arn:aws:iam::444455556666:root", "kms:*"),
        statement("Seen", NODE, "kms:DescribeKey"),
    ] });
    keys.put_key_policy().key_id(&key).policy(format!("{policy:#}")).send().await.unwrap();
    let grant = keys.create_grant().key_id(&key).grantee_principal(NODE).operations(GrantOperation::Encrypt);
    let grant = grant.send().await.unwrap().grant_id.unwrap();
    let (node, other) = (aws.session(NODE).await, aws.session(OTHER).await);

    let (explained, answered) = aws.both(NODE, &node, &key).await;
    assert_eq!((&explained, &answered), (&Said::Allowed, &Said::Allowed), "by the grant");
    let (explained, answered) = aws.both(OTHER, &other, &key).await;
    assert_eq!(explained, answered);
    assert!(matches!(&explained, Said::Denied { code, .. } if code == "AccessDeniedException"), "{explained:?}");

    // The other directions, and a request from a file, are asked of the same facts.
    let who = aws.explain(&["-o", "json", "--other-keys", "absent", "--who-can", "kms:Encrypt", &key]);
    let who: Value = serde_json::from_slice(&who.stdout).unwrap();
    let may: Vec<_> = who["may"].as_array().unwrap().iter().filter_map(|one| one["principal"].as_str()).collect();
    assert!(may.contains(&NODE) && !may.contains(&OTHER), "{may:?}");
    let what = aws.explain(&["-o", "json", "--other-keys", "absent", "--what-can", NODE, "--service", "kms"]);
    assert!(String::from_utf8(what.stdout).unwrap().contains(r#""action":"kms:Encrypt""#));
    let request = directory.path().join("request.json");
    let asked = json!({ "principal": NODE, "action": "kms:Encrypt", "resource": key, "otherKeys": "absent" });
    std::fs::write(&request, asked.to_string()).unwrap();
    let by_file = aws.explain(&["--request", request.to_str().unwrap(), "--assume", "kms-grant-scp=off"]);
    assert_eq!(by_file.status.code(), Some(0), "{}", told(&by_file));

    keys.revoke_grant().key_id(&key).grant_id(grant).send().await.unwrap();
    let (explained, answered) = aws.both(NODE, &node, &key).await;
    assert_eq!(explained, answered);
    assert!(matches!(explained, Said::Denied { .. }), "the grant is gone");

    // A place in the policy as it was put, and the variable that `local-aws` prints in the flag's place.
    let arguments =
        ["explain", "--principal", NODE, "--action", "kms:Encrypt", "--resource", &key, "--other-keys=absent"];
    let of_variable = claviger(&arguments).env("AWS_ENDPOINT_URL", &aws.endpoint).output().unwrap();
    let text = told(&of_variable);
    assert!(text.contains("Sid=Seen") && text.contains(r#"|       "Action": "kms:DescribeKey""#), "{text}");
    let place = format!("{}/_claviger/world:", aws.endpoint);
    assert!(text.contains(&place) && of_variable.status.code() == Some(2), "{text}");
}

/// The endpoint of somebody who answers one request so, and announces more bytes than there are.
fn somebody(status: &str, content_type: &str, body: &str, missing: usize) -> String {
    let length = body.len() + missing;
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
    let answer = format!("{head}{body}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
    });
    endpoint
}

/// An endpoint at which nobody listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn what_is_no_embedded_aws_is_told_with_a_way_out() {
    let question = ["--principal", NODE, "--action", "kms:ListKeys"];
    let (json, no_route) = ("application/json", r#"{"error": "there is no such route"}"#);
    for (name, exit, endpoint) in [
        ("absent", 1, nobody()),
        ("other_emulator", 1, somebody("404 Not Found", "text/xml", "<Error/>", 0)),
        ("older", 1, somebody("404 Not Found", json, no_route, 0)),
        ("no_world", 1, somebody("200 OK", json, r#"{"status": "ok"}"#, 0)),
        ("broken_off", 1, somebody("200 OK", json, "{", 9)),
        ("real_aws", 3, "https://kms.us-west-2.amazonaws.com".to_owned()),
        ("no_url", 3, "localhost".to_owned()),
    ] {
        let output = run(&[&["explain", "--endpoint-url", &endpoint], &question[..]].concat());
        assert_eq!(output.status.code(), Some(exit), "{name}: {}", told(&output));
        insta::assert_snapshot!(format!("embedded_{name}"), told(&output).replace(&endpoint, "ENDPOINT"));
    }
    let both = ["explain", "--endpoint-url", "http://127.0.0.1:4566", "--world", "world.yaml"];
    let output = run(&[&both[..], &question].concat());
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!("embedded_and_world", told(&output));
    let variable = "https://kms.us-west-2.amazonaws.com";
    let output = claviger(&[&["explain"], &question[..]].concat()).env("AWS_ENDPOINT_URL", variable).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!("embedded_of_variable", told(&output));
}

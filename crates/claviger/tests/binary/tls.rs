//! `claviger local-aws --tls`, with the clients that users have, told of it as it says.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use rustix::process::Signal;
use serde_json::Value;
use test_support::tools;

use crate::support::{Daemon, claviger, run, told};

/// One that runs, and how it told clients to reach it.
struct Aws {
    daemon: Daemon,
    endpoint: String,
    authority: Option<String>,
    key: String,
    secret: String,
}

impl Aws {
    fn start(folder: &Path, flags: &[&str]) -> Self {
        let arguments = [&["local-aws", "--listen=127.0.0.1:0", "--output=json"], flags].concat();
        let daemon = Daemon::start(&arguments, folder);
        let ready = daemon.until("ready").pop().unwrap();
        let field = |path| ready.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Self {
            daemon,
            endpoint: field("/endpoint").unwrap(),
            authority: field("/authority"),
            key: field("/credentials/0/access_key_id").unwrap(),
            secret: field("/credentials/0/secret_access_key").unwrap(),
        }
    }

    fn authority(&self) -> &str {
        self.authority.as_deref().expect("it has one")
    }

    /// A program with the environment that it prints, but for whom to trust.
    fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", "us-west-2")
            .env("AWS_DEFAULT_REGION", "us-west-2");
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        command.stdin(Stdio::null());
        command
    }

    fn of_venv(&self, program: &str, arguments: &[&str]) -> Command {
        self.program(tools().join("venv/bin").join(program).to_str().unwrap(), arguments)
    }

    fn stop(mut self) {
        self.daemon.signal(Signal::TERM);
        assert!(self.daemon.ended().success());
    }
}

fn succeeded(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{out}\n{err}");
    out.into_owned()
}

const LOOK: &str = "
import boto3, json
boto3.client('kms').list_keys()
events = boto3.client('cloudtrail').lookup_events(
    LookupAttributes=[{'AttributeKey': 'EventName', 'AttributeValue': 'ListKeys'}])['Events']
print(json.dumps(json.loads(events[0]['CloudTrailEvent'])['tlsDetails']))
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_trust_its_authority_once_reach_it_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("aws.redb");
    let flags = ["--tls", "--state", state.to_str().unwrap()];
    let aws = Aws::start(folder.path(), &flags);
    assert_eq!(aws.authority(), folder.path().join("aws.redb.tls/ca.pem").to_str().unwrap());
    let trusted = std::fs::read(aws.authority()).unwrap();

    let list = ["kms", "list-keys"];
    let untrusted = aws.of_venv("aws", &list).output().unwrap();
    assert!(String::from_utf8_lossy(&untrusted.stderr).contains("SSL validation failed"), "{untrusted:?}");
    succeeded(aws.of_venv("aws", &list).env("AWS_CA_BUNDLE", aws.authority()));

    let details = succeeded(aws.of_venv("python", &["-c", LOOK]).env("AWS_CA_BUNDLE", aws.authority()));
    let details: Value = serde_json::from_str(&details).unwrap();
    assert_eq!(details["tlsVersion"], "TLSv1.3", "{details}");
    let host = details["clientProvidedHostHeader"].as_str().unwrap();
    assert_eq!(format!("https://{host}"), aws.endpoint);

    let health = format!("{}/_claviger/health", aws.endpoint);
    let health = succeeded(&mut aws.program("curl", &["-sS", "--cacert", aws.authority(), &health]));
    assert!(health.contains(r#""status":"ok""#), "{health}");

    let store = TrustStore::empty().with_pem_certificate(trusted.clone());
    let context = TlsContext::builder().with_trust_store(store).build().unwrap();
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let client = aws_smithy_http_client::Builder::new().tls_provider(provider).tls_context(context).build_https();
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .endpoint_url(&aws.endpoint)
        .credentials_provider(Credentials::new(&aws.key, &aws.secret, None, None, "test"))
        .http_client(client);
    let made = aws_sdk_kms::Client::from_conf(config.build()).create_key().send().await.unwrap();
    let key = made.key_metadata().unwrap().key_id().to_owned();

    let snapshot = folder.path().join("snapshot.json");
    let keep = ["local-aws", "snapshot", snapshot.to_str().unwrap(), "--endpoint-url", &aws.endpoint];
    let refused = told(&run(&keep));
    assert!(refused.contains("AWS_CA_BUNDLE names no file of whom to trust"), "{refused}");
    succeeded(claviger(&keep).env("AWS_CA_BUNDLE", aws.authority()));
    aws.stop();

    let again = Aws::start(folder.path(), &flags);
    assert_eq!(std::fs::read(again.authority()).unwrap(), trusted);
    let listed = succeeded(again.of_venv("aws", &list).env("AWS_CA_BUNDLE", again.authority()));
    assert!(listed.contains(&key), "{listed}");
    again.stop();
}

const FETCH: &str =
    "fetch(process.env.AWS_ENDPOINT_URL + '/_claviger/health').then(r => r.json()).then(r => console.log(r.status))";

/// Node.js is told by a variable of its own.
#[test]
fn without_a_state_the_authority_goes_with_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let aws = Aws::start(folder.path(), &["--tls"]);
    let authority = aws.authority().to_owned();
    let status = succeeded(aws.program("node", &["-e", FETCH]).env("NODE_EXTRA_CA_CERTS", &authority));
    assert_eq!(status, "ok\n");
    aws.stop();
    assert!(!Path::new(&authority).exists());
}

#[test]
fn a_certificate_of_the_users_own_is_served_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("own.pem"), folder.path().join("own.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=own"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("there is openssl");
    assert!(made.status.success(), "{made:?}");
    let files = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let aws = Aws::start(folder.path(), &files);
    assert_eq!(aws.authority, None);
    succeeded(aws.of_venv("aws", &["kms", "list-keys"]).env("AWS_CA_BUNDLE", &certificate));
    aws.stop();
}

#[test]
fn flags_that_do_not_go_together_are_told() {
    for (flags, why) in [
        (&["--tls-certificate", "a.pem"][..], "--tls-certificate takes its key: --tls-key FILE"),
        (&["--tls-key", "a.key"], "--tls-key is of a certificate: --tls-certificate FILE"),
        (&["--tls-certificate", "a.pem", "--tls-key", "a.key", "--tls-dir", "x"], "is there already"),
        (&["--tls-certificate", "a.pem", "--tls-key", "a.key"], "cannot read the certificate `a.pem`"),
        (&["--tls-name", "a b"], "no certificate can be made for `a b`"),
    ] {
        let arguments = [&["local-aws", "--listen=127.0.0.1:0"], flags].concat();
        let refused = told(&run(&arguments));
        assert!(refused.contains(why) && !refused.starts_with("exit 0"), "{flags:?}: {refused}");
    }
}

//! TLS on the one port: what is agreed on, what events and policies are told of it, and who speaks something else.

use std::{process::Stdio, time::Duration};

use local_aws::{Limits, Options, Running, Tls};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};
use tokio::{io::AsyncReadExt as _, net::TcpStream, process::Command, time::timeout};

use crate::wire::{ACCOUNT, Signer, kms, root, start_with, sts};

/// Long enough that a test which waits for it has failed.
const NEVER: Duration = Duration::from_secs(20);

struct Rig {
    aws: Running,
    authority: NamedTempFile,
}

impl Rig {
    async fn start(names: &[&str], limits: Limits) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let tls = Some(Tls::Generated { directory: None, names });
        let aws = start_with(Options { tls, limits, ..Options::default() }).await;
        let authority = NamedTempFile::new().unwrap();
        std::fs::write(&authority, aws.authority().unwrap()).unwrap();
        Self { aws, authority }
    }

    /// What curl is answered, by the URL of one of the port's names; or why it was not.
    async fn curl(&self, host: &str, arguments: &[&str]) -> Result<String, String> {
        let port = self.aws.local_addr().port();
        let resolve = format!("{host}:{port}:127.0.0.1");
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--resolve", &resolve, "--cacert"])
            .arg(self.authority.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.aws.local_addr().port())
    }

    /// A call of KMS that curl signs.
    async fn kms(&self, host: &str, operation: &str, body: &str, more: &[&str]) -> Result<Value, String> {
        self.call(host, "kms", &format!("TrentService.{operation}"), body, more).await
    }

    async fn call(
        &self,
        host: &str,
        service: &'static str,
        target: &str,
        body: &str,
        more: &[&str],
    ) -> Result<Value, String> {
        let Signer { access_key_id, secret, .. } = root(&self.aws, service);
        let user = format!("{access_key_id}:{}", String::from_utf8_lossy(secret.expose()));
        let (scope, target) = (format!("aws:amz:us-west-2:{service}"), format!("x-amz-target: {target}"));
        let url = self.url(host);
        let call = [
            "--aws-sigv4",
            &scope,
            "--user",
            &user,
            "--header",
            &target,
            "--header",
            "content-type: application/x-amz-json-1.1",
            "--data",
            body,
            &url,
        ];
        self.curl(host, &[&call, more].concat()).await.map(|answer| serde_json::from_str(&answer).unwrap())
    }
}

#[tokio::test]
async fn each_name_is_vouched_for_and_no_other() {
    let rig = Rig::start(&["*.aws.test.example"], Limits::default()).await;
    assert!(rig.aws.endpoint_url().starts_with("https://127.0.0.1:"));
    for host in ["127.0.0.1", "localhost", "kms.aws.test.example"] {
        let keys = rig.kms(host, "ListKeys", "{}", &[]).await.unwrap();
        assert_eq!(keys["Truncated"], false, "{host}: {keys}");
    }
    let other = rig.kms("kms.us-west-2.amazonaws.com", "ListKeys", "{}", &[]).await.unwrap_err();
    assert!(other.contains("no alternative certificate subject name matches"), "{other}");
    rig.aws.shutdown().await;
}

/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `tlsDetails`.
#[tokio::test]
async fn events_and_policies_are_told_of_it() {
    let rig = Rig::start(&[], Limits::default()).await;
    let policy = |secure: bool| {
        format!(
            r#"{{"Policy": "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"{ACCOUNT}\"}},\"Action\":\"kms:*\",\"Resource\":\"*\"}},{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:DescribeKey\",\"Resource\":\"*\",\"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":\"{secure}\"}}}}}}]}}"}}"#
        )
    };
    for (denied_if_secure, error) in [(false, None), (true, Some("AccessDeniedException"))] {
        let key = rig.kms("localhost", "CreateKey", &policy(denied_if_secure), &[]).await.unwrap();
        let id = key["KeyMetadata"]["KeyId"].as_str().unwrap_or_else(|| panic!("{key}"));
        let described = rig.kms("localhost", "DescribeKey", &format!(r#"{{"KeyId": "{id}"}}"#), &[]).await.unwrap();
        assert_eq!(described["__type"].as_str(), error, "{described}");
    }
    for (versions, version, suite) in [
        (["--tlsv1.2", "--tls-max", "1.2"], "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (["--tlsv1.3", "--tls-max", "1.3"], "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ] {
        rig.kms("localhost", "ListAliases", "{}", &versions).await.unwrap();
        let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
        let of = r#"{"MaxResults": 1, "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "ListAliases"}]}"#;
        let found = rig.call("localhost", "cloudtrail", target, of, &[]).await.unwrap();
        let event: Value = serde_json::from_str(found["Events"][0]["CloudTrailEvent"].as_str().unwrap()).unwrap();
        let host = format!("localhost:{}", rig.aws.local_addr().port());
        let expected = serde_json::json!({
            "tlsVersion": version, "cipherSuite": suite, "clientProvidedHostHeader": host,
        });
        assert_eq!(event["tlsDetails"], expected);
    }
    rig.aws.shutdown().await;
}

/// SDKs read it, and so tell their users.
#[tokio::test]
async fn who_speaks_plain_http_is_told_in_the_protocol_of_the_request() {
    let rig = Rig::start(&[], Limits::default()).await;
    let json = kms("ListKeys", "{}").signed(&rig.aws, &root(&rig.aws, "kms")).send(&rig.aws).await;
    assert_eq!(json.headers["connection"], "close");
    let (status, code, message) = json.json_error();
    assert_eq!((status, &*code), (400, "SecureTransportRequired"));
    assert!(message.starts_with("This port speaks TLS: take an endpoint URL that begins with https://"), "{message}");
    let query = sts("Action=GetCallerIdentity").send(&rig.aws).await.query_error();
    assert_eq!((query.0, &*query.1), (400, "SecureTransportRequired"));
    // Nor are the admin routes for whoever listens on the way.
    let health = rig.curl("localhost", &[&rig.url("localhost").replace("https", "http")]).await.unwrap();
    assert!(health.contains("SecureTransportRequired"), "{health}");
    rig.aws.shutdown().await;
}

/// A handshake takes the room of a connection: those who hold back theirs give it up.
#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let limits = Limits { connections: 2, handshake_time: Duration::from_millis(200), ..Limits::default() };
    let rig = Rig::start(&[], limits).await;
    let mut silent = TcpStream::connect(rig.aws.local_addr()).await.unwrap();
    let mut begun = TcpStream::connect(rig.aws.local_addr()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut begun, &[22, 3, 1]).await.unwrap();
    let keys = rig.kms("localhost", "ListKeys", "{}", &[]).await.unwrap();
    assert_eq!(keys["Truncated"], false, "{keys}");
    for stream in [&mut silent, &mut begun] {
        let mut rest = Vec::new();
        assert!(timeout(NEVER, stream.read_to_end(&mut rest)).await.is_ok(), "it was not closed");
    }
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn it_is_trusted_after_a_restart_as_before() {
    let folder = TempDir::new().unwrap();
    let tls = Tls::Generated { directory: Some(folder.path().join("tls")), names: Vec::new() };
    let mut trusted: Option<NamedTempFile> = None;
    for _ in 0..2 {
        let aws = start_with(Options { tls: Some(tls.clone()), ..Options::default() }).await;
        let authority = trusted.take().unwrap_or_else(|| {
            let file = NamedTempFile::new().unwrap();
            std::fs::write(&file, aws.authority().unwrap()).unwrap();
            file
        });
        let rig = Rig { aws, authority };
        assert_eq!(rig.kms("localhost", "ListKeys", "{}", &[]).await.unwrap()["Truncated"], false);
        rig.aws.shutdown().await;
        trusted = Some(rig.authority);
    }
}

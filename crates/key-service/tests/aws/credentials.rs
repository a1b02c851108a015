//! Where region and credentials come from. Each case is a process of its own, for they come from the environment.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

use aws_sdk_sts::config::{BehaviorVersion, Region};
use key_service::{
    KeyService,
    aws::{AwsKms, AwsKmsSettings},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::support::{ACCOUNT, Aws, REGION, open, sdk_credentials, seal};

/// The process under test: one line of outcome for each line of input; for `reload`, that of the reload.
#[tokio::test]
#[ignore = "is started by the other tests, with an environment of its own"]
async fn child() {
    let setting = |name: &str| std::env::var(name).ok();
    let key = AwsKms::connect(AwsKmsSettings {
        endpoint: setting("TEST_ENDPOINT"),
        profile: setting("TEST_PROFILE"),
        ..AwsKmsSettings::new(setting("TEST_KEY").unwrap().parse().unwrap())
    })
    .unwrap();
    while let Some(line) = tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await.unwrap() {
        let outcome = if line.unwrap() == "reload" {
            key.reload().await.map(|()| "ok".to_owned())
        } else {
            match seal(&key).await {
                Ok(sealed) => open(&key, &sealed).await.map(|_| "ok".to_owned()),
                Err(error) => Err(error),
            }
        };
        println!("OUTCOME {}", outcome.unwrap_or_else(|error| format!("{} {error}", error.class)));
    }
}

struct Process {
    child: Child,
    outcomes: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Process {
    fn start(aws: &Aws, key: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["credentials::child", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("TEST_KEY", key)
            .env("TEST_ENDPOINT", aws.running.endpoint_url())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let outcomes = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, outcomes }
    }

    async fn ask(&mut self, line: &str) -> String {
        self.child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
        loop {
            let line = self.outcomes.next_line().await.unwrap().expect("the child ended");
            if let Some((_, outcome)) = line.split_once("OUTCOME ") {
                return outcome.to_owned();
            }
        }
    }
}

fn secret(aws: &Aws) -> (String, String) {
    let credentials = sdk_credentials(&aws.running, ACCOUNT);
    (credentials.access_key_id().to_owned(), credentials.secret_access_key().to_owned())
}

async fn session(aws: &Aws) -> aws_sdk_sts::types::Credentials {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(aws.running.endpoint_url())
        .credentials_provider(sdk_credentials(&aws.running, ACCOUNT))
        .build();
    let answer = aws_sdk_sts::Client::from_conf(config).get_session_token().duration_seconds(900).send().await;
    answer.unwrap().credentials.unwrap()
}

/// The `credentials` file of a profile `keys`, right or wrong.
fn write_profile(path: &Path, access_key_id: &str, secret: &str) {
    let text = format!("[keys]\naws_access_key_id = {access_key_id}\naws_secret_access_key = {secret}\n");
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn the_environment() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let (id, secret) = secret(&aws);
    // The region is the key ARN's: the environment's own would be wrong.
    let environment = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*secret), ("AWS_REGION", "eu-west-1")];
    assert_eq!(Process::start(&aws, &key, &environment).ask("go").await, "ok");
    let by_id = key.rsplit('/').next().unwrap();
    assert!(Process::start(&aws, by_id, &environment).ask("go").await.starts_with("not_found"));
    let right = [environment[0], environment[1], ("AWS_REGION", REGION)];
    assert_eq!(Process::start(&aws, by_id, &right).ask("go").await, "ok");
}

#[tokio::test]
async fn a_profile_which_a_reload_reads_again() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let by_id = key.rsplit('/').next().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (config, credentials) = (directory.path().join("config"), directory.path().join("credentials"));
    fs::write(&config, format!("[profile keys]\nregion = {REGION}\n")).unwrap();
    let (id, secret) = secret(&aws);
    write_profile(&credentials, &id, "wrong");
    let environment = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ("TEST_PROFILE", "keys"),
    ];
    let mut process = Process::start(&aws, by_id, &environment);
    assert!(process.ask("go").await.starts_with("denied"));
    write_profile(&credentials, &id, &secret);
    assert_eq!(process.ask("reload").await, "ok");
    assert_eq!(process.ask("go").await, "ok");

    // Half written, or gone: what works stays.
    fs::write(&credentials, "[keys]\naws_access_key_id = ").unwrap();
    let outcome = process.ask("reload").await;
    assert!(outcome.starts_with("absent") && outcome.contains("reloading the credentials"), "{outcome}");
    assert_eq!(process.ask("go").await, "ok");
}

/// Longer than a call waits, and than the SDK waits for one attempt.
#[tokio::test]
async fn a_credential_process_that_takes_its_time_is_asked_once() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let session = session(&aws).await;
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (config, started, go_on, answer) = (place("config"), place("started"), place("go_on"), place("answer"));
    let credentials = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}","SessionToken":"{}","Expiration":"{}"}}"#,
        session.access_key_id, session.secret_access_key, session.session_token, session.expiration
    );
    fs::write(&answer, credentials).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&go_on).status().unwrap().success());
    // Reading from the pipe waits for who writes into it.
    let script = format!("echo once >>{started}; cat {go_on} {answer}");
    fs::write(&config, format!("[default]\ncredential_process = sh -c '{script}'\n")).unwrap();
    let environment = [("AWS_CONFIG_FILE", &*config), ("PATH", "/usr/bin:/bin")];
    let mut process = Process::start(&aws, &key, &environment);
    for _ in 0..2 {
        let outcome = process.ask("go").await;
        assert!(outcome.starts_with("absent") && outcome.contains("credentials are still being"), "{outcome}");
    }
    tokio::task::spawn_blocking(move || fs::write(go_on, "")).await.unwrap().unwrap();
    assert_eq!(process.ask("go").await, "ok");
    assert_eq!(fs::read_to_string(started).unwrap(), "once\n");
}

#[tokio::test]
async fn an_instance_metadata_service_that_keeps_silent_is_not_taken_for_a_slow_kms() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let environment = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*endpoint)];
    let outcome = Process::start(&aws, &key, &environment).ask("go").await;
    assert!(outcome.starts_with("absent") && outcome.contains("credentials"), "{outcome}");

    // Without a region each call says so, and in the end that nobody names one.
    let mut process = Process::start(&aws, key.rsplit('/').next().unwrap(), &environment);
    let mut outcome = String::new();
    for _ in 0..5 {
        outcome = process.ask("go").await;
        assert!(outcome.starts_with("absent") && outcome.contains("no AWS region is set"), "{outcome}");
        if outcome.contains("neither the key, the environment, the profile nor the instance metadata names one") {
            return;
        }
    }
    panic!("{outcome}");
}

#[tokio::test]
async fn nothing_at_all_is_no_crash_and_says_what_is_missing() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let outcome = Process::start(&aws, &key, &[]).ask("go").await;
    assert!(outcome.starts_with("absent") && outcome.contains("credentials"), "{outcome}");
    let by_id = key.rsplit('/').next().unwrap();
    let outcome = Process::start(&aws, by_id, &[]).ask("go").await;
    assert!(outcome.starts_with("absent") && outcome.contains("region"), "{outcome}");
}

#[tokio::test]
async fn a_session_that_expires() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let session = session(&aws).await;
    let environment = [
        ("AWS_ACCESS_KEY_ID", session.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", &session.secret_access_key),
        ("AWS_SESSION_TOKEN", &session.session_token),
    ];
    let mut process = Process::start(&aws, &key, &environment);
    assert_eq!(process.ask("go").await, "ok");
    aws.running.clock().advance("20m".parse().unwrap()).unwrap();
    let outcome = process.ask("go").await;
    assert!(outcome.starts_with("denied") && outcome.contains("ExpiredToken"), "{outcome}");
    assert!(outcome.contains("help: the session has expired"), "{outcome}");
}

/// Serves these paths over HTTP, as the container and instance metadata endpoints do, and keeps what it is asked.
struct Pages {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pages {
    async fn serve(pages: Vec<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = whole_request(&mut stream).await;
                let path = request.split(' ').nth(1).unwrap_or_default();
                let page = pages.iter().find(|(at, _)| *at == path).map(|(_, page)| page);
                let status = if page.is_some() { "200 OK" } else { "404 Not Found" };
                let body = page.cloned().unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\n",
                    body.len()
                );
                kept.lock().unwrap().push(request);
                let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await;
            }
        });
        Self { address, asked }
    }

    /// The requests since this was last asked.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Head and body, as far as they come.
async fn whole_request(stream: &mut TcpStream) -> String {
    let (mut request, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let length = stream.read(&mut buffer).await.unwrap_or(0);
        request.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let told =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            body.len() >= told.unwrap_or(0)
        });
        if whole || length == 0 {
            return text;
        }
    }
}

/// What the metadata endpoints answer: a session's credentials.
async fn lent(aws: &Aws) -> String {
    let session = session(aws).await;
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"{}","SecretAccessKey":"{}","Token":"{}","Expiration":"{}","LastUpdated":"2020-01-01T00:00:00Z"}}"#,
        session.access_key_id, session.secret_access_key, session.session_token, session.expiration
    )
}

#[tokio::test]
async fn a_container_endpoint() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let pages = Pages::serve(vec![("/creds", lent(&aws).await)]).await;
    let uri = format!("http://{}/creds", pages.address);
    let outcome = Process::start(&aws, &key, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)]).ask("go").await;
    assert_eq!(outcome, "ok");
}

/// As EKS Pod Identity lends them. The token is in a file, for it changes every few hours.
#[tokio::test]
async fn a_container_endpoint_that_wants_a_token_is_shown_the_one_of_the_moment() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let pages = Pages::serve(vec![("/v1/credentials", lent(&aws).await)]).await;
    let uri = format!("http://{}/v1/credentials", pages.address);
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("eks-pod-identity-token");
    fs::write(&token, "the-first").unwrap();
    let environment = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().unwrap()),
    ];
    let mut process = Process::start(&aws, &key, &environment);
    assert_eq!(process.ask("go").await, "ok");
    let [asked] = &pages.asked()[..] else { panic!("it is asked once") };
    assert!(asked.to_ascii_lowercase().contains("\r\nauthorization: the-first\r\n"), "{asked}");

    fs::write(&token, "the-second").unwrap();
    assert_eq!(process.ask("reload").await, "ok");
    let [asked] = &pages.asked()[..] else { panic!("a reload asks once") };
    assert!(asked.to_ascii_lowercase().contains("\r\nauthorization: the-second\r\n"), "{asked}");
    assert_eq!(process.ask("go").await, "ok");
}

#[tokio::test]
async fn the_instance_metadata_gives_region_and_credentials() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let pages = Pages::serve(vec![
        ("/latest/api/token", "token".to_owned()),
        ("/latest/meta-data/placement/region", REGION.to_owned()),
        ("/latest/meta-data/iam/security-credentials/", "node".to_owned()),
        ("/latest/meta-data/iam/security-credentials-extended/", "node".to_owned()),
        ("/latest/meta-data/iam/security-credentials/node", lent(&aws).await),
        ("/latest/meta-data/iam/security-credentials-extended/node", lent(&aws).await),
    ])
    .await;
    let endpoint = format!("http://{}", pages.address);
    let environment = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*endpoint)];
    let by_id = key.rsplit('/').next().unwrap();
    assert_eq!(Process::start(&aws, by_id, &environment).ask("go").await, "ok");
}

/// A service account's token, exchanged at STS. The embedded STS does not take such tokens yet, so its answer is
/// canned; the session in it is a real one.
#[tokio::test]
async fn a_web_identity() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let session = session(&aws).await;
    let answer = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        session.access_key_id, session.secret_access_key, session.session_token, session.expiration
    );
    let pages = Pages::serve(vec![("/", answer)]).await;
    let sts = format!("http://{}", pages.address);
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "header.payload.signature").unwrap();
    let environment = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/etcd"),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_STS", &sts),
    ];
    let mut process = Process::start(&aws, &key, &environment);
    assert_eq!(process.ask("go").await, "ok");
    assert_exchanged(&pages.asked(), "header.payload.signature");

    // kubelet writes another one long before the former expires.
    fs::write(&token, "header.payload.another").unwrap();
    assert_eq!(process.ask("reload").await, "ok");
    assert_exchanged(&pages.asked(), "header.payload.another");
    assert_eq!(process.ask("go").await, "ok");
}

/// STS was asked once, for this role and with this token, which is all that it is asked with.
fn assert_exchanged(asked: &[String], token: &str) {
    let [request] = asked else { panic!("{asked:#?}") };
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST / ") && !head.to_ascii_lowercase().contains("authorization:"), "{head}");
    let fields: Vec<_> = form.split('&').collect();
    for field in [
        "Action=AssumeRoleWithWebIdentity",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fetcd",
        &format!("WebIdentityToken={token}"),
    ] {
        assert!(fields.contains(&field), "`{field}` is not among {fields:?}");
    }
}

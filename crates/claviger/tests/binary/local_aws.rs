//! `claviger local-aws --state`, killed under load: what its clients were answered is there afterwards.

use std::{collections::HashSet, fmt::Debug, mem::discriminant, path::Path};

use aws_sdk_kms::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    primitives::Blob,
    types::{GrantOperation, KeyState, Tag},
};
use rustix::process::Signal;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::support::{Daemon, SOON};

const KILLS: usize = 8;
const CLIENTS: usize = 6;
const ROOT: &str = "arn:aws:iam::111122223333:root";

/// What a client was answered, and nobody changes afterwards.
#[derive(Debug)]
enum Answered {
    Sealed { blob: Blob },
    Rotated { key: String, material: String },
    Tagged { key: String },
    Alias { name: String, key: String },
    AliasGone { name: String },
    Grant { key: String, id: String },
    GrantGone { key: String, id: String },
    Disabled { key: String },
    Leaving { key: String },
    Staying { key: String },
    Account { id: String },
    Session { credentials: Credentials },
}

/// How many kinds of answers there are.
const KINDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_one_has_all_that_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = Vec::new();
    let mut root: Option<Credentials> = None;
    for round in 0..KILLS {
        let aws = Aws::start(folder.path());
        let former = root.replace(aws.root.clone());
        assert!(former.is_none_or(|former| same(&former, &aws.root)), "the root's credential is another");
        // Each dies after another number of answers.
        answers.extend(aws.work_then_kill(round, 5 + 13 * round).await);
    }
    let kinds: HashSet<_> = answers.iter().map(discriminant).collect();
    assert_eq!(kinds.len(), KINDS, "every kind of answer was given");
    let aws = Aws::start(folder.path());
    for answer in answers {
        assert!(aws.has(&answer).await, "this was answered and is lost: {answer:?}");
    }
}

/// `--trail` leaves what was called in gzipped files when it is stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_one_has_written_its_trail() {
    let folder = tempfile::tempdir().unwrap();
    let mut aws = Aws::start_with(folder.path(), &["--trail", folder.path().join("trail").to_str().unwrap()]);
    kms(&aws.address, &aws.root).create_key().send().await.unwrap();
    aws.daemon.signal(Signal::TERM);
    assert!(aws.daemon.ended().success());
    let list = std::process::Command::new("sh")
        .args(["-c", "gzip -dc $(find trail/AWSLogs/111122223333/CloudTrail/us-west-2 -name '*.json.gz')"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let written: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(written["Records"][0]["eventName"], "CreateKey", "{written}");
}

/// An embedded AWS as a process.
struct Aws {
    daemon: Daemon,
    address: String,
    root: Credentials,
}

/// One of its clients, while it works.
struct Client {
    name: String,
    kms: aws_sdk_kms::Client,
    sts: aws_sdk_sts::Client,
    address: String,
    tell: UnboundedSender<Result<Answered, String>>,
}

impl Aws {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &Path, more: &[&str]) -> Self {
        let state = folder.join("aws.redb");
        let arguments = ["local-aws", "--listen=127.0.0.1:0", "--output=json", "--state", state.to_str().unwrap()];
        let daemon = Daemon::start(&[&arguments, more].concat(), folder);
        let ready = daemon.until("ready").pop().unwrap();
        let field = |path| ready.pointer(path).and_then(Value::as_str).unwrap();
        let root = Credentials::new(
            field("/credentials/0/access_key_id"),
            field("/credentials/0/secret_access_key"),
            None,
            None,
            "test",
        );
        Self { daemon, address: field("/endpoint").strip_prefix("http://").unwrap().to_owned(), root }
    }

    /// Lets clients work until so many answers are heard, then kills it. Returns all answers that came.
    async fn work_then_kill(self, round: usize, answers: usize) -> Vec<Answered> {
        let (tell, mut told) = unbounded_channel();
        for client in 0..CLIENTS {
            let client = Client {
                name: format!("{round}-{client}"),
                kms: kms(&self.address, &self.root),
                sts: sts(&self.address, &self.root),
                address: self.address.clone(),
                tell: tell.clone(),
            };
            tokio::spawn(client.work());
        }
        drop(tell);
        let mut heard = Vec::new();
        while heard.len() < answers {
            let next = timeout(SOON, told.recv()).await.expect("it answers").expect("clients work until the kill");
            heard.push(next.unwrap());
        }
        self.daemon.signal(Signal::KILL);
        drop(self);
        // An answer that was on the way counts; what failed was not acknowledged.
        while let Some(next) = told.recv().await {
            heard.extend(next);
        }
        heard
    }

    /// Whether what was answered is so.
    async fn has(&self, answer: &Answered) -> bool {
        let kms = kms(&self.address, &self.root);
        let state = async |key: &String| {
            let metadata = kms.describe_key().key_id(key).send().await.unwrap().key_metadata.unwrap();
            (metadata.key_state.unwrap(), metadata.current_key_material_id)
        };
        let target = async |name: &String| {
            let described = kms.describe_key().key_id(name).send().await.map_err(|error| error.into_service_error());
            described.map(|described| described.key_metadata.unwrap().key_id)
        };
        let is_listed = async |key: &String, id: &String| {
            let listed = kms.list_grants().key_id(key).grant_id(id).send().await.map_err(|e| e.into_service_error());
            listed.map(|listed| !listed.grants().is_empty())
        };
        match answer {
            Answered::Sealed { blob } => {
                let opened = kms.decrypt().ciphertext_blob(blob.clone()).send().await.unwrap();
                opened.plaintext.unwrap().as_ref() == b"sealed"
            }
            Answered::Rotated { key, material } => state(key).await.1.as_ref() == Some(material),
            Answered::Tagged { key } => {
                let listed = kms.list_resource_tags().key_id(key).send().await.unwrap();
                listed.tags().iter().any(|tag| tag.tag_key() == "tag" && tag.tag_value() == "value")
            }
            Answered::Alias { name, key } => target(name).await.unwrap() == *key,
            Answered::AliasGone { name } => target(name).await.is_err_and(|error| error.is_not_found_exception()),
            Answered::Grant { key, id } => is_listed(key, id).await.unwrap(),
            Answered::GrantGone { key, id } => {
                is_listed(key, id).await.is_err_and(|error| error.is_not_found_exception())
            }
            Answered::Disabled { key } => state(key).await.0 == KeyState::Disabled,
            Answered::Leaving { key } => state(key).await.0 == KeyState::PendingDeletion,
            Answered::Staying { key } => state(key).await.0 == KeyState::Enabled,
            Answered::Account { id } => {
                // Roles of other accounts can be assumed where somebody has named the account.
                assume(&sts(&self.address, &self.root), id).await.is_ok()
            }
            Answered::Session { credentials } => {
                let identity = sts(&self.address, credentials).get_caller_identity().send().await.unwrap();
                identity.arn() == Some("arn:aws:sts::111122223333:assumed-role/role/session")
            }
        }
    }
}

impl Client {
    /// Works until something fails, which is told as the last.
    async fn work(self) {
        for turn in 0.. {
            if let Err(failed) = self.turn(turn).await {
                // Nobody listens any more once it was killed.
                let _ = self.tell.send(Err(failed));
                return;
            }
        }
    }

    async fn turn(&self, turn: u32) -> Result<(), String> {
        let [used, changed, leaving] = [self.key().await?, self.key().await?, self.key().await?];
        let kms = &self.kms;

        kms.rotate_key_on_demand().key_id(&used).send().await.map_err(failed)?;
        let described = kms.describe_key().key_id(&used).send().await.map_err(failed)?;
        let material = described.key_metadata.unwrap().current_key_material_id.unwrap();
        self.tell(Answered::Rotated { key: used.clone(), material });
        let sealed = kms.encrypt().key_id(&used).plaintext(Blob::new("sealed")).send().await.map_err(failed)?;
        self.tell(Answered::Sealed { blob: sealed.ciphertext_blob.unwrap() });
        let tag = Tag::builder().tag_key("tag").tag_value("value").build().unwrap();
        kms.tag_resource().key_id(&used).tags(tag).send().await.map_err(failed)?;
        self.tell(Answered::Tagged { key: used.clone() });

        let alias = |what: &str| format!("alias/{}-{turn}-{what}", self.name);
        for name in [alias("stays"), alias("goes")] {
            kms.create_alias().alias_name(name).target_key_id(&used).send().await.map_err(failed)?;
        }
        self.tell(Answered::Alias { name: alias("stays"), key: used.clone() });
        kms.delete_alias().alias_name(alias("goes")).send().await.map_err(failed)?;
        self.tell(Answered::AliasGone { name: alias("goes") });

        self.tell(Answered::Grant { key: used.clone(), id: self.grant(&used).await? });
        let id = self.grant(&used).await?;
        kms.revoke_grant().key_id(&used).grant_id(&id).send().await.map_err(failed)?;
        self.tell(Answered::GrantGone { key: used, id });

        kms.schedule_key_deletion().key_id(&changed).send().await.map_err(failed)?;
        kms.cancel_key_deletion().key_id(&changed).send().await.map_err(failed)?;
        kms.enable_key().key_id(&changed).send().await.map_err(failed)?;
        self.tell(Answered::Staying { key: changed });
        let disabled = self.key().await?;
        kms.disable_key().key_id(&disabled).send().await.map_err(failed)?;
        self.tell(Answered::Disabled { key: disabled });
        kms.schedule_key_deletion().key_id(&leaving).pending_window_in_days(7).send().await.map_err(failed)?;
        self.tell(Answered::Leaving { key: leaving });

        let account = format!("{:012}", u64::from(turn) + 1000 * number(&self.name));
        self.name_account(&account).await.map_err(failed)?;
        self.tell(Answered::Account { id: account });
        self.tell(Answered::Session { credentials: assume(&self.sts, "111122223333").await? });
        Ok(())
    }

    fn tell(&self, answer: Answered) {
        let _ = self.tell.send(Ok(answer));
    }

    async fn key(&self) -> Result<String, String> {
        let made = self.kms.create_key().send().await.map_err(failed)?;
        Ok(made.key_metadata.unwrap().key_id)
    }

    async fn grant(&self, key: &str) -> Result<String, String> {
        let grant = self.kms.create_grant().key_id(key).grantee_principal(ROOT).operations(GrantOperation::Decrypt);
        Ok(grant.send().await.map_err(failed)?.grant_id.unwrap())
    }

    async fn name_account(&self, account: &str) -> std::io::Result<()> {
        let body = format!(r#"{{"account": "{account}"}}"#);
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = format!(
            "POST /_claviger/accounts HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(std::io::Error::other(answer)) }
    }
}

fn kms(address: &str, credentials: &Credentials) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(credentials.clone())
        .retry_config(RetryConfig::disabled());
    aws_sdk_kms::Client::from_conf(config.build())
}

fn sts(address: &str, credentials: &Credentials) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(credentials.clone())
        .retry_config(RetryConfig::disabled());
    aws_sdk_sts::Client::from_conf(config.build())
}

async fn assume(sts: &aws_sdk_sts::Client, account: &str) -> Result<Credentials, String> {
    let role = format!("arn:aws:iam::{account}:role/role");
    let assumed = sts.assume_role().role_arn(role).role_session_name("session").send().await.map_err(failed)?;
    let session = assumed.credentials.unwrap();
    let token = Some(session.session_token);
    Ok(Credentials::new(session.access_key_id, session.secret_access_key, token, None, "test"))
}

fn failed(error: impl Debug) -> String {
    format!("{error:?}")
}

/// The digits of a client's name, which no other has.
fn number(name: &str) -> u64 {
    name.replace('-', "0").parse().unwrap()
}

fn same(one: &Credentials, other: &Credentials) -> bool {
    (one.access_key_id(), one.secret_access_key()) == (other.access_key_id(), other.secret_access_key())
}

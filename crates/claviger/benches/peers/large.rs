//! An account that has ten thousand roles, keys and grants beside one that has none: each call must cost the same.
//!
//! Client and server share the process (quotas are raised, which no flag does), so that the two columns say something beside
//! each other alone. How long a start takes, and what memory, is that of the binary with the state that was left.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use local_aws::{Credential, LocalAws, Options, Running, State, kms::Quotas, store::MasterKey};
use serde_json::{Value, json};

use super::{
    embedded_aws,
    load::Pace,
    proc,
    roles::{self, Turns},
    wire::{self, Connection, Signer},
};

/// How many connections call at once, and how many things are made for one rate.
const CONNECTIONS: usize = 16;
const MADE: usize = 1000;
const MANY: usize = 10_000;
const OWNER: &str = "111122223333";
/// Who may use the key by one of the grants alone.
const GRANTEE: Signer = Signer { access_key_id: "AKIDGRANTEE", secret: "grantee" };
const GRANTEES_ACCOUNT: &str = "444455556666";

/// Prints a row for each thing.
pub(crate) async fn run(pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    println!("\n{:<40}{:>12}{:>12}{:>8}  (aim: 1.00, flat)", "Of ten thousand, durable", "empty", "full", "ratio");
    let path = folder.join("large");
    let started = started_with(&folder.join("small"), folder).await;
    let account = Account::start(path.clone()).await;
    let empty = account.rates(0, pace).await;
    account.fill().await;
    let full = account.rates(MANY, pace).await;
    account.aws.shutdown().await;
    for ((what, empty), (_, full)) in empty.into_iter().zip(full) {
        println!("{:<40}{empty:>12.0}{full:>12.0}{:>8.2}", format!("{what}, calls/s"), full / empty);
    }
    let full = started_with(&path, folder).await;
    println!("{:<40}{:>12.0}{:>12.0}", "first answer, ms", started.0, full.0);
    println!("{:<40}{:>12.0}{:>12.0}", "RSS, MiB", started.1, full.1);
}

/// How many milliseconds the binary takes to its first answer with this state, and its MiB then.
async fn started_with(state: &Path, folder: &Path) -> (f64, f64) {
    let started = Instant::now();
    let running = embedded_aws::Running::with_state(state, folder);
    running.first_answer().await;
    (started.elapsed().as_secs_f64() * 1e3, proc::rss(running.pid()))
}

/// An account with a key, of which somebody else has a grant.
struct Account {
    aws: Running,
    key: Value,
    sealed: Value,
}

impl Account {
    async fn start(path: PathBuf) -> Self {
        let credential = |signer: Signer, account: &str| -> Credential {
            format!("{}:{}:{account}", signer.access_key_id, signer.secret).parse().unwrap()
        };
        let credentials = vec![credential(wire::ROOT, OWNER), credential(GRANTEE, GRANTEES_ACCOUNT)];
        let quotas = Quotas { roles: 3 * MANY, ..Quotas::default() };
        let (listen, state) =
            (SocketAddr::from(([127, 0, 0, 1], 0)), State::File { path, master_key: MasterKey::Beside });
        let aws = LocalAws::start(Options { listen, credentials, state, quotas, ..Options::default() }).await.unwrap();
        let mut account = Self { aws, key: Value::Null, sealed: Value::Null };
        account.key = account.ask("CreateKey", &json!({})).await["KeyMetadata"]["Arn"].clone();
        let input = json!({ "KeyId": account.key, "Plaintext": "c2VlZA==" });
        account.sealed = account.ask("Encrypt", &input).await["CiphertextBlob"].clone();
        let grantee = format!("arn:aws:iam::{GRANTEES_ACCOUNT}:root");
        let grant = json!({ "KeyId": account.key, "GranteePrincipal": grantee, "Operations": ["Decrypt"] });
        account.ask("CreateGrant", &grant).await;
        account
    }

    fn address(&self) -> SocketAddr {
        self.aws.local_addr()
    }

    async fn ask(&self, operation: &str, input: &Value) -> Value {
        let request = wire::kms(self.address(), operation, input);
        let mut connection = Connection::open(self.address(), request).await.unwrap();
        serde_json::from_slice(connection.call().await.unwrap()).unwrap()
    }

    /// What is called, and how often a second. Things that are made are numbered from `from` on.
    async fn rates(&self, from: usize, pace: Pace) -> Vec<(&'static str, f64)> {
        let address = self.address();
        let kms = |operation, input: Value| wire::kms(address, operation, &input);
        let decrypt = json!({ "CiphertextBlob": self.sealed });
        vec![
            ("IAM CreateRole", self.make(from, from + MADE, |number| self.role(number)).await),
            ("IAM CreateRole, DeleteRole", self.turns(from, pace).await),
            ("IAM GetRole", self.load(wire::iam(address, "Action=GetRole&RoleName=role-0"), "<RoleId>", pace).await),
            ("IAM ListRoles, 100", self.load(wire::iam(address, "Action=ListRoles"), "<RoleId>", pace).await),
            ("KMS CreateKey", self.make(from, from + MADE, |_| kms("CreateKey", json!({}))).await),
            ("KMS Encrypt", self.load(self.encrypt(), "CiphertextBlob", pace).await),
            ("KMS DescribeKey", self.load(kms("DescribeKey", json!({ "KeyId": self.key })), "KeyId", pace).await),
            ("KMS ListKeys, 100", self.load(kms("ListKeys", json!({})), "KeyArn", pace).await),
            ("KMS CreateGrant", self.make(from, from + MADE, |number| self.grant(number)).await),
            ("KMS ListGrants, 50", self.load(kms("ListGrants", json!({ "KeyId": self.key })), "GrantId", pace).await),
            (
                "KMS Decrypt by a grant",
                self.load(wire::kms_as(address, GRANTEE, "Decrypt", &decrypt), "Plaintext", pace).await,
            ),
        ]
    }

    /// Makes the rest of ten thousand of each.
    async fn fill(&self) {
        self.make(MADE, MANY, |number| self.role(number)).await;
        self.make(MADE, MANY, |_| wire::kms(self.address(), "CreateKey", &json!({}))).await;
        self.make(MADE, MANY, |number| self.grant(number)).await;
    }

    fn role(&self, number: usize) -> Vec<u8> {
        roles::create(self.address(), &format!("role-{number}"))
    }

    fn encrypt(&self) -> Vec<u8> {
        wire::kms(self.address(), "Encrypt", &json!({ "KeyId": self.key, "Plaintext": "c2VlZA==" }))
    }

    /// A grant that nobody uses, to one of the roles.
    fn grant(&self, number: usize) -> Vec<u8> {
        let grantee = format!("arn:aws:iam::{OWNER}:role/role-{}", number % MADE);
        let input = json!({ "KeyId": self.key, "GranteePrincipal": grantee, "Operations": ["Encrypt"] });
        wire::kms(self.address(), "CreateGrant", &input)
    }

    async fn load(&self, request: Vec<u8>, marker: &'static str, pace: Pace) -> f64 {
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS {
            callers.push(Connection::open(self.address(), request.clone()).await.unwrap());
        }
        let call = move |connection: Connection| connection.expect(marker);
        pace.closed_loop(std::process::id(), callers, call).await.per_second()
    }

    /// Each load may leave a role behind, so that the next one takes other names.
    async fn turns(&self, from: usize, pace: Pace) -> f64 {
        let mut callers = Vec::new();
        for at in 0..CONNECTIONS {
            callers.push(Turns::open(self.address(), &format!("turns-{from}-{at}")).await);
        }
        pace.closed_loop(std::process::id(), callers, Turns::call).await.per_second()
    }

    /// Makes things of these numbers, and returns how many a second.
    async fn make(&self, from: usize, to: usize, request: impl Fn(usize) -> Vec<u8>) -> f64 {
        let mut makers = Vec::new();
        for maker in 0..CONNECTIONS {
            let requests: Vec<Vec<u8>> = (from + maker..to).step_by(CONNECTIONS).map(&request).collect();
            makers.push((Connection::open(self.address(), Vec::new()).await.unwrap(), requests));
        }
        let started = Instant::now();
        let making: Vec<_> = makers
            .into_iter()
            .map(|(mut connection, requests)| {
                tokio::spawn(async move {
                    for request in requests {
                        // Of a role, a key, a grant.
                        connection = connection.asking(request).expect("Id").await;
                    }
                })
            })
            .collect();
        for each in making {
            each.await.unwrap();
        }
        (to - from) as f64 / started.elapsed().as_secs_f64()
    }
}

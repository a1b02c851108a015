//! An account that has ten thousand roles, keys and grants beside one that has none, and one that has as many instances:
//! each call must cost the same.
//!
//! Client and server share the process (quotas are raised), so that the two columns say something beside
//! each other alone. How long a start takes, and what memory, is that of the binary with the state that was left.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use local_aws::{Credential, LocalAws, Options, Quotas, Running, State, store::MasterKey};
use serde_json::{Value, json};

use super::{
    connection::Connection,
    embedded_aws, launches,
    load::Pace,
    proc,
    rates::{CONNECTIONS, Rates},
    roles::{self, Turns},
    wire::{self, Signer},
};

/// How many things are made for one rate.
pub(crate) const MADE: usize = 1000;
pub(crate) const MANY: usize = 10_000;
/// What costs more with each thing that there is comes out below a fifth; what is flat, between 0.6 and 1.5 on a machine with other work.
const FLAT: f64 = 0.5;
pub(crate) const OWNER: &str = "111122223333";
/// Who may use the key by one of the grants alone.
const GRANTEE: Signer = Signer { access_key_id: "AKIDGRANTEE", secret: "grantee" };
const GRANTEES_ACCOUNT: &str = "444455556666";

/// What is called, and how often a second beside nothing and beside ten thousand.
pub(crate) type Row = (&'static str, f64, f64);

/// Prints a row for each thing.
pub(crate) async fn run(pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities");
    let account = Account::start(path.clone()).await;
    let empty = account.rates(0, pace).await;
    account.fill(pace).await;
    let full = account.rates(MANY, pace).await;
    account.aws.shutdown().await;
    let rows = empty.into_iter().zip(full).map(|((what, empty), (_, full))| (what, empty, full)).collect();
    report("roles, keys, grants", rows, &path).await;
    run_launches(pace).await;
}

/// The same of instances.
pub(crate) async fn run_launches(pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("launches");
    let rows = launches::rows(path.clone(), pace).await;
    report("instances", rows.clone(), &path).await;
    let steep: Vec<_> = rows.iter().filter(|(_, empty, full)| full / empty < FLAT).collect();
    assert!(steep.is_empty(), "less than {FLAT} times as fast with {MANY} instances: {steep:?}");
}

async fn report(of: &str, rows: Vec<Row>, state: &Path) {
    println!(
        "\n{:<40}{:>12}{:>12}{:>8}  (aim: 1.00, flat)",
        format!("Of 10,000 {of}, durable"),
        "empty",
        "full",
        "ratio"
    );
    for (what, empty, full) in rows {
        println!("{:<40}{empty:>12.0}{full:>12.0}{:>8.2}", format!("{what}, calls/s"), full / empty);
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = started_with(&folder.path().join("empty"), folder.path()).await;
    let full = started_with(state, folder.path()).await;
    println!("{:<40}{:>12.0}{:>12.0}", "first answer, ms", empty.0, full.0);
    println!("{:<40}{:>12.0}{:>12.0}", "RSS, MiB", empty.1, full.1);
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
        serde_json::from_slice(connection.call().await.unwrap().body()).unwrap()
    }

    /// What is called, and how often a second. Things that are made are numbered from `from` on.
    async fn rates(&self, from: usize, pace: Pace) -> Vec<(&'static str, f64)> {
        let address = self.address();
        let rates = Rates { address, pace };
        let kms = |operation, input: Value| wire::kms(address, operation, &input);
        let decrypt = json!({ "CiphertextBlob": self.sealed });
        vec![
            ("IAM CreateRole", rates.make(from, from + MADE, |number| self.role(number)).await),
            ("IAM CreateRole, DeleteRole", self.turns(from, pace).await),
            ("IAM GetRole", rates.load(wire::iam(address, "Action=GetRole&RoleName=role-0"), "<RoleId>").await),
            ("IAM ListRoles, 100", rates.load(wire::iam(address, "Action=ListRoles"), "<RoleId>").await),
            ("KMS CreateKey", rates.make(from, from + MADE, |_| kms("CreateKey", json!({}))).await),
            ("KMS Encrypt", rates.load(self.encrypt(), "CiphertextBlob").await),
            ("KMS DescribeKey", rates.load(kms("DescribeKey", json!({ "KeyId": self.key })), "KeyId").await),
            ("KMS ListKeys, 100", rates.load(kms("ListKeys", json!({})), "KeyArn").await),
            ("KMS CreateGrant", rates.make(from, from + MADE, |number| self.grant(number)).await),
            ("KMS ListGrants, 50", rates.load(kms("ListGrants", json!({ "KeyId": self.key })), "GrantId").await),
            (
                "KMS Decrypt by a grant",
                rates.load(wire::kms_as(address, GRANTEE, "Decrypt", &decrypt), "Plaintext").await,
            ),
        ]
    }

    /// Makes the rest of ten thousand of each.
    async fn fill(&self, pace: Pace) {
        let rates = Rates { address: self.address(), pace };
        rates.make(MADE, MANY, |number| self.role(number)).await;
        rates.make(MADE, MANY, |_| wire::kms(self.address(), "CreateKey", &json!({}))).await;
        rates.make(MADE, MANY, |number| self.grant(number)).await;
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

    /// Each load may leave a role behind, so that the next one takes other names.
    async fn turns(&self, from: usize, pace: Pace) -> f64 {
        let mut callers = Vec::new();
        for at in 0..CONNECTIONS {
            callers.push(Turns::open(self.address(), &format!("turns-{from}-{at}")).await);
        }
        pace.closed_loop(std::process::id(), callers, Turns::call).await.per_second()
    }
}

//! Calls of Organizations and of what its policies bound.

use std::path::Path;

use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::{Value, json};

use crate::wire::{self, Answer, Signer, start_with};

/// Whose organization it is.
pub(crate) const MANAGEMENT: &str = wire::ACCOUNT;
pub(crate) const MEMBER: &str = "444455556666";
pub(crate) const STRANGER: &str = "777788889999";

const PREFIX: &str = "AWSOrganizationsV20161128";

/// A credential that signs for any service.
pub(crate) struct Somebody {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Somebody {
    pub(crate) fn root(aws: &Running, account: &str) -> Self {
        let root = aws.root_credential(account.parse().unwrap());
        let secret = String::from_utf8(root.secret_access_key.expose().to_vec()).unwrap();
        Self { access_key_id: root.access_key_id, secret, token: None }
    }

    pub(crate) fn signer(&self, service: &'static str) -> Signer {
        let secret = |text: &str| aws_model::SecretBytes::new(text.as_bytes().to_vec());
        Signer {
            access_key_id: self.access_key_id.clone(),
            secret: secret(&self.secret),
            token: self.token.as_deref().map(secret),
            region: "us-west-2",
            service,
            time: jiff::Timestamp::now(),
        }
    }

    pub(crate) async fn organizations(&self, aws: &Running, operation: &str, input: Value) -> Answer {
        let request = wire::aws_json(PREFIX, operation, &input.to_string());
        request.signed(aws, &self.signer("organizations")).send(aws).await
    }

    pub(crate) async fn kms(&self, aws: &Running, operation: &str, input: Value) -> Answer {
        wire::kms(operation, &input.to_string()).signed(aws, &self.signer("kms")).send(aws).await
    }

    /// Whether it may encrypt under a key; else why not.
    pub(crate) async fn encrypts(&self, aws: &Running, key: &str) -> Result<(), String> {
        let answer = self.kms(aws, "Encrypt", json!({ "KeyId": key, "Plaintext": "aGVsbG8=" })).await;
        match answer.status {
            200 => Ok(()),
            _ => {
                let (_, code, message) = answer.json_error();
                assert_eq!(code, "AccessDeniedException", "{message}");
                Err(message)
            }
        }
    }
}

/// The management account's call, which must succeed.
pub(crate) async fn done(aws: &Running, operation: &str, input: Value) -> Value {
    let answer = Somebody::root(aws, MANAGEMENT).organizations(aws, operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// The code and message of the management account's call, which must fail.
pub(crate) async fn refused(aws: &Running, operation: &str, input: Value) -> (String, String) {
    let answer = Somebody::root(aws, MANAGEMENT).organizations(aws, operation, input).await;
    let (_, code, message) = answer.json_error();
    (code, message)
}

/// An organization of the management account and one that it invited: the organization's id and its root's.
pub(crate) async fn organization(aws: &Running) -> (String, String) {
    let id = text(&done(aws, "CreateOrganization", json!({})).await, "/Organization/Id");
    let root = text(&done(aws, "ListRoots", json!({})).await, "/Roots/0/Id");
    join(aws, MEMBER).await;
    (id, root)
}

/// Invites an account, which accepts.
pub(crate) async fn join(aws: &Running, account: &str) {
    let invited =
        done(aws, "InviteAccountToOrganization", json!({ "Target": { "Id": account, "Type": "ACCOUNT" } })).await;
    let id = text(&invited, "/Handshake/Id");
    let account = Somebody::root(aws, account);
    let accepted = account.organizations(aws, "AcceptHandshake", json!({ "HandshakeId": id })).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
}

/// Makes a policy, and tells its id.
pub(crate) async fn policy(aws: &Running, kind: &str, name: &str, statement: Value) -> String {
    let content = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let input = json!({ "Content": content, "Description": "", "Name": name, "Type": kind });
    text(&done(aws, "CreatePolicy", input).await, "/Policy/PolicySummary/Id")
}

/// The service control policy that denies `kms:Encrypt`.
pub(crate) async fn deny_encrypt(aws: &Running) -> String {
    let statement = json!({ "Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*" });
    policy(aws, "SERVICE_CONTROL_POLICY", "NoEncrypt", statement).await
}

pub(crate) async fn attach(aws: &Running, policy: &str, target: &str) {
    done(aws, "AttachPolicy", json!({ "PolicyId": policy, "TargetId": target })).await;
}

pub(crate) async fn detach(aws: &Running, policy: &str, target: &str) {
    done(aws, "DetachPolicy", json!({ "PolicyId": policy, "TargetId": target })).await;
}

pub(crate) async fn unit(aws: &Running, parent: &str, name: &str) -> String {
    let made = done(aws, "CreateOrganizationalUnit", json!({ "ParentId": parent, "Name": name })).await;
    text(&made, "/OrganizationalUnit/Id")
}

pub(crate) async fn move_account(aws: &Running, from: &str, to: &str) {
    let input = json!({ "AccountId": MEMBER, "SourceParentId": from, "DestinationParentId": to });
    done(aws, "MoveAccount", input).await;
}

/// A new key of an account: its ARN.
pub(crate) async fn key(aws: &Running, account: &str) -> String {
    let made = Somebody::root(aws, account).kms(aws, "CreateKey", json!({})).await;
    assert_eq!(made.status, 200, "{made:?}");
    text(&serde_json::from_str(&made.body).unwrap(), "/KeyMetadata/Arn")
}

/// Lets others than its own account use a key, under a condition.
pub(crate) async fn open_key(aws: &Running, account: &str, key: &str, condition: Value) {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{account}:root") }, "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "kms:Encrypt", "Resource": "*", "Condition": condition },
    ] });
    let input = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy.to_string() });
    let put = Somebody::root(aws, account).kms(aws, "PutKeyPolicy", input).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// A session of a role of an account, as the admin route gives it to anybody.
pub(crate) async fn session(aws: &Running, principal: &str) -> Somebody {
    let request = wire::Request {
        method: "POST",
        query: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: json!({ "principal": principal }).to_string().into(),
    };
    let answer = request.send_to(aws, "/_claviger/credentials").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let credential: Value = serde_json::from_str(&answer.body).unwrap();
    let text = |name: &str| credential.pointer(name).and_then(Value::as_str).map(str::to_owned);
    Somebody {
        access_key_id: text("/Credentials/AccessKeyId").or_else(|| text("/AccessKeyId")).unwrap(),
        secret: text("/Credentials/SecretAccessKey").or_else(|| text("/SecretAccessKey")).unwrap(),
        token: text("/Credentials/SessionToken").or_else(|| text("/SessionToken")),
    }
}

pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}")).to_owned()
}

/// The accounts that the tests use.
pub(crate) fn options() -> Options {
    let accounts = [MANAGEMENT, MEMBER, STRANGER].map(|account| account.parse().unwrap());
    Options { accounts: accounts.to_vec(), ..Options::default() }
}

pub(crate) async fn start() -> Running {
    start_with(options()).await
}

/// An embedded AWS with its state in a file.
pub(crate) async fn start_at(path: &Path, options: Options) -> Running {
    start_with(Options { state: State::File { path: path.to_owned(), master_key: MasterKey::Beside }, ..options }).await
}

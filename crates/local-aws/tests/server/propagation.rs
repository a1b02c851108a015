//! Eventual consistency on request, on a clock that stands: what is told at once, and what decides when it has spread.

use aws_model::SecretBytes;
use jiff::SignedDuration;
use local_aws::{Clock, Options, Running, State, store::MasterKey};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

use crate::wire::{ACCOUNT, Answer, Request, STS_VERSION, Signer, kms, of, root, start_with, sts};

const TAKES: Duration = Duration::from_secs(5);
const OTHER: &str = "444455556666";

struct Rig {
    aws: Running,
    clock: Clock,
}

impl Rig {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let clock: Clock = "frozen".parse().unwrap();
        let accounts = vec![ACCOUNT.parse().unwrap(), OTHER.parse().unwrap()];
        let aws = start_with(Options { clock: clock.clone(), accounts, propagation: TAKES, ..options }).await;
        Self { aws, clock }
    }

    async fn on_file(path: &Path) -> Self {
        let state = State::File { path: path.to_owned(), master_key: MasterKey::Beside };
        Self::with(Options { state, ..Options::default() }).await
    }

    fn seconds_pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds)).unwrap();
    }

    async fn kms(&self, signer: &Signer, operation: &str, input: Value) -> Answer {
        kms(operation, &input.to_string()).signed(&self.aws, signer).send(&self.aws).await
    }

    /// A call of IAM by the root user, which must go well.
    async fn iam(&self, parameters: &str) -> Answer {
        let mut request = sts(parameters);
        request.body = format!("{parameters}&Version=2010-05-08").into();
        let answer = request.signed(&self.aws, &root(&self.aws, "iam")).send(&self.aws).await;
        assert_eq!(answer.status, 200, "{parameters}: {answer:?}");
        answer
    }

    /// A new key of the root user's account, and its ARN.
    async fn key(&self) -> String {
        let made = self.kms(&root(&self.aws, "kms"), "CreateKey", json!({})).await;
        member(&made, "/KeyMetadata/Arn")
    }

    /// A user with an access key, and whoever signs with it.
    async fn user(&self, name: &str) -> Signer {
        self.iam(&format!("Action=CreateUser&UserName={name}")).await;
        let key = self.iam(&format!("Action=CreateAccessKey&UserName={name}")).await;
        Signer {
            access_key_id: key.element("AccessKeyId"),
            secret: SecretBytes::new(key.element("SecretAccessKey").into_bytes()),
            ..root(&self.aws, "kms")
        }
    }

    /// What an Encrypt gets: a code, or `ok`.
    async fn encrypt(&self, signer: &Signer, key: &str, tokens: &[&str]) -> String {
        let input = json!({ "KeyId": key, "Plaintext": "eA==", "GrantTokens": tokens });
        code(&self.kms(signer, "Encrypt", input).await)
    }
}

fn code(answer: &Answer) -> String {
    if answer.status == 200 { "ok".to_owned() } else { answer.json_error().1 }
}

fn member(answer: &Answer, path: &str) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body.pointer(path).and_then(Value::as_str).unwrap().to_owned()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn allow(action: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    escaped(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
}

const UNKNOWN: &str = "UnrecognizedClientException";
const DENIED: &str = "AccessDeniedException";

#[tokio::test]
async fn users_access_keys_and_policies_are_told_at_once_and_decide_later() {
    let rig = Rig::start().await;
    let key = rig.key().await;
    let ann = rig.user("ann").await;
    rig.iam("Action=GetUser&UserName=ann").await;
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, UNKNOWN);
    rig.seconds_pass(4);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, UNKNOWN);
    rig.seconds_pass(1);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, DENIED);

    // A policy that was just made can be attached, and what both do decides later.
    let policy = rig.iam(&format!("Action=CreatePolicy&PolicyName=use&PolicyDocument={}", allow("kms:*"))).await;
    let arn = escaped(&policy.element("Arn"));
    rig.iam(&format!("Action=AttachUserPolicy&UserName=ann&PolicyArn={arn}")).await;
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, DENIED);
    rig.seconds_pass(5);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, "ok");

    rig.iam(&format!("Action=DetachUserPolicy&UserName=ann&PolicyArn={arn}")).await;
    let id = &ann.access_key_id;
    rig.seconds_pass(3);
    rig.iam(&format!("Action=UpdateAccessKey&UserName=ann&Status=Inactive&AccessKeyId={id}")).await;
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, "ok", "neither has spread");
    rig.seconds_pass(2);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, DENIED, "the one has");
    rig.seconds_pass(3);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, UNKNOWN, "and the other");
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_role_is_assumed_when_it_has_spread_and_its_trust_policy_follows_as_late() {
    let rig = Rig::start().await;
    let ann = rig.user("ann").await;
    rig.iam(&format!("Action=PutUserPolicy&UserName=ann&PolicyName=p&PolicyDocument={}", allow("sts:*"))).await;
    rig.seconds_pass(5);
    let trust = |principal: &str| {
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" });
        escaped(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    };
    let assume = async || {
        let role = escaped(&format!("arn:aws:iam::{ACCOUNT}:role/Reader"));
        let signer = Signer {
            service: "sts",
            secret: ann.secret.clone(),
            access_key_id: ann.access_key_id.clone(),
            ..root(&rig.aws, "sts")
        };
        let request: Request = sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}"));
        request.signed(&rig.aws, &signer).send(&rig.aws).await.status
    };
    assert_eq!(STS_VERSION, "2011-06-15");
    let own = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    rig.iam(&format!("Action=CreateRole&RoleName=Reader&AssumeRolePolicyDocument={}", trust(&own))).await;
    assert_eq!(assume().await, 403);
    rig.seconds_pass(5);
    assert_eq!(assume().await, 200);
    let other = format!("arn:aws:iam::{OTHER}:root");
    rig.iam(&format!("Action=UpdateAssumeRolePolicy&RoleName=Reader&PolicyDocument={}", trust(&other))).await;
    assert_eq!(assume().await, 200);
    rig.seconds_pass(5);
    assert_eq!(assume().await, 403);
    rig.aws.shutdown().await;
}

/// Rules: `iam-policy-key-principals-exist` (a principal has to be visible to KMS), `iam-policy-trust-principals-exist`,
/// `kms-grant-grantee-exists`.
#[tokio::test]
async fn a_role_is_named_by_no_policy_and_no_grant_before_it_has_spread_nor_after_its_end_has() {
    let rig = Rig::start().await;
    let (key, owner) = (rig.key().await, root(&rig.aws, "kms"));
    let account = format!("arn:aws:iam::{ACCOUNT}:root");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/Reader");
    let trust = |principal: &str| {
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" });
        escaped(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    };
    let allow =
        |who: &str| json!({ "Effect": "Allow", "Principal": { "AWS": who }, "Action": "kms:*", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [allow(&account), allow(&role)] }).to_string();
    // What names the role is answered to who makes a key, puts its policy, grants, and trusts it.
    let named = async |other: &str| {
        let grant = json!({ "KeyId": key, "GranteePrincipal": role, "Operations": ["Decrypt"] });
        let create = format!("Action=CreateRole&RoleName={other}&AssumeRolePolicyDocument={}", trust(&role));
        let mut request = sts(&create);
        request.body = format!("{create}&Version=2010-05-08").into();
        let trusted = request.signed(&rig.aws, &root(&rig.aws, "iam")).send(&rig.aws).await;
        [
            code(&rig.kms(&owner, "CreateKey", json!({ "Policy": policy })).await),
            code(&rig.kms(&owner, "PutKeyPolicy", json!({ "KeyId": key, "Policy": policy })).await),
            code(&rig.kms(&owner, "CreateGrant", grant).await),
            if trusted.status == 200 { "ok".to_owned() } else { trusted.query_error().1 },
        ]
    };
    let malformed = "MalformedPolicyDocumentException";
    let refused = [malformed, malformed, "InvalidArnException", "MalformedPolicyDocument"];
    rig.iam(&format!("Action=CreateRole&RoleName=Reader&AssumeRolePolicyDocument={}", trust(&account))).await;
    assert_eq!(named("A").await, refused);
    rig.seconds_pass(5);
    assert_eq!(named("B").await, ["ok"; 4]);

    let told = async || member(&rig.kms(&owner, "GetKeyPolicy", json!({ "KeyId": key })).await, "/Policy");
    rig.iam("Action=DeleteRole&RoleName=Reader").await;
    assert_eq!(named("C").await, ["ok"; 4]);
    assert!(told().await.contains(&role));
    rig.seconds_pass(5);
    assert_eq!(named("D").await, refused);
    assert!(told().await.contains("AROA") && !told().await.contains(&role));
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_grant_counts_at_once_with_its_token_and_without_when_it_has_spread() {
    let rig = Rig::start().await;
    let (key, owner) = (rig.key().await, root(&rig.aws, "kms"));
    let stranger = of(&rig.aws.root_credential(OTHER.parse().unwrap()), "kms");
    let grantee = format!("arn:aws:iam::{OTHER}:root");
    let grant =
        json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"], "RetiringPrincipal": grantee });
    let made = rig.kms(&owner, "CreateGrant", grant.clone()).await;
    let (token, id) = (member(&made, "/GrantToken"), member(&made, "/GrantId"));
    let listed = rig.kms(&owner, "ListGrants", json!({ "KeyId": key })).await;
    assert!(listed.body.contains(&id), "it is told at once");
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, DENIED);
    assert_eq!(rig.encrypt(&stranger, &key, &[&token]).await, "ok");
    rig.seconds_pass(5);
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, "ok");

    assert_eq!(code(&rig.kms(&owner, "RevokeGrant", json!({ "KeyId": key, "GrantId": id })).await), "ok");
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, "ok");
    rig.seconds_pass(5);
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, DENIED);
    assert_eq!(rig.encrypt(&stranger, &key, &[&token]).await, DENIED, "a token opens no grant that is gone");

    // A new grant can be retired before it has spread, by its token.
    let token = member(&rig.kms(&owner, "CreateGrant", grant).await, "/GrantToken");
    assert_eq!(code(&rig.kms(&stranger, "RetireGrant", json!({ "GrantToken": token })).await), "ok");
    rig.seconds_pass(5);
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, DENIED);
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_key_policy_and_a_switch_are_told_at_once_and_decide_later() {
    let rig = Rig::start().await;
    let (key, owner) = (rig.key().await, root(&rig.aws, "kms"));
    let stranger = of(&rig.aws.root_credential(OTHER.parse().unwrap()), "kms");
    let allow = |account: &str| {
        let principal = json!({ "AWS": format!("arn:aws:iam::{account}:root") });
        json!({ "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*" })
    };
    let policy = json!({ "Version": "2012-10-17", "Statement": [allow(ACCOUNT), allow(OTHER)] }).to_string();
    assert_eq!(code(&rig.kms(&owner, "PutKeyPolicy", json!({ "KeyId": key, "Policy": policy })).await), "ok");
    let told = rig.kms(&owner, "GetKeyPolicy", json!({ "KeyId": key })).await;
    assert!(told.body.contains(OTHER));
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, DENIED);
    rig.seconds_pass(5);
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, "ok");

    // Off for three seconds: it is off for three seconds, five seconds later.
    assert_eq!(code(&rig.kms(&owner, "DisableKey", json!({ "KeyId": key })).await), "ok");
    let described = rig.kms(&owner, "DescribeKey", json!({ "KeyId": key })).await;
    assert_eq!(member(&described, "/KeyMetadata/KeyState"), "Disabled");
    assert_eq!(rig.encrypt(&stranger, &key, &[]).await, "ok");
    rig.seconds_pass(3);
    assert_eq!(code(&rig.kms(&owner, "EnableKey", json!({ "KeyId": key })).await), "ok");
    let mut outcomes = Vec::new();
    for seconds in [0, 1, 1, 2, 1] {
        rig.seconds_pass(seconds);
        outcomes.push(rig.encrypt(&stranger, &key, &[]).await);
    }
    assert_eq!(outcomes, ["ok", "ok", "DisabledException", "DisabledException", "ok"]);
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_and_a_restart_let_everything_decide() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let rig = Rig::on_file(&path).await;
    let key = rig.key().await;
    let ann = rig.user("ann").await;
    rig.iam(&format!("Action=PutUserPolicy&UserName=ann&PolicyName=p&PolicyDocument={}", allow("kms:*"))).await;
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, UNKNOWN);
    rig.seconds_pass(-60);
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, "ok");
    assert_eq!(code(&rig.kms(&root(&rig.aws, "kms"), "DisableKey", json!({ "KeyId": key })).await), "ok");
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, "ok");
    rig.aws.shutdown().await;

    let rig = Rig::on_file(&path).await;
    assert_eq!(rig.encrypt(&ann, &key, &[]).await, "DisabledException");
    rig.aws.shutdown().await;
}

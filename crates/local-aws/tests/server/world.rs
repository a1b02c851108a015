//! A world that was given: its users and roles call, its roles are assumed as their trust policies say.

use std::net::SocketAddr;

use authz::{
    file::{NoFiles, world},
    rules::Assumptions,
    text::SourceText,
};
use aws_model::SecretBytes;
use jiff::SignedDuration;
use local_aws::{Clock, LocalAws, Options, Running, StartError, State, store::MasterKey};
use serde_json::{Value, json};

use crate::wire::{self, Answer, Request, Signer, kms, start_with, sts};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
/// Somebody of the key's account whom no policy lets do anything.
const BOB: &str = "arn:aws:iam::444455556666:user/bob";
const READER: &str = "arn:aws:iam::444455556666:role/team/Reader";

fn world() -> authz::world::World {
    let text = json!({
        "accounts": { "111122223333": {}, "444455556666": {} },
        "users": { ANN: { "policies": { "assume": allow(json!(["sts:AssumeRole", "sts:TagSession"])) } }, BOB: {} },
        "roles": { READER: {
            "trust": { "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": { "AWS": ANN }, "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "sts:ExternalId": "blue" } },
            }] },
            "policies": { "use": allow(json!("kms:*")) },
            "maxSession": 7200,
        } },
        "keys": { KEY: { "aliases": ["alias/demo"], "tags": { "team": "blue" } } },
    });
    world::read(&SourceText::new("world.json", text.to_string()), &NoFiles).unwrap()
}

fn allow(actions: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] })
}

fn options() -> Options {
    let ann = format!("AKIDANN:secret:{ANN}").parse().unwrap();
    Options { world: world(), credentials: vec![ann], ..Options::default() }
}

fn ann(service: &'static str) -> Signer {
    wire::of(&format!("AKIDANN:secret:{ANN}").parse().unwrap(), service)
}

fn assume(more: &str) -> Request {
    let role = READER.replace(':', "%3A").replace('/', "%2F");
    sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}{more}"))
}

fn session(begun: &Answer, service: &'static str) -> Signer {
    assert_eq!(begun.status, 200, "{begun:?}");
    Signer {
        access_key_id: begun.element("AccessKeyId"),
        secret: SecretBytes::new(begun.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(begun.element("SessionToken").into_bytes())),
        ..ann(service)
    }
}

async fn encrypt(aws: &Running, signer: &Signer) -> Answer {
    let input = json!({ "KeyId": KEY, "Plaintext": "eA==" }).to_string();
    kms("Encrypt", &input).signed(aws, signer).send(aws).await
}

#[tokio::test]
async fn a_user_assumes_a_role_as_its_trust_policy_says_and_uses_the_key() {
    let aws = start_with(options()).await;
    let identity = sts("Action=GetCallerIdentity").signed(&aws, &ann("sts")).send(&aws).await;
    assert_eq!(identity.element("Arn"), ANN);
    assert!(identity.element("UserId").starts_with("AIDA"), "{identity:?}");

    let denied = assume("").signed(&aws, &ann("sts")).send(&aws).await;
    let (status, code, message) = denied.query_error();
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert_eq!(message, format!("User: {ANN} is not authorized to perform: sts:AssumeRole on resource: {READER}"));
    let begun = assume("&ExternalId=blue").signed(&aws, &ann("sts")).send(&aws).await;
    let reader = session(&begun, "kms");
    assert_eq!(encrypt(&aws, &reader).await.status, 200);
    // The user itself has no such permission.
    assert_eq!(encrypt(&aws, &ann("kms")).await.json_error().1, "AccessDeniedException");
    // Tags need a permission of the trust policy, which does not give it.
    let tagged = assume("&ExternalId=blue&Tags.member.1.Key=a&Tags.member.1.Value=b").signed(&aws, &ann("sts"));
    assert!(tagged.send(&aws).await.query_error().2.contains("sts:TagSession"));
    aws.shutdown().await;
}

/// The least input with which an operation is asked for the key, one of its ciphertexts or one of its grants.
fn least(operation: &str, blob: &Value, grant: &Value) -> Value {
    let more = match operation {
        "CreateKey" | "ListKeys" | "ListAliases" | "GenerateRandom" | "DescribeCustomKeyStores" => return json!({}),
        "CreateCustomKeyStore" => return json!({ "CustomKeyStoreName": "store" }),
        other if other.ends_with("CustomKeyStore") => return json!({ "CustomKeyStoreId": "cks-1234567890abcdef0" }),
        "DeleteAlias" => return json!({ "AliasName": "alias/demo" }),
        "CreateAlias" => return json!({ "AliasName": "alias/other", "TargetKeyId": KEY }),
        "UpdateAlias" => return json!({ "AliasName": "alias/demo", "TargetKeyId": KEY }),
        "Decrypt" => return json!({ "CiphertextBlob": blob }),
        "ReEncrypt" => return json!({ "CiphertextBlob": blob, "DestinationKeyId": KEY }),
        "ListRetirableGrants" => return json!({ "RetiringPrincipal": READER }),
        "TagResource" => json!({ "Tags": [{ "TagKey": "a", "TagValue": "b" }] }),
        "UntagResource" => json!({ "TagKeys": ["a"] }),
        "UpdateKeyDescription" => json!({ "Description": "another" }),
        "PutKeyPolicy" => json!({ "Policy": allow(json!("kms:*")).to_string() }),
        "Encrypt" => json!({ "Plaintext": "eA==" }),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({ "KeySpec": "AES_256" }),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => json!({ "KeyPairSpec": "ECC_NIST_P256" }),
        "CreateGrant" => json!({ "GranteePrincipal": READER, "Operations": ["Decrypt"] }),
        "RetireGrant" | "RevokeGrant" => json!({ "GrantId": grant }),
        "ReplicateKey" => json!({ "ReplicaRegion": "eu-west-1" }),
        "UpdatePrimaryRegion" => json!({ "PrimaryRegion": "eu-west-1" }),
        "Sign" => json!({ "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256" }),
        "Verify" => json!({ "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": "eA==" }),
        "GenerateMac" => json!({ "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256" }),
        "VerifyMac" => json!({ "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": "eA==" }),
        "DeriveSharedSecret" => json!({ "KeyAgreementAlgorithm": "ECDH", "PublicKey": "eA==" }),
        "GetParametersForImport" => {
            json!({ "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" })
        }
        "ImportKeyMaterial" => json!({ "ImportToken": "eA==", "EncryptedKeyMaterial": "eA==" }),
        _ => json!({}),
    };
    let mut input = more;
    input["KeyId"] = KEY.into();
    input
}

#[tokio::test]
async fn each_operation_of_kms_is_denied_to_whom_no_policy_lets_and_to_nobody_else() {
    let credentials = [format!("AKIDANN:secret:{ANN}"), format!("AKIDBOB:secret:{BOB}")];
    let credentials = credentials.map(|credential| credential.parse().unwrap()).to_vec();
    let bob = wire::of(&credentials[1], "kms");
    let aws = start_with(Options { credentials, ..options() }).await;
    let begun = assume("&ExternalId=blue").signed(&aws, &ann("sts")).send(&aws).await;
    let reader = session(&begun, "kms");
    let made = |answer: Answer, member: &str| -> Value {
        serde_json::from_str::<Value>(&answer.body).unwrap().get(member).cloned().unwrap()
    };
    let blob = made(encrypt(&aws, &reader).await, "CiphertextBlob");
    let grant = least("CreateGrant", &blob, &Value::Null).to_string();
    let grant = made(kms("CreateGrant", &grant).signed(&aws, &reader).send(&aws).await, "GrantId");
    for operation in local_aws::kms::Kms::OPERATIONS {
        let input = least(operation, &blob, &grant).to_string();
        let denied = kms(operation, &input).signed(&aws, &bob).send(&aws).await;
        assert_eq!(denied.status, 400, "{operation} {input}: {denied:?}");
        assert_eq!(denied.json_error().1, "AccessDeniedException", "{operation} {input}: {denied:?}");
        // It was for want of a policy, and not of anything in the input.
        let answer = kms(operation, &input).signed(&aws, &reader).send(&aws).await;
        assert!(!answer.body.contains("AccessDenied"), "{operation} {input}: {answer:?}");
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn a_session_is_no_wider_than_its_session_policy() {
    let aws = start_with(options()).await;
    let policy = allow(json!("kms:DescribeKey")).to_string();
    let escaped: String = policy.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let begun = assume(&format!("&ExternalId=blue&Policy={escaped}")).signed(&aws, &ann("sts")).send(&aws).await;
    let narrow = session(&begun, "kms");
    let (_, code, _) = encrypt(&aws, &narrow).await.json_error();
    assert_eq!(code, "AccessDeniedException");
    let describe = kms("DescribeKey", &json!({ "KeyId": KEY }).to_string()).signed(&aws, &narrow).send(&aws).await;
    assert_eq!(describe.status, 200, "{describe:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_roles_sessions_last_as_long_as_the_role_lets_them() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..options() }).await;
    let long = assume("&ExternalId=blue&DurationSeconds=7201").signed(&aws, &ann("sts")).send(&aws).await;
    let (status, code, message) = long.query_error();
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert_eq!(message, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    let begun = assume("&ExternalId=blue&DurationSeconds=7200").signed(&aws, &ann("sts")).send(&aws).await;
    let reader = session(&begun, "kms");
    clock.advance(SignedDuration::from_secs(7100)).unwrap();
    assert_eq!(encrypt(&aws, &reader).await.status, 200);
    clock.advance(SignedDuration::from_secs(101)).unwrap();
    assert_eq!(encrypt(&aws, &reader).await.json_error().1, "ExpiredTokenException");
    aws.shutdown().await;
}

#[tokio::test]
async fn in_an_account_that_is_told_nobody_else_is() {
    let aws = start_with(options()).await;
    let other = READER.replace("Reader", "Other").replace(':', "%3A").replace('/', "%2F");
    let refused = sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={other}"));
    let assumptions = Assumptions { denial_sts_policy_type: false, ..Assumptions::default() };
    let typed = start_with(Options { assumptions, ..options() }).await;
    let (_, _, message) = refused.clone().signed(&typed, &ann("sts")).send(&typed).await.query_error();
    assert!(message.ends_with("Other because no role trust policy allows the sts:AssumeRole action"), "{message}");
    typed.shutdown().await;
    let root = wire::of(&aws.root_credential("444455556666".parse().unwrap()), "sts");
    for (signer, says) in [
        (ann("sts"), "is not authorized to perform: sts:AssumeRole on resource: "),
        (root, "Roles may not be assumed by root accounts."),
    ] {
        let (_, code, message) = refused.clone().signed(&aws, &signer).send(&aws).await.query_error();
        assert!(code == "AccessDenied" && message.contains(says), "{code}: {message}");
    }
    aws.shutdown().await;

    let nobody = format!("AKIDBOB:secret:{}", ANN.replace("ann", "bob")).parse().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let error = LocalAws::start(Options { listen, credentials: vec![nobody], ..options() }).await.unwrap_err();
    assert!(error.to_string().contains("user/bob"), "{error}");
}

#[tokio::test]
async fn a_key_is_made_once_though_the_world_is_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let state = || State::File { path: path.clone(), master_key: MasterKey::Beside };
    let aws = start_with(Options { state: state(), ..options() }).await;
    aws.shutdown().await;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let error = LocalAws::start(Options { listen, state: state(), ..options() }).await.unwrap_err();
    assert!(matches!(error, StartError::World(_)) && error.to_string().contains(KEY), "{error}");
    // Without the world the key is still there.
    let aws = start_with(Options { state: state(), ..Options::default() }).await;
    let root = wire::of(&aws.root_credential("444455556666".parse().unwrap()), "kms");
    assert_eq!(encrypt(&aws, &root).await.status, 200);
    aws.shutdown().await;
}

/// Here a grant counts as soon as it is made: what has not spread cannot be shown.
#[tokio::test]
async fn a_world_with_a_grant_that_has_not_spread_is_refused() {
    for propagated in [json!(false), json!("unknown")] {
        let grant = json!({ "grantee": ANN, "operations": ["Decrypt"], "propagated": propagated });
        let text = json!({ "keys": { KEY: { "grants": [grant] } } }).to_string();
        let world = world::read(&SourceText::new("world.json", text), &NoFiles).unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let error = LocalAws::start(Options { listen, world, ..Options::default() }).await.unwrap_err();
        assert!(error.to_string().contains("a grant that may not have spread yet"), "{error}");
    }
}

/// The world that the server tells, and its text.
async fn told(aws: &Running) -> (authz::world::World, String) {
    let request = Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let answer = request.send_to(aws, "/_claviger/world").await;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/json"), "{answer:?}");
    let source = SourceText::new("told", answer.body.as_str());
    (world::read(&source, &NoFiles).unwrap(), answer.body)
}

#[tokio::test]
async fn the_world_is_told_as_it_is_at_the_moment() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..options() }).await;
    let credential = aws.root_credential("444455556666".parse().unwrap());
    let root = wire::of(&credential, "kms");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Mine", "Effect": "Allow", "Principal": { "AWS": "444455556666" }, "Action": "kms:*", "Resource": "*",
    }] });
    let policy = format!("{policy:#}");
    let grant = json!({ "KeyId": KEY, "GranteePrincipal": ANN, "Operations": ["Decrypt"], "Name": "retry" });
    let change = async |operation: &str, input: Value| {
        let answer = kms(operation, &input.to_string()).signed(&aws, &root).send(&aws).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        serde_json::from_str::<Value>(&answer.body).unwrap_or_default()
    };
    change("PutKeyPolicy", json!({ "KeyId": KEY, "Policy": policy })).await;
    let granted = change("CreateGrant", grant).await;
    let id = granted["GrantId"].as_str().unwrap();

    let (facts, text) = told(&aws).await;
    let key = facts.key(&KEY.parse().unwrap()).unwrap();
    assert_eq!(key.policy.policy.source().text(), policy, "as it was put");
    assert_eq!(
        key.grants.get(id).map(|grant| (grant.grantee.to_string(), grant.name.as_deref())),
        Some((ANN.to_owned(), Some("retry")))
    );
    assert_eq!(key.aliases.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["alias/demo"]);
    assert_eq!(facts.role(&READER.parse().unwrap()).unwrap().max_session, SignedDuration::from_secs(7200));
    for secret in [
        granted["GrantToken"].as_str().unwrap(),
        &credential.access_key_id,
        std::str::from_utf8(credential.secret_access_key.expose()).unwrap(),
        "AKIDANN",
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }

    change("RevokeGrant", json!({ "KeyId": KEY, "GrantId": id })).await;
    let (facts, _) = told(&aws).await;
    assert_eq!(facts.key(&KEY.parse().unwrap()).unwrap().grants.iter().count(), 0);

    // What has come due has happened, though nobody called since.
    change("ScheduleKeyDeletion", json!({ "KeyId": KEY, "PendingWindowInDays": 7 })).await;
    clock.advance(SignedDuration::from_hours(8 * 24)).unwrap();
    let (facts, _) = told(&aws).await;
    assert!(facts.key(&KEY.parse().unwrap()).is_none());
    aws.shutdown().await;
}

#[tokio::test]
async fn who_is_undeclared_is_told_from_the_first_call_on() {
    let aws = start_with(Options { accounts: vec![wire::ACCOUNT.parse().unwrap()], ..Options::default() }).await;
    let role = format!("arn:aws:iam::{}:role/Deploy", wire::ACCOUNT);
    let is_told = async || told(&aws).await.0.role(&role.parse().unwrap()).is_some();
    assert!(!is_told().await);
    let escaped = role.replace(':', "%3A").replace('/', "%2F");
    let assume = sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={escaped}"));
    let begun = assume.signed(&aws, &wire::root(&aws, "sts")).send(&aws).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    assert!(is_told().await);
    let (facts, text) = told(&aws).await;
    assert!(facts.account(wire::ACCOUNT.parse().unwrap()).unwrap().identities_are_partial, "others may come");
    assert!(!text.contains(&begun.element("AccessKeyId")) && !text.contains(&begun.element("SessionToken")));
    aws.shutdown().await;
}

#[tokio::test]
async fn the_admin_route_makes_anybodys_credential_and_tells_what_the_model_says() {
    let aws = start_with(options()).await;
    let ask = |route: &str, body: Value| {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let body = body.to_string().into_bytes();
        (Request { method: "POST", query: String::new(), headers, body }, format!("/_claviger/{route}"))
    };
    let (request, path) = ask("credentials", json!({ "principal": READER, "session": { "name": "boot" } }));
    let made: Value = serde_json::from_str(&request.send_to(&aws, &path).await.body).unwrap();
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let reader = Signer {
        access_key_id: text("AccessKeyId"),
        secret: SecretBytes::new(text("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(text("SessionToken").into_bytes())),
        ..ann("kms")
    };
    assert_eq!(encrypt(&aws, &reader).await.status, 200);

    let (request, path) = ask("decide", json!({ "principal": ANN, "action": "kms:Encrypt", "resource": KEY }));
    let told: Value = serde_json::from_str(&request.send_to(&aws, &path).await.body).unwrap();
    assert_eq!(told["verdict"], "{denied: implicit, gate: key-policy, account: \"444455556666\"}", "{told}");
    assert_eq!(told["error"]["code"], "AccessDeniedException");

    let (request, path) = ask("credentials", json!({ "principal": ANN.replace("ann", "bob") }));
    assert_eq!(request.send_to(&aws, &path).await.status, 400);
    aws.shutdown().await;
}

#[tokio::test]
async fn a_grant_for_a_service_serves_it_for_its_resource_also_after_a_restart() {
    const SERVICE: &str = "dynamodb.amazonaws.com";
    const TABLE: &str = "arn:aws:dynamodb:us-west-2:444455556666:table/orders";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let state = || State::File { path: path.clone(), master_key: MasterKey::Beside };
    let aws = start_with(Options { state: state(), ..options() }).await;
    let root = wire::of(&aws.root_credential("444455556666".parse().unwrap()), "kms");
    let grant = json!({
        "KeyId": KEY, "GranteeServicePrincipal": SERVICE, "RetiringServicePrincipal": SERVICE,
        "Operations": ["Decrypt"], "Constraints": { "SourceArn": TABLE },
    });
    let made = kms("CreateGrant", &grant.to_string()).signed(&aws, &root).send(&aws).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(service_may_decrypt(&aws, SERVICE, TABLE).await, "allowed");
    aws.shutdown().await;

    let aws = start_with(Options { state: state(), ..Options::default() }).await;
    assert_eq!(service_may_decrypt(&aws, SERVICE, TABLE).await, "allowed");
    let denied = "{denied: implicit, gate: key-policy, account: \"444455556666\"}";
    assert_eq!(service_may_decrypt(&aws, SERVICE, &TABLE.replace("orders", "others")).await, denied);
    assert_eq!(service_may_decrypt(&aws, "s3.amazonaws.com", TABLE).await, denied);
    aws.shutdown().await;
}

/// The verdict about a service that calls as itself, for a resource: no client could.
async fn service_may_decrypt(aws: &Running, service: &str, source: &str) -> String {
    let asked = json!({
        "principal": service, "action": "kms:Decrypt", "resource": KEY, "otherKeys": "absent",
        "context": { "aws:SourceArn": source },
    });
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let request = Request { method: "POST", query: String::new(), headers, body: asked.to_string().into_bytes() };
    let told: Value = serde_json::from_str(&request.send_to(aws, "/_claviger/decide").await.body).unwrap();
    told["verdict"].as_str().map_or_else(|| told.to_string(), str::to_owned)
}

/// Rule: `kms-grant-operations`.
#[tokio::test]
async fn a_grant_permits_what_grants_can_permit() {
    let aws = start_with(options()).await;
    let root = wire::of(&aws.root_credential("444455556666".parse().unwrap()), "kms");
    let ask = |operation: &str| {
        let grant = json!({ "KeyId": KEY, "GranteePrincipal": READER, "Operations": ["Decrypt", operation] });
        kms("CreateGrant", &grant.to_string()).signed(&aws, &root)
    };
    for operation in ["CreateGrant", "DescribeKey", "RetireGrant", "ReEncryptTo", "GenerateDataKeyPair"] {
        assert_eq!(ask(operation).send(&aws).await.status, 200, "{operation}");
    }
    for operation in ["ScheduleKeyDeletion", "PutKeyPolicy", "RevokeGrant", "ReEncrypt*", "kms:Decrypt", "decrypt"] {
        let (status, code, message) = ask(operation).send(&aws).await.json_error();
        assert_eq!((status, code.as_str()), (400, "ValidationException"), "{operation}: {message}");
        assert!(message.contains("operations"), "{message}");
    }
    aws.shutdown().await;
}

/// Rule: `kms-grant-grantee-exists`.
#[tokio::test]
async fn a_grant_is_for_users_and_roles_that_are_there() {
    let aws = start_with(options()).await;
    let root = wire::of(&aws.root_credential("444455556666".parse().unwrap()), "kms");
    let ask = |grantee: &str, retiring: &str| {
        let grant = json!({
            "KeyId": KEY, "GranteePrincipal": grantee, "RetiringPrincipal": retiring, "Operations": ["Decrypt"],
        });
        kms("CreateGrant", &grant.to_string()).signed(&aws, &root)
    };
    let nobody = ANN.replace("ann", "bob");
    for (grantee, retiring) in [(nobody.as_str(), READER), (READER, nobody.as_str())] {
        let (_, code, message) = ask(grantee, retiring).send(&aws).await.json_error();
        assert!(code == "InvalidArnException" && message.ends_with(&nobody), "{code}: {message}");
    }
    // Nobody tells who is in an account that the world does not have.
    assert_eq!(ask("arn:aws:iam::777788889999:role/any", READER).send(&aws).await.status, 200);
    assert_eq!(ask(ANN, READER).send(&aws).await.status, 200);
    aws.shutdown().await;
}

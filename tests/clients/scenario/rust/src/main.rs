//! The scenario of ../README.md with the AWS SDK for Rust.

use std::env;

use anyhow::{Context, Result, bail};
use aws_credential_types::Credentials;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_sdk_iam::operation::get_role::GetRoleError;
use aws_sdk_kms::{
    error::ProvideErrorMetadata,
    operation::{decrypt::builders::DecryptFluentBuilder, encrypt::builders::EncryptFluentBuilder},
    primitives::Blob,
    types::{GrantConstraints, GrantOperation, Tag},
};
use serde_json::{Value, json};

/// Clients of each service: the SDK has a type of configuration for each.
macro_rules! client {
    ($service:ident, $credentials:expr) => {{
        let config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region($service::config::Region::new("us-west-2"))
            .endpoint_url(env::var("CLAVIGER_ENDPOINT")?)
            .credentials_provider($credentials.clone());
        $service::Client::from_conf(config.build())
    }};
}

/// The two accounts: who owns the key, and who has the role.
struct Given {
    keys: Credentials,
    roles: Credentials,
    roles_account: String,
}

impl Given {
    fn read() -> Result<Self> {
        let given: serde_json::Map<String, Value> = serde_json::from_str(&env::var("CLAVIGER_CREDENTIALS")?)?;
        let mut accounts: Vec<&String> = given.keys().collect();
        accounts.sort();
        let [keys, roles] = accounts.as_slice() else { bail!("the scenario takes two accounts") };
        let credentials = |account: &str| -> Result<Credentials> {
            let text = |member: &str| {
                let text = given.get(account).and_then(|of| of.get(member)).and_then(Value::as_str);
                text.map(str::to_owned).with_context(|| format!("no {member} of {account}"))
            };
            Ok(Credentials::new(text("AccessKeyId")?, text("SecretAccessKey")?, None, None, "given"))
        };
        Ok(Self { keys: credentials(keys)?, roles: credentials(roles)?, roles_account: (*roles).clone() })
    }
}

fn tell(step: &str, mut results: Value) {
    if let Value::Object(results) = &mut results {
        results.insert("step".to_owned(), step.into());
    }
    #[expect(clippy::print_stdout, reason = "what the program is for")]
    {
        println!("{results}");
    }
}

/// The code and message that a call was refused with.
fn refused<T>(answer: Result<T, impl ProvideErrorMetadata>) -> Result<Value> {
    match answer {
        Ok(_) => bail!("not refused"),
        Err(error) => Ok(json!({ "code": error.code(), "message": error.message() })),
    }
}

/// The events of an attribute, oldest first.
async fn events(credentials: &Credentials, name: LookupAttributeKey, value: &str) -> Result<Vec<Value>> {
    let attribute = LookupAttribute::builder().attribute_key(name).attribute_value(value).build()?;
    let lookup = client!(aws_sdk_cloudtrail, credentials).lookup_events().lookup_attributes(attribute);
    let mut pages = lookup.into_paginator().page_size(2).items().send();
    let mut found = Vec::new();
    while let Some(event) = pages.next().await {
        found.push(serde_json::from_str(event?.cloud_trail_event().context("no event")?)?);
    }
    found.reverse();
    Ok(found)
}

/// What is told of events: pairs of the name and one other thing.
fn pairs(events: &[Value], other: &str) -> Value {
    let pair = |event: &Value| json!([event.get("eventName"), event.pointer(other)]);
    json!({ "events": events.iter().map(pair).collect::<Vec<_>>() })
}

#[tokio::main]
async fn main() -> Result<()> {
    let given = Given::read()?;
    let (kms, iam) = (client!(aws_sdk_kms, given.keys), client!(aws_sdk_iam, given.roles));

    let tag = Tag::builder().tag_key("team").tag_value("blue").build()?;
    let made = kms.create_key().description("scenario").tags(tag).send().await?;
    let key = made.key_metadata().and_then(|key| key.arn()).context("no key")?;
    kms.create_alias().alias_name("alias/scenario").target_key_id(key).send().await?;
    let described = kms.describe_key().key_id("alias/scenario").send().await?;
    let metadata = described.key_metadata().context("no metadata")?;
    tell("key", json!({ "arn": metadata.arn(), "state": metadata.key_state().map(|state| state.as_str()) }));

    let (role, policy) = role_and_policy(&iam, &given.roles_account).await?;
    let session = session(&given.roles, &role).await?;
    let grantee = client!(aws_sdk_kms, session);
    tell("denied by the policy", refused(grantee.list_keys().send().await)?);
    tell("denied for want of a grant", refused(encrypt(&grantee, key).send().await)?);

    let constraints = GrantConstraints::builder().encryption_context_subset("purpose", "scenario").build();
    let grant = kms.create_grant().key_id(key).grantee_principal(&role).constraints(constraints);
    let grant = grant.operations(GrantOperation::Encrypt).operations(GrantOperation::Decrypt).send().await?;
    let listed = kms.list_grants().key_id(key).send().await?;
    let listed = listed.grants().first().context("no grant")?;
    let mut operations: Vec<_> = listed.operations().iter().map(GrantOperation::as_str).collect();
    operations.sort_unstable();
    tell("grant", json!({ "grantee": listed.grantee_principal(), "operations": operations }));

    let token = grant.grant_token().context("no token")?;
    let sealed = encrypt(&grantee, key).grant_tokens(token).send().await?.ciphertext_blob.context("no ciphertext")?;
    let opened = decrypt(&grantee, &sealed, "scenario").grant_tokens(token).send().await?;
    let plaintext = opened.plaintext().map(|blob| String::from_utf8_lossy(blob.as_ref()));
    tell("sealed and opened", json!({ "key": opened.key_id(), "plaintext": plaintext }));
    let otherwise = decrypt(&grantee, &sealed, "another").grant_tokens(token).send().await;
    tell("denied for another context", refused(otherwise)?);

    kms.revoke_grant().key_id(key).grant_id(grant.grant_id().context("no id")?).send().await?;
    tell("denied after the grant", refused(decrypt(&grantee, &sealed, "scenario").send().await)?);

    let of_key = events(&given.keys, LookupAttributeKey::ResourceName, key).await?;
    tell("trail of the key", pairs(&of_key, "/userIdentity/type"));
    let of_session = events(&given.roles, LookupAttributeKey::Username, "client").await?;
    tell("trail of the session", pairs(&of_session, "/errorCode"));

    let deleted = kms.schedule_key_deletion().key_id(key).pending_window_in_days(7).send().await?;
    kms.delete_alias().alias_name("alias/scenario").send().await?;
    iam.detach_role_policy().role_name(NAME).policy_arn(&policy).send().await?;
    iam.delete_policy().policy_arn(&policy).send().await?;
    iam.delete_role().role_name(NAME).send().await?;
    let gone = iam.get_role().role_name(NAME).send().await.map_err(|error| error.into_service_error());
    let Err(GetRoleError::NoSuchEntityException(gone)) = gone else { bail!("the role is still there: {gone:?}") };
    let state = deleted.key_state().map(|state| state.as_str());
    tell("cleaned up", json!({ "state": state, "code": gone.meta().code(), "message": gone.message() }));
    Ok(())
}

/// Of the role and of the policy.
const NAME: &str = "Scenario";

/// Makes both, and gives their ARNs.
async fn role_and_policy(iam: &aws_sdk_iam::Client, account: &str) -> Result<(String, String)> {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") }, "Action": "sts:AssumeRole" }] });
    let made = iam.create_role().role_name(NAME).path("/team/").assume_role_policy_document(trust.to_string());
    made.send().await?;
    let role = iam.get_role().role_name(NAME).send().await?.role.context("no role")?;
    let document = role.assume_role_policy_document().context("no trust policy")?;
    let document = percent_encoding::percent_decode_str(document).decode_utf8()?;
    let document: Value = serde_json::from_str(&document)?;
    tell("role", json!({ "arn": role.arn(), "trusts": document.pointer("/Statement/0/Principal/AWS") }));

    let allowed = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "kms:GenerateRandom",
        "Resource": "*" }] });
    let made = iam.create_policy().policy_name(NAME).policy_document(allowed.to_string()).send().await?;
    let policy = made.policy().and_then(|policy| policy.arn()).context("no policy")?;
    iam.attach_role_policy().role_name(NAME).policy_arn(policy).send().await?;
    let attached = iam.list_attached_role_policies().role_name(NAME).send().await?;
    let attached: Vec<_> = attached.attached_policies().iter().map(|each| each.policy_arn()).collect();
    tell("policy", json!({ "attached": attached }));
    Ok((role.arn().to_owned(), policy.to_owned()))
}

/// Begins a session of the role, and does what its policy allows.
async fn session(credentials: &Credentials, role: &str) -> Result<Credentials> {
    let assume = client!(aws_sdk_sts, credentials).assume_role().role_arn(role).role_session_name("client");
    let begun = assume.send().await?.credentials.context("no credentials")?;
    let token = Some(begun.session_token);
    let session = Credentials::new(begun.access_key_id, begun.secret_access_key, token, None, "session");
    let who = client!(aws_sdk_sts, session).get_caller_identity().send().await?;
    let random = client!(aws_sdk_kms, session).generate_random().number_of_bytes(16).send().await?;
    let length = random.plaintext().map(|random| random.as_ref().len());
    tell("session", json!({ "arn": who.arn(), "random": length }));
    Ok(session)
}

fn encrypt(kms: &aws_sdk_kms::Client, key: &str) -> EncryptFluentBuilder {
    kms.encrypt().key_id(key).plaintext(Blob::new("hello")).encryption_context("purpose", "scenario")
}

fn decrypt(kms: &aws_sdk_kms::Client, sealed: &Blob, purpose: &str) -> DecryptFluentBuilder {
    kms.decrypt().ciphertext_blob(sealed.clone()).encryption_context("purpose", purpose)
}

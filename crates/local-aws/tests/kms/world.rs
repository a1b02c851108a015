//! A KMS with a clock that stands, and callers of it.

use authz::principal::{Principal, RoleSession};
use aws_model::{AccountId, Region};
use aws_wire::{model::ServiceId, protocol::aws_json};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use local_aws::{CallContext, Caller, Clock, Quotas, ServiceError, kms::Kms, store::Store};
use serde_json::{Value, json};

pub(crate) const OWNER: &str = "111122223333";
pub(crate) const STRANGER: &str = "444455556666";

pub(crate) struct World {
    pub(crate) kms: Kms,
    pub(crate) clock: Clock,
}

/// Somebody in a region.
#[derive(Clone)]
pub(crate) struct Client<'w> {
    world: &'w World,
    caller: Caller,
    region: Region,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Store::memory())
    }

    pub(crate) fn over(store: Store) -> Self {
        Self::with(store, Quotas::default())
    }

    pub(crate) fn with_quotas(quotas: Quotas) -> Self {
        Self::with(Store::memory(), quotas)
    }

    fn with(store: Store, quotas: Quotas) -> Self {
        let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
        Self { kms: Kms::open_with(store, clock.clone(), quotas).unwrap(), clock }
    }

    pub(crate) fn pass(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days)).unwrap();
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// The root user of an account, in us-east-1.
    pub(crate) fn root(&self, account: &str) -> Client<'_> {
        self.client(Caller::root(account.parse().unwrap(), "AKIDEXAMPLE"))
    }

    pub(crate) fn owner(&self) -> Client<'_> {
        self.root(OWNER)
    }

    /// A session of a role of the account, in us-east-1.
    pub(crate) fn role(&self, account: &str, role: &str) -> Client<'_> {
        let account: AccountId = account.parse().unwrap();
        let role_arn = format!("arn:aws:iam::{account}:role/{role}").parse().unwrap();
        self.client(Caller {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/session"),
            user_id: "AROAEXAMPLE:session".to_owned(),
            principal: Principal::Session(Box::new(RoleSession::of(role_arn, Some("session".to_owned())))),
            ..Caller::root(account, "ASIAEXAMPLE")
        })
    }

    fn client(&self, caller: Caller) -> Client<'_> {
        Client { world: self, caller, region: "us-east-1".parse().unwrap() }
    }
}

impl Client<'_> {
    pub(crate) fn at(&self, region: &str) -> Self {
        Self { region: region.parse().unwrap(), ..self.clone() }
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let ctx = CallContext {
            caller: &self.caller,
            region: &self.region,
            now: self.world.clock.now(),
            request_id: "00000000-0000-0000-0000-000000000000",
            invoked_by: None,
            peer: None,
            notes: None,
        };
        let answer = self.world.kms.call(&ctx, operation, input.clone()).await;
        hold_against_the_model(operation, &input, &answer);
        answer
    }

    pub(crate) async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input.clone()).await.unwrap_or_else(|e| panic!("{operation} {input}: {e}"))
    }

    /// The code and the message of the refusal.
    pub(crate) async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        match self.call(operation, input.clone()).await {
            Ok(answer) => panic!("{operation} {input} was answered: {answer}"),
            Err(error) => (error.code().to_owned(), error.message().to_owned()),
        }
    }

    pub(crate) async fn code(&self, operation: &str, input: Value) -> String {
        self.refused(operation, input).await.0
    }

    /// The ARN of a new key.
    pub(crate) async fn key(&self) -> String {
        self.key_like(json!({})).await
    }

    pub(crate) async fn key_like(&self, input: Value) -> String {
        text(&self.ok("CreateKey", input).await["KeyMetadata"]["Arn"])
    }

    pub(crate) async fn describe(&self, key: &str) -> Value {
        self.ok("DescribeKey", json!({"KeyId": key})).await["KeyMetadata"].clone()
    }

    pub(crate) async fn state(&self, key: &str) -> String {
        text(&self.describe(key).await["KeyState"])
    }

    pub(crate) async fn encrypt(&self, key: &str, plaintext: &[u8]) -> String {
        text(&self.ok("Encrypt", json!({"KeyId": key, "Plaintext": base64(plaintext)})).await["CiphertextBlob"])
    }

    pub(crate) async fn decrypt(&self, blob: &str) -> Vec<u8> {
        bytes(&self.ok("Decrypt", json!({"CiphertextBlob": blob})).await["Plaintext"])
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text(value)).unwrap()
}

/// What is answered has the operation's shape and nothing beside it, what is refused is an error the operation has,
/// and no input is tried that the wire would not let through.
fn hold_against_the_model(operation: &str, input: &Value, answer: &Result<Value, ServiceError>) {
    // `NotAuthorizedException` is declared nowhere, and is what AWS answers to an alias of its own.
    const OF_EVERY_OPERATION: [&str; 4] =
        ["ValidationException", "AccessDeniedException", "InvalidArnException", "NotAuthorizedException"];
    let model = aws_wire::model::service(ServiceId::Kms);
    let modelled = model.operation(operation).unwrap();
    match answer {
        Ok(answer) => {
            aws_wire::validate::input(model, modelled, input).unwrap_or_else(|e| panic!("{operation} {input}: {e}"));
            let encoded = aws_json::encode_response(model, modelled, answer, "r").unwrap();
            if modelled.output().is_some() {
                let decoded = aws_json::decode_response(model, modelled, &encoded.body).unwrap();
                assert_eq!(
                    with_floats(decoded),
                    with_floats(answer.clone()),
                    "{operation} answers what its shape has not"
                );
            } else {
                assert_eq!(*answer, json!({}), "{operation} answers nothing");
            }
        }
        Err(error) => {
            let is_declared = modelled.error(error.code()).is_some();
            assert!(is_declared || OF_EVERY_OPERATION.contains(&error.code()), "{operation}: {error}");
        }
    }
}

/// The wire writes a whole second without its fraction.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, with_floats(member))).collect(),
        other => other,
    }
}

/// The last part of a key's ARN.
pub(crate) fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

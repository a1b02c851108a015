//! The KMS by itself, without wire and signatures: `cargo bench -p local-aws --bench kms`.
//!
//! Each operation at 10 and at 10,000 keys (or grants): the two must cost the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

use aws_model::AccountId;
use divan::{Bencher, black_box};
use local_aws::{CallContext, Caller, Clock, kms::Kms, store::Store};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const SIZES: [usize; 2] = [10, 10_000];
const OWNER: &str = "111122223333";
const STRANGER: &str = "444455556666";

fn main() {
    divan::main();
}

/// A KMS in memory and a key of it.
struct World {
    runtime: Runtime,
    kms: Kms,
    key: Value,
}

impl World {
    fn with_keys(keys: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let kms = Kms::open(Store::memory(), Clock::real()).unwrap();
        let mut world = Self { runtime, kms, key: Value::Null };
        for _ in 0..keys {
            world.key = world.call(OWNER, "CreateKey", json!({}))["KeyMetadata"]["Arn"].clone();
        }
        world.call(OWNER, "CreateAlias", json!({"AliasName": "alias/bench", "TargetKeyId": world.key}));
        world
    }

    fn call(&self, account: &str, operation: &str, input: Value) -> Value {
        let account: AccountId = account.parse().unwrap();
        let caller = Caller::root(account, "AKIDEXAMPLE");
        let region = "us-east-1".parse().unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let ctx = CallContext {
            caller: &caller,
            region: &region,
            now,
            request_id: "r",
            invoked_by: None,
            peer: None,
            notes: None,
        };
        self.runtime.block_on(self.kms.call(&ctx, operation, input)).unwrap()
    }

    fn sealed(&self) -> Value {
        self.call(OWNER, "Encrypt", json!({"KeyId": self.key, "Plaintext": "c2VlZA=="}))["CiphertextBlob"].clone()
    }
}

#[divan::bench(args = SIZES)]
fn encrypt(bencher: Bencher<'_, '_>, keys: usize) {
    let world = World::with_keys(keys);
    let input = json!({"KeyId": world.key, "Plaintext": "c2VlZA==", "EncryptionContext": {"cluster": "demo"}});
    bencher.with_inputs(|| input.clone()).bench_values(|input| black_box(world.call(OWNER, "Encrypt", input)));
}

#[divan::bench(args = SIZES)]
fn encrypt_by_alias(bencher: Bencher<'_, '_>, keys: usize) {
    let world = World::with_keys(keys);
    let input = json!({"KeyId": "alias/bench", "Plaintext": "c2VlZA=="});
    bencher.with_inputs(|| input.clone()).bench_values(|input| black_box(world.call(OWNER, "Encrypt", input)));
}

#[divan::bench(args = SIZES)]
fn decrypt(bencher: Bencher<'_, '_>, keys: usize) {
    let world = World::with_keys(keys);
    let input = json!({"CiphertextBlob": world.sealed()});
    bencher.with_inputs(|| input.clone()).bench_values(|input| black_box(world.call(OWNER, "Decrypt", input)));
}

/// As a grantee of another account, one of many.
#[divan::bench(args = SIZES)]
fn decrypt_by_grant(bencher: Bencher<'_, '_>, grants: usize) {
    let world = World::with_keys(1);
    let grant = |grantee: String| {
        world.call(
            OWNER,
            "CreateGrant",
            json!({"KeyId": world.key, "GranteePrincipal": grantee, "Operations": ["Decrypt"]}),
        )
    };
    for n in 1..grants {
        grant(format!("arn:aws:iam::{OWNER}:role/{n}"));
    }
    grant(format!("arn:aws:iam::{STRANGER}:root"));
    let input = json!({"CiphertextBlob": world.sealed()});
    bencher.with_inputs(|| input.clone()).bench_values(|input| black_box(world.call(STRANGER, "Decrypt", input)));
}

#[divan::bench(args = SIZES)]
fn generate_data_key(bencher: Bencher<'_, '_>, keys: usize) {
    let world = World::with_keys(keys);
    let input = json!({"KeyId": world.key, "KeySpec": "AES_256"});
    bencher.with_inputs(|| input.clone()).bench_values(|input| black_box(world.call(OWNER, "GenerateDataKey", input)));
}

#[divan::bench(args = SIZES)]
fn create_key(bencher: Bencher<'_, '_>, keys: usize) {
    let world = World::with_keys(keys);
    bencher.bench(|| black_box(world.call(OWNER, "CreateKey", json!({}))));
}

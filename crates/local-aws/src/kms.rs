//! The embedded AWS's Key Management Service.
//!
//! ```text
//!   call ------> keys, lifecycle, aliases, tags, policies, grants,    one file for each family of operations
//!     |          encryption, data_keys, signing, mac, public_key,
//!     |          rotation, multi_region
//!     |             |                |                 |
//!     |          authorize        key_state         material          who may, what the state allows, and what the
//!     |             |             kind              ciphertext        cryptography is done with
//!     |             |                |              pair
//!     |             |                |                 |
//!     +--------> state: keys, families (material, rotation), aliases, grants, agenda (what comes due)
//!                   |
//!                 store
//! ```
//!
//! Every operation runs in memory; the answer is told when all that it rests on is durable, be it the caller's own
//! change or somebody else's that it has seen. A refusal or a list may rest on what is *not* there, so it waits for
//! every change made so far.
//!
//! An RSA key takes up to seconds to make. The call that wants one ends where everything else is checked, the key is made
//! beside the runtime, under no lock, and the call is made once more with it.

mod adopt;
mod aliases;
mod authorize;
mod blob;
mod call;
mod ciphertext;
mod data_keys;
mod encryption;
mod family;
mod fault;
mod forced;
mod grants;
mod import;
mod key;
mod key_id;
mod key_policy;
mod key_state;
mod key_stores;
mod keys;
mod kind;
mod last_usage;
mod lifecycle;
mod lockout;
mod mac;
mod material;
mod metadata;
mod multi_region;
mod of_services;
mod paging;
mod pair;
mod policies;
mod public_key;
mod rotation;
mod signing;
mod state;
mod tags;

use std::{num::NonZero, sync::Arc};

use authz::world::World;
use aws_model::SecretBytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    CallContext, Clock, Quotas, ServiceError,
    authorization::Authorizer,
    operations::operations,
    store::{OpenError, Store, Ticket, WriteFailed},
    trail::Trail,
};
pub use adopt::UnfitKey;
pub(crate) use forced::Forced;
pub(crate) use of_services::ManagedKey;

use call::{Call, Made};
use kind::KeySpec;
use state::State;
pub(crate) use state::{TABLES, TOKEN_KEYS, add_missing_secrets};

/// The Key Management Service of all accounts and regions. Clones share their state.
#[derive(Clone, Debug)]
pub struct Kms {
    state: Arc<State>,
    /// As many keys are made at once as there are processors.
    makers: Arc<Semaphore>,
}

impl Kms {
    /// Reads what the store kept, and does what has come due since.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub fn open(store: Store, clock: Clock) -> Result<Self, OpenError> {
        Self::open_with(store, clock, Quotas::default())
    }

    /// As [`open`](Self::open), with quotas that are not the usual ones.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_with(store: Store, clock: Clock, quotas: Quotas) -> Result<Self, OpenError> {
        let trail = Arc::new(Trail::new(clock.clone(), 0));
        Self::open_under(store, clock, quotas, Arc::new(Authorizer::new(World::new())), trail)
    }

    /// As [`open_with`](Self::open_with), with accounts, users and roles that are known, and with events.
    pub(crate) fn open_under(
        store: Store,
        clock: Clock,
        quotas: Quotas,
        authorizer: Arc<Authorizer>,
        trail: Arc<Trail>,
    ) -> Result<Self, OpenError> {
        let state = State::load(store, quotas, authorizer, trail, clock.now())?;
        state.catch_up(clock.now());
        let makers = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self { state: Arc::new(state), makers: Arc::new(Semaphore::new(makers)) })
    }

    /// The facts that calls are decided on, as they are now: what has come due has happened, and all of it would survive
    /// a kill.
    pub(crate) async fn facts(&self, now: Timestamp) -> Result<World, WriteFailed> {
        self.state.catch_up(now);
        let facts = self.state.facts();
        self.state.store().durable(self.state.store().newest()).await?;
        Ok(facts)
    }

    /// Does what has come due.
    pub(crate) fn catch_up(&self, now: Timestamp) {
        self.state.catch_up(now);
    }

    /// Answers one operation. The caller's signature and the input against the service's model are checked already.
    ///
    /// # Errors
    /// KMS's own errors, `KMSInternalException` when the answer could not be made durable.
    pub async fn call(&self, ctx: &CallContext<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let again = may_want_material(operation).then(|| input.clone());
        let mut answered = self.answer(ctx, operation, input, None);
        if let (Some(spec), Some(input)) = (answered.wanted, again) {
            let secret = self.make(spec).await?;
            answered = self.answer(ctx, operation, input, Some(Made { spec, secret }));
        }
        self.state.store().durable(answered.seen).await?;
        answered.answer
    }

    /// The same beside the runtime, of as many at once as the machine has cores.
    pub(crate) async fn rsa_key(&self) -> Result<SecretBytes, ServiceError> {
        self.make(KeySpec::Rsa2048).await
    }

    /// Makes material beside the runtime: others are answered meanwhile.
    async fn make(&self, spec: KeySpec) -> Result<SecretBytes, ServiceError> {
        let failed = || ServiceError::internal("KMSInternalException", "The key material could not be made.");
        let permit = Arc::clone(&self.makers).acquire_owned().await.map_err(|_closed| failed())?;
        let made = tokio::task::spawn_blocking(move || {
            let made = material::generate(spec);
            // Held to the end of the work, which goes on when the caller has gone.
            drop(permit);
            made
        });
        Ok(made.await.map_err(|_| failed())??)
    }
}

/// A new RSA key of 2048 bits that is none of KMS's, in PKCS #8; it takes up to a second. `None` where the library fails.
pub(crate) fn new_rsa_key() -> Option<SecretBytes> {
    material::generate(KeySpec::Rsa2048).ok()
}

/// What came of a call.
struct Answered {
    answer: Result<Value, ServiceError>,
    /// What must be durable before it is told.
    seen: Ticket,
    /// What must be made before the call can be answered.
    wanted: Option<KeySpec>,
}

/// Whether an operation makes material that can take long: all others are spared a copy of their input.
fn may_want_material(operation: &str) -> bool {
    matches!(
        operation,
        "CreateKey" | "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" | "GetParametersForImport"
    )
}

impl Kms {
    fn answer(&self, ctx: &CallContext<'_>, operation: &str, input: Value, made: Option<Made>) -> Answered {
        self.state.catch_up(ctx.now);
        let mut call = Call::new(ctx, &self.state, operation, made);
        let unsupported = || Err(fault::unsupported(format!("{operation} is not supported by the embedded AWS.")));
        let answer = call.authorize(&input);
        let answer = answer.and_then(|()| Self::handle(&call, operation, input).unwrap_or_else(unsupported));
        if answer.is_err() {
            call.see_absence();
        }
        Answered { answer, seen: call.seen(), wanted: call.wanted() }
    }
}

operations! {
    pub impl Kms, Call<'_>;
    "CreateKey" => keys::create_key,
        lacks "keys in custom and external key stores; `SM2` and ML-KEM keys",
    "DescribeKey" => keys::describe_key,
    "ListKeys" => keys::list_keys,
    "UpdateKeyDescription" => keys::update_key_description,
    "EnableKey" => lifecycle::enable_key,
    "DisableKey" => lifecycle::disable_key,
    "ScheduleKeyDeletion" => lifecycle::schedule_key_deletion,
    "CancelKeyDeletion" => lifecycle::cancel_key_deletion,
    "CreateAlias" => aliases::create_alias,
    "UpdateAlias" => aliases::update_alias,
    "DeleteAlias" => aliases::delete_alias,
    "ListAliases" => aliases::list_aliases,
    "TagResource" => tags::tag_resource,
    "UntagResource" => tags::untag_resource,
    "ListResourceTags" => tags::list_resource_tags,
    "PutKeyPolicy" => policies::put_key_policy,
    "GetKeyPolicy" => policies::get_key_policy,
    "ListKeyPolicies" => policies::list_key_policies,
    "Encrypt" => encryption::encrypt,
    "Decrypt" => encryption::decrypt,
        lacks "`Recipient`, as there is no enclave",
    "ReEncrypt" => encryption::re_encrypt,
    "GenerateDataKey" => data_keys::generate_data_key,
        lacks "`Recipient`, as there is no enclave",
    "GenerateDataKeyWithoutPlaintext" => data_keys::generate_data_key_without_plaintext,
    "GenerateDataKeyPair" => data_keys::generate_data_key_pair,
        lacks "`Recipient`, as there is no enclave; `SM2` pairs",
    "GenerateDataKeyPairWithoutPlaintext" => data_keys::generate_data_key_pair_without_plaintext,
        lacks "`SM2` pairs",
    "GenerateRandom" => data_keys::generate_random,
        lacks "`Recipient`, as there is no enclave; custom key stores",
    "CreateGrant" => grants::create_grant,
    "ListGrants" => grants::list_grants,
        lacks "services as callers, whom AWS lets filter by `GranteeServicePrincipal`",
    "ListRetirableGrants" => grants::list_retirable_grants,
    "RetireGrant" => grants::retire_grant,
    "RevokeGrant" => grants::revoke_grant,
    "EnableKeyRotation" => rotation::enable_key_rotation,
    "DisableKeyRotation" => rotation::disable_key_rotation,
    "GetKeyRotationStatus" => rotation::get_key_rotation_status,
    "RotateKeyOnDemand" => rotation::rotate_key_on_demand,
    "ListKeyRotations" => rotation::list_key_rotations,
    "ReplicateKey" => multi_region::replicate_key,
    "UpdatePrimaryRegion" => multi_region::update_primary_region,
    "Sign" => signing::sign,
        lacks "`ED25519_PH_SHA_512`; the message type `EXTERNAL_MU`; `SM2DSA`",
    "Verify" => signing::verify,
        lacks "`ED25519_PH_SHA_512`; the message type `EXTERNAL_MU`; `SM2DSA`",
    "GetPublicKey" => public_key::get_public_key,
    "DeriveSharedSecret" => public_key::derive_shared_secret,
    "GenerateMac" => mac::generate_mac,
    "VerifyMac" => mac::verify_mac,
    "GetKeyLastUsage" => last_usage::get_key_last_usage,
        lacks "uses of before the process began; `CloudTrailEventId`",
    "DescribeCustomKeyStores" => key_stores::describe_custom_key_stores,
        lacks "key stores: it answers as in an account without one",
    "CreateCustomKeyStore" => key_stores::create_custom_key_store,
        lacks "key stores: there is no CloudHSM cluster or external key store to make one of",
    "ConnectCustomKeyStore" => key_stores::not_there,
        lacks "key stores: none is found",
    "DeleteCustomKeyStore" => key_stores::not_there,
        lacks "key stores: none is found",
    "DisconnectCustomKeyStore" => key_stores::not_there,
        lacks "key stores: none is found",
    "UpdateCustomKeyStore" => key_stores::not_there,
        lacks "key stores: none is found",
    "GetParametersForImport" => import::get_parameters_for_import,
        lacks "`SM2PKE`",
    "ImportKeyMaterial" => import::import_key_material,
    "DeleteImportedKeyMaterial" => import::delete_imported_key_material,
}

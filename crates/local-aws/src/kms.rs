//! The embedded AWS's Key Management Service: symmetric keys, whole.
//!
//! ```text
//!   call ------> keys, lifecycle, aliases, tags, policies, grants,    one file for each family of operations
//!     |          encryption, data_keys, rotation, multi_region
//!     |             |                |                 |
//!     |          authorize        key_state         ciphertext        who may, what the state allows, the blob
//!     |             |                |                 |
//!     +--------> state: keys, families (material, rotation), aliases, grants, agenda (what comes due)
//!                   |
//!                 store
//! ```
//!
//! Every operation runs in memory; the answer is told when all that it rests on is durable, be it the caller's own
//! change or somebody else's that it has seen. A refusal or a list may rest on what is *not* there, so it waits for
//! every change made so far.

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
mod grants;
mod key;
mod key_id;
mod key_policy;
mod key_state;
mod keys;
mod lifecycle;
mod lockout;
mod metadata;
mod multi_region;
mod other_kinds;
mod paging;
mod policies;
mod quotas;
mod rotation;
mod state;
mod tags;

use std::sync::Arc;

use authz::world::World;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    CallContext, Clock, ServiceError,
    authorization::Authorizer,
    store::{OpenError, Store, WriteFailed},
    trail::Trail,
};
pub use adopt::UnfitKey;
pub use quotas::Quotas;

use call::Call;
use state::State;

/// The Key Management Service of all accounts and regions. Clones share their state.
#[derive(Clone, Debug)]
pub struct Kms(Arc<State>);

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
        let state = State::load(store, quotas, authorizer, trail)?;
        state.catch_up(clock.now());
        Ok(Self(Arc::new(state)))
    }

    /// The facts that calls are decided on, as they are now: what has come due has happened, and all of it would survive
    /// a kill.
    pub(crate) async fn facts(&self, now: Timestamp) -> Result<World, WriteFailed> {
        self.0.catch_up(now);
        let facts = self.0.facts();
        self.0.store().durable(self.0.store().newest()).await?;
        Ok(facts)
    }

    /// Answers one operation. The caller's signature and the input against the service's model are checked already.
    ///
    /// # Errors
    /// KMS's own errors, `KMSInternalException` when the answer could not be made durable.
    pub async fn call(&self, ctx: &CallContext<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let (answer, seen) = self.answer(ctx, operation, input);
        self.0.store().durable(seen).await?;
        answer
    }
}

/// The operations that are answered, and by what.
macro_rules! operations {
    ($($name:literal => $handler:expr,)*) => {
        impl Kms {
            /// The names of the operations that [`call`](Self::call) answers.
            pub const OPERATIONS: &'static [&'static str] = &[$($name),*];

            fn answer(
                &self,
                ctx: &CallContext<'_>,
                operation: &str,
                input: Value,
            ) -> (Result<Value, ServiceError>, crate::store::Ticket) {
                self.0.catch_up(ctx.now);
                let mut call = Call::new(ctx, &self.0, operation);
                let answer = call.authorize(&input).and_then(|()| match operation {
                    $($name => $handler(&call, input),)*
                    other => Err(fault::unsupported(format!("{other} is not supported by the embedded AWS."))),
                });
                if answer.is_err() {
                    call.see_absence();
                }
                (answer, call.seen())
            }
        }
    };
}

operations! {
    "CreateKey" => keys::create_key,
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
    "ReEncrypt" => encryption::re_encrypt,
    "GenerateDataKey" => data_keys::generate_data_key,
    "GenerateDataKeyWithoutPlaintext" => data_keys::generate_data_key_without_plaintext,
    "GenerateRandom" => data_keys::generate_random,
    "CreateGrant" => grants::create_grant,
    "ListGrants" => grants::list_grants,
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
    "Sign" => |call: &Call<'_>, input| other_kinds::other_usage(call, input, "Sign"),
    "Verify" => |call: &Call<'_>, input| other_kinds::other_usage(call, input, "Verify"),
    "GenerateMac" => |call: &Call<'_>, input| other_kinds::other_usage(call, input, "GenerateMac"),
    "VerifyMac" => |call: &Call<'_>, input| other_kinds::other_usage(call, input, "VerifyMac"),
    "DeriveSharedSecret" => |call: &Call<'_>, input| other_kinds::other_usage(call, input, "DeriveSharedSecret"),
    "GetPublicKey" => other_kinds::no_public_key,
    "GetParametersForImport" => other_kinds::other_origin,
    "ImportKeyMaterial" => other_kinds::other_origin,
    "DeleteImportedKeyMaterial" => other_kinds::other_origin,
}

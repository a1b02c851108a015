//! One call: who asks for what, and what it has seen.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use aws_model::{AccountId, Arn, KeyArn, SecretBytes};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    authorize::{self, Permit},
    fault,
    grants::GrantToken,
    key::{Key, KeyMoment},
    key_id::KeyId,
    key_state::KeyUse,
    kind::{KeySpec, KeyUsage},
    material::{self, Material},
    state::{Change, State},
};
use crate::{CallContext, ServiceError, store::Ticket};

/// What an operation is handed.
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) state: &'a State,
    operation: &'a str,
    permits: Vec<Permit>,
    seen: Cell<Ticket>,
    made: RefCell<Option<Made>>,
    wanted: Cell<Option<KeySpec>>,
}

/// Material that took long to make, for the call that wants it.
pub(super) struct Made {
    pub(super) spec: KeySpec,
    pub(super) secret: SecretBytes,
}

/// How a parameter may name a key.
///
/// Source: AWS KMS API Reference, `KeyId` of each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Key id or key ARN.
    Key,
    /// Also alias name or alias ARN.
    KeyOrAlias,
}

/// Which key a text names, before anybody looked whether it exists.
pub(super) enum Named {
    Key(AccountId, KeyId),
    Alias(AccountId, String),
}

impl<'a> Call<'a> {
    pub(super) fn new(ctx: &'a CallContext<'a>, state: &'a State, operation: &'a str, made: Option<Made>) -> Self {
        let (seen, made, wanted) = (Cell::default(), RefCell::new(made), Cell::new(None));
        Self { ctx, state, operation, permits: Vec::new(), seen, made, wanted }
    }

    /// Asks whether the caller may do what it calls for. Nothing is looked up for it before.
    pub(super) fn authorize(&mut self, input: &Value) -> Result<(), ServiceError> {
        self.permits = authorize::authorize(self, self.operation, input)?;
        Ok(())
    }

    /// What must be durable before the answer may be told: it rests on it.
    pub(super) fn seen(&self) -> Ticket {
        self.seen.get()
    }

    pub(super) fn see(&self, ticket: Ticket) {
        self.seen.set(self.seen.get().max(ticket));
    }

    /// The answer rests on something not being there, looked for before: whatever took it away must be durable, too.
    /// Nothing is left that could carry the ticket of its end, so this is the newest of all.
    pub(super) fn see_absence(&self) {
        self.see(self.state.store().newest());
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ctx.now
    }

    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    /// Starts a change. What a change depends on is looked up after this.
    pub(super) fn change(&self) -> Change<'a> {
        Change::begin(self.state)
    }

    pub(super) fn commit(&self, change: Change<'_>) {
        self.see(change.commit());
    }

    /// The key that a member of the input names. The caller was found to be allowed what the operation does with it.
    pub(super) fn key(&self, member: &'static str, text: &str) -> Result<Arc<Key>, ServiceError> {
        let named = self.named(text, authorize::naming(self.operation, member))?;
        let owner = named.owner();
        match self.look_up(named) {
            Ok(key) => self.permitted(member, key),
            Err(missing) if owner == self.account() || self.tells_strangers_what_is_missing() => Err(missing),
            Err(_) => Err(self.denied_of_absent()),
        }
    }

    /// A key that was looked up again behind a permit: the same one, unless somebody has moved an alias since. Then it
    /// is asked anew, with all else as it was.
    pub(super) fn permitted(&self, member: &'static str, key: Arc<Key>) -> Result<Arc<Key>, ServiceError> {
        let mut of_member = self.permits.iter().filter(|permit| permit.member == member);
        if of_member.clone().any(|permit| permit.key.as_ref().is_some_and(|permitted| permitted.arn == key.arn)) {
            return Ok(key);
        }
        let Some(permit) = of_member.next() else {
            tracing::error!(operation = self.operation, member, "a key was used for which nobody asked");
            return Err(ServiceError::internal("KMSInternalException", "The request could not be authorized."));
        };
        let mut request = permit.request.clone();
        request.resource.arn = key.arn.as_str().into();
        self.state.authorizer().check(&request)?;
        self.see(key.access());
        Ok(key)
    }

    /// The key of the caller's own account that a text names, for a list that asks no permission on it.
    pub(super) fn own_key(&self, text: &str) -> Result<Arc<Key>, ServiceError> {
        let named = self.named(text, Naming::Key)?;
        if named.owner() == self.account() { self.look_up(named) } else { Err(self.denied_of_absent()) }
    }

    /// Whether a key of another account that is not there is told as that; see the rule `kms-denied-or-missing`.
    fn tells_strangers_what_is_missing(&self) -> bool {
        !self.state.authorizer().assumptions().kms_denied_or_missing
    }

    /// The first thing that was asked, and allowed.
    pub(super) fn first_request(&self) -> Option<&authz::request::Request> {
        self.permits.first().map(|permit| &permit.request)
    }

    /// The denial of what is not there, or none of the caller's business.
    pub(super) fn denied_of_absent(&self) -> ServiceError {
        fault::denied_across_accounts(self, self.operation)
    }

    /// The key at this moment.
    pub(super) fn moment(&self, key: &Key) -> Arc<KeyMoment> {
        let moment = key.now();
        self.see(moment.ticket);
        moment
    }

    /// The key at this moment, if its state allows the use.
    pub(super) fn usable(&self, key: &Key, wanted: KeyUse) -> Result<Arc<KeyMoment>, ServiceError> {
        let moment = self.moment(key);
        // What a key is used for is seen everywhere; what is changed of it, at once by who changes it.
        let state = match wanted {
            KeyUse::Cryptography | KeyUse::CreateGrant => key.spread_state(&moment.record, self.now()),
            _ => moment.record.state(self.now()),
        };
        state.permit(wanted, &key.arn, self.state.authorizer().assumptions())?;
        Ok(moment)
    }

    /// The key at this moment, if it is for `usage` and may be used. What it is for comes first.
    pub(super) fn usable_for(&self, key: &Key, usage: KeyUsage) -> Result<(), ServiceError> {
        if key.kind().usage != usage {
            return Err(fault::other_usage(&key.arn, key.kind(), self.operation));
        }
        self.usable(key, KeyUse::Cryptography).map(drop)
    }

    /// The key's newest material. No answer that it had a part in may leave before it is on disk.
    pub(super) fn material(&self, key: &Key) -> Result<Arc<Material>, ServiceError> {
        let family = key.family.now();
        self.see(family.ticket);
        let material = family.current().cloned();
        material.ok_or_else(|| ServiceError::internal("KMSInternalException", "the key has no material"))
    }

    /// Notes that an operation was done with a key.
    pub(super) fn used(&self, key: &Key, operation: &'static str) {
        key.last_use.note(operation, self.now(), self.ctx.request_id);
    }

    /// The secret bytes of new material. What takes long is not made here: the call ends, and is made once more with
    /// what it [wanted](Self::wanted). So this comes behind every check, and before anything is changed or locked.
    pub(super) fn new_secret(&self, spec: KeySpec) -> Result<SecretBytes, ServiceError> {
        if !material::is_slow(spec) {
            return Ok(material::generate(spec)?);
        }
        if let Some(made) = self.made.take().filter(|made| made.spec == spec) {
            return Ok(made.secret);
        }
        self.wanted.set(Some(spec));
        Err(ServiceError::internal("KMSInternalException", "The key material is still to be made."))
    }

    /// What must be made before the call can be answered.
    pub(super) fn wanted(&self) -> Option<KeySpec> {
        self.wanted.get()
    }

    /// Tokens must be tokens. They are needed for grants alone that have not spread yet.
    pub(super) fn check_grant_tokens(&self, tokens: &[String]) -> Result<(), ServiceError> {
        if tokens.iter().all(|token| self.grant_of_token(token).is_some()) {
            Ok(())
        } else {
            Err(ServiceError::new("InvalidGrantTokenException", "Invalid grant token."))
        }
    }

    /// The id of the grant that a token is of.
    pub(super) fn grant_of_token(&self, token: &str) -> Option<String> {
        let token = GrantToken::parse(token)?;
        self.state.key_at(&token.key).filter(|key| token.is_of(key)).map(|_| token.grant_id)
    }

    pub(super) fn look_up(&self, named: Named) -> Result<Arc<Key>, ServiceError> {
        let region = self.ctx.region;
        match named {
            Named::Key(account, id) => self.state.key(account, region, id).ok_or_else(|| {
                fault::no_such_key(format_args!("arn:{}:kms:{region}:{account}:key/{id}", region.partition()))
            }),
            Named::Alias(account, name) => {
                let missing = || fault::no_such_alias(account, region, &name);
                let alias = self.state.alias(account, region, &name).ok_or_else(missing)?;
                self.see(alias.ticket);
                self.state.key_at(&alias.target).ok_or_else(missing)
            }
        }
    }

    pub(super) fn named(&self, text: &str, naming: Naming) -> Result<Named, ServiceError> {
        if text.starts_with("alias/") && naming == Naming::KeyOrAlias {
            return Ok(Named::Alias(self.account(), text.to_owned()));
        }
        if !text.starts_with("arn:") {
            let id = text.parse().map_err(|_| fault::invalid_key_id(text))?;
            return Ok(Named::Key(self.account(), id));
        }
        let arn: Arn = text.parse().map_err(|_| fault::invalid_arn(text))?;
        let account = arn.account().parse().map_err(|_| fault::invalid_arn(text))?;
        if arn.service() != "kms" || arn.partition() != self.ctx.region.partition().as_str() {
            return Err(fault::invalid_arn(text));
        }
        if arn.region() != self.ctx.region.as_str() {
            return Err(fault::other_region(arn.region()));
        }
        if arn.resource().starts_with("alias/") && naming == Naming::KeyOrAlias {
            return Ok(Named::Alias(account, arn.resource().to_owned()));
        }
        let key: KeyArn = text.parse().map_err(|_| fault::invalid_arn(text))?;
        let id = key.key_id().parse().map_err(|_| fault::invalid_key_id(key.key_id()))?;
        Ok(Named::Key(account, id))
    }
}

impl Named {
    pub(super) const fn owner(&self) -> AccountId {
        match self {
            Self::Key(owner, _) | Self::Alias(owner, _) => *owner,
        }
    }

    /// Its ARN in a region.
    pub(super) fn arn(&self, region: &aws_model::Region) -> String {
        match self {
            Self::Key(owner, id) => format!("arn:{}:kms:{region}:{owner}:key/{id}", region.partition()),
            Self::Alias(owner, name) => fault::alias_arn(*owner, region, name),
        }
    }
}

/// An operation's input in its own type. The model was checked before; this is what the types add. A member that is
/// null is one that is not there.
pub(super) fn input<T: DeserializeOwned>(mut value: Value) -> Result<T, ServiceError> {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    serde_json::from_value(value).map_err(|failed| ServiceError::new("SerializationException", failed.to_string()))
}

/// A time as awsJson writes it: seconds since the epoch, with milliseconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of any year up to 9999 fit in 53 bits")]
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

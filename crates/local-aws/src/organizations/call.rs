//! One call: who asks, and what an operation is handed.

use aws_model::{AccountId, Partition};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    fault,
    standing::Standing,
    state::{Change, Reading, State},
};
pub(super) use crate::answer::seconds;
use crate::{CallContext, ServiceError, accounts::Accounts, answer, iam::Iam, sealing::random_bytes};

/// What an operation is handed.
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) state: &'a State,
    pub(super) accounts: &'a Accounts,
    pub(super) iam: &'a Iam,
    pub(super) standing: Standing,
}

impl<'a> Call<'a> {
    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    /// When it is, to the millisecond, as answers tell times.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.ctx.now.as_millisecond()).unwrap_or(self.ctx.now)
    }

    /// The organization at this moment, if the caller may read it.
    pub(super) fn read(&self) -> Result<Reading<'a>, ServiceError> {
        let realm = self.state.read();
        self.standing.check(&realm, self.account())?;
        Ok(realm)
    }

    /// Starts a change, if the caller may make one. What a change depends on is looked up in it.
    pub(super) fn change(&self) -> Result<Change<'a>, ServiceError> {
        let change = self.state.change();
        self.standing.check(&change, self.account())?;
        Ok(change)
    }

    pub(super) fn partition(&self) -> Partition {
        self.ctx.region.partition()
    }

    /// An id that nothing has had before: as many letters and digits behind a prefix.
    pub(super) fn new_id(&self, prefix: &str, letters: usize) -> Result<String, ServiceError> {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let bytes = random_bytes(letters).map_err(|_| fault::internal())?;
        let letters = bytes.expose().iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        Ok(prefix.chars().chain(letters.map(|letter| char::from(*letter))).collect())
    }
}

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    answer::input(value, fault::internal)
}

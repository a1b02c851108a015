//! One call: who asks, and what an operation is handed.

use aws_model::AccountId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Behalf, Ec2, fault,
    records::Settings,
    state::{Change, Place, Reading, Realm},
};
pub(super) use crate::answer::seconds;
use crate::{CallContext, ServiceError, answer, sealing::random_bytes};

/// What an operation is handed.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) ec2: &'a Ec2,
    /// What a service of AWS launches by this call, if one does.
    pub(super) behalf: Option<&'a Behalf>,
}

impl<'a> Call<'a> {
    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    pub(super) fn place(&self) -> Place {
        (self.account(), self.ctx.region.clone())
    }

    /// When it is, to the millisecond, as answers tell times.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.ctx.now.as_millisecond()).unwrap_or(self.ctx.now)
    }

    pub(super) fn read(&self) -> Reading<'a> {
        self.ec2.state.read()
    }

    /// Starts a change. What a change depends on is looked up in it.
    pub(super) fn change(&self) -> Change<'a> {
        self.ec2.state.change(self.now())
    }

    /// An id that nothing has had before.
    pub(super) fn new_id(&self, prefix: &str) -> Result<String, ServiceError> {
        let bytes = random_bytes(9).map_err(|_| fault::internal())?;
        let digits: String = bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{prefix}{}", digits.get(..17).unwrap_or(&digits)))
    }

    /// What the caller's account has set for the region.
    pub(super) fn settings(&self, realm: &Realm) -> Settings {
        let (account, region) = self.place();
        let known = realm.settings.get(&Settings::key(account, &region));
        known.map_or_else(|| Settings::of_new(account, &region), |settings| Settings::clone(settings))
    }
}

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    answer::input(value, fault::internal)
}

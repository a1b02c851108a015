//! One call: who asks, in which account.

use authz::principal::Principal;
use aws_catalog::access::IamKind;
use aws_model::{AccountId, Arn};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{
    fault,
    service_linked_roles::Users,
    state::{Change, Reading, Realm, Record, State},
};
use crate::{
    CallContext, ServiceError,
    accounts::{Accounts, new_unique_id},
    answer,
};

/// What an operation is handed.
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) state: &'a State,
    pub(super) accounts: &'a Accounts,
    /// Who uses service-linked roles.
    pub(super) users: &'a Users<'a>,
}

impl<'a> Call<'a> {
    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    /// When it is, to the second, as IAM's answers tell times.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.ctx.now.as_second()).unwrap_or(self.ctx.now)
    }

    /// The account's entities, at this moment.
    pub(super) fn realm(&self) -> Reading<'a> {
        self.state.read(self.account())
    }

    /// Starts a change. What a change depends on is looked up in it.
    pub(super) fn change(&self) -> Change<'a> {
        self.state.change(self.account())
    }

    /// Changes one entity, which `find` looks up. Nothing is answered.
    pub(super) fn edit<R: Record + Clone>(
        &self,
        find: impl FnOnce(&Realm) -> Result<&Arc<R>, ServiceError>,
        edit: impl FnOnce(&mut R, &Realm) -> Result<(), ServiceError>,
    ) -> Result<Value, ServiceError> {
        let mut change = self.change();
        let mut record = R::clone(find(&change)?);
        edit(&mut record, &change)?;
        change.put(record);
        change.commit();
        Ok(json!({}))
    }

    /// Takes one entity away, which `find` looks up, unless `check` has something against it. Nothing is answered.
    pub(super) fn remove<R: Record + Clone>(
        &self,
        find: impl FnOnce(&Realm) -> Result<&Arc<R>, ServiceError>,
        check: impl FnOnce(&R, &Realm) -> Result<(), ServiceError>,
    ) -> Result<Value, ServiceError> {
        let mut change = self.change();
        let record = R::clone(find(&change)?);
        check(&record, &change)?;
        change.remove(&record);
        change.commit();
        Ok(json!({}))
    }

    /// The ARN of an entity of the account. The model has seen to path and name.
    pub(super) fn arn(&self, kind: IamKind, path: &str, name: &str) -> Result<Arn, ServiceError> {
        let (partition, account) = (self.ctx.region.partition(), self.account());
        let text = format!("arn:{partition}:iam::{account}:{}{path}{name}", kind.name());
        text.parse().map_err(|_| fault::validation(format!("ARN {text} is not valid.")))
    }

    /// A unique id that nothing has had before.
    pub(super) fn new_id(&self, prefix: &str) -> Result<String, ServiceError> {
        new_unique_id(prefix).map_err(|failed| fault::not_made(&failed))
    }

    /// The user that is meant: the one that is named, else the one that calls.
    pub(super) fn user_name<'n>(&'n self, given: Option<&'n str>) -> Result<&'n str, ServiceError> {
        match (given, &self.ctx.caller.principal) {
            (Some(name), _) => Ok(name),
            (None, Principal::User(arn)) => Ok(arn.resource().rsplit('/').next().unwrap_or_default()),
            (None, _) => Err(fault::no_user_name()),
        }
    }
}

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    answer::input(value, || {
        ServiceError::internal("ServiceFailure", "The request processing has failed because of an unknown error.")
    })
}

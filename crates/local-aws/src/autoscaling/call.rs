//! One call: who asks, where, and what an operation is handed.

use aws_model::AccountId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Inner, fault,
    state::{Change, Place, Reading},
};
pub(super) use crate::answer::seconds;
use crate::{CallContext, ServiceError, answer};

/// What an operation is handed.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) all: &'a Inner,
}

impl<'a> Call<'a> {
    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    /// Where it is: groups of other accounts and regions are not seen.
    pub(super) fn place(&self) -> Place {
        Place::of(self.account(), self.ctx.region)
    }

    /// When it is, to the millisecond, as answers tell times.
    pub(super) fn now(&self) -> Timestamp {
        to_millisecond(self.ctx.now)
    }

    pub(super) fn read(&self) -> Reading<'a> {
        self.all.state.read()
    }

    /// Starts a change. What a change depends on is looked up in it.
    pub(super) fn change(&self) -> Change<'a> {
        self.all.state.change()
    }
}

pub(super) fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    answer::input(value, fault::internal)
}

/// Which page of a list is asked for.
pub(super) struct Page<'a> {
    pub(super) input: &'a Value,
    /// How many items it has where nobody says.
    pub(super) usual: usize,
    /// How many it may have.
    pub(super) most: usize,
}

impl Page<'_> {
    /// The page of a list whose items are in the order of their keys.
    pub(super) fn of<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, ServiceError> {
        let asked = self.input.get("MaxRecords").and_then(Value::as_i64);
        let most = match asked.map(usize::try_from) {
            None => self.usual,
            Some(Ok(asked)) if (1..=self.most).contains(&asked) => asked,
            Some(_) => return Err(fault::max_records(asked.unwrap_or_default(), self.most)),
        };
        let after = self.input.get("NextToken").and_then(Value::as_str);
        let paging = answer::Paging { most, after, token: "NextToken" };
        paging.of(list, items, show).map_err(|answer::InvalidToken| fault::next_token(after.unwrap_or_default()))
    }
}

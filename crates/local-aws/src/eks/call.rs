//! One call: who asks, where, and what an operation is handed.

use aws_catalog::addons::Catalogue;
use aws_model::{AccountId, Arn};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Nodes, fault,
    records::{Likeness, Once},
    state::{Change, Place, Reading, State},
};
pub(super) use crate::answer::seconds;
use crate::{CallContext, ServiceError, answer, kms::Kms, sealing::random_bytes, trail::Trail};

/// What an operation is handed.
pub(super) struct Call<'a> {
    pub(super) ctx: &'a CallContext<'a>,
    pub(super) state: &'a State,
    pub(super) kms: &'a Kms,
    pub(super) trail: &'a Trail,
    pub(super) addons: &'a Catalogue,
    pub(super) nodes: &'a Nodes,
    /// Its token, where it has one.
    pub(super) once: Option<Once>,
}

impl<'a> Call<'a> {
    /// Where it is: clusters of other accounts and regions are not seen.
    pub(super) fn place(&self) -> Place {
        Place::of(self.account(), self.ctx.region)
    }

    pub(super) fn account(&self) -> AccountId {
        self.ctx.caller.account
    }

    /// When it is, to the millisecond, as answers tell times.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.ctx.now.as_millisecond()).unwrap_or(self.ctx.now)
    }

    /// The clusters at this moment.
    pub(super) fn read(&self) -> Reading<'a> {
        self.state.read()
    }

    /// Starts a change. What a change depends on is looked up in it.
    pub(super) fn change(&self) -> Change<'a> {
        self.state.change()
    }

    /// Whether this very request came before, with what it made or changed.
    pub(super) fn is_again(&self, before: Option<&Once>) -> Result<bool, ServiceError> {
        let (Some(now), Some(before)) = (&self.once, before) else { return Ok(false) };
        match now.likeness(before) {
            Likeness::Another => Ok(false),
            Likeness::Same => Ok(true),
            Likeness::OtherParameters => Err(fault::other_parameters(&now.token)),
        }
    }

    /// The ARN of something of the account in the region.
    pub(super) fn arn(&self, resource: &str) -> Result<Arn, ServiceError> {
        self.arn_of(resource).parse().map_err(|_| fault::internal())
    }

    /// The same of what may have any name, since it need not be there.
    pub(super) fn arn_of(&self, resource: &str) -> String {
        let (partition, region, account) = (self.ctx.region.partition(), self.ctx.region, self.account());
        format!("arn:{partition}:eks:{region}:{account}:{resource}")
    }

    /// So many letters and digits that nothing has had before.
    pub(super) fn new_id(&self, alphabet: &[u8], length: usize) -> Result<String, ServiceError> {
        // The bias of a remainder is of no matter in names.
        let bytes = random_bytes(length).map_err(|_| fault::internal())?;
        let letters = bytes.expose().iter().filter_map(|byte| alphabet.get(usize::from(*byte) % alphabet.len().max(1)));
        Ok(letters.map(|letter| char::from(*letter)).collect())
    }
}

/// Letters and digits, as most ids have them.
pub(super) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// As ids of EC2 and issuers have them.
pub(super) const HEX: &[u8] = b"0123456789abcdef";

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    answer::input(value, fault::internal)
}

/// Tells a member more in an answer, in the object at this place: a JSON pointer.
pub(super) fn tell(answer: &mut Value, place: &str, name: &str, value: impl Into<Value>) {
    if let Some(object) = answer.pointer_mut(place).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), value.into());
    }
}

//! What the admin routes take.

use authz::text::SourceText;
use aws_model::AccountId;
use jiff::{Span, SpanRelativeTo, Timestamp};
use serde::Deserialize;

use super::Refused;
use crate::{
    clock::{Clock, OutOfRange},
    faults::FaultPlan,
};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Move {
    Advance(Span),
    Set(Timestamp),
    Freeze(Timestamp),
    Real(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    account: AccountId,
}

/// Moves the clock as `body` says.
pub(super) fn move_clock(clock: &Clock, body: &[u8]) -> Result<(), Refused> {
    let takes = "it takes one of {\"advance\": \"P30D\"}, {\"set\": TIME}, {\"freeze\": TIME}, {\"real\": true}";
    match serde_json::from_slice(body) {
        Ok(Move::Advance(span)) => {
            let by = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| {
                Refused::Malformed("a clock advances by weeks, days, hours, minutes and seconds; months differ".into())
            })?;
            clock.advance(by).map_err(out_of_range)?;
        }
        Ok(Move::Set(to)) => clock.set(to).map_err(out_of_range)?,
        Ok(Move::Freeze(at)) => clock.freeze_at(at).map_err(out_of_range)?,
        Ok(Move::Real(true)) => clock.follow_the_machine(),
        Ok(Move::Real(false)) => return Err(Refused::Malformed(format!("the clock cannot be moved so: {takes}"))),
        Err(error) => return Err(Refused::Malformed(format!("the clock cannot be moved so: {error}; {takes}"))),
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn out_of_range(refused: OutOfRange) -> Refused {
    Refused::Malformed(refused.to_string())
}

/// The account that `body` names.
pub(super) fn account(body: &[u8]) -> Result<AccountId, Refused> {
    let named: Result<Account, _> = serde_json::from_slice(body);
    named.map(|named| named.account).map_err(|error| {
        Refused::Malformed(format!("no account is named so: {error}; it takes {{\"account\": \"111122223333\"}}"))
    })
}

/// The faults that `body` tells.
pub(super) fn faults(body: &[u8]) -> Result<FaultPlan, Refused> {
    let text = std::str::from_utf8(body).map_err(|error| Refused::Malformed(error.to_string()))?;
    FaultPlan::read(&SourceText::new("body", text)).map_err(|error| Refused::Malformed(error.to_string()))
}

//! Certificates that the webhook's replicas make themselves, and share by what a Secret holds.
//!
//! ```text
//!   Secret --read--> Kept --renewed(now)--> Kept --write, if nobody has meanwhile--> Secret
//!                     |
//!                     +--> authorities, for the caBundle       whom apiservers trust
//!                     +--> certificate and key                 who the webhook is
//! ```
//!
//! An authority is replaced without a gap: first the new one is trusted beside the former; the next certificate is by it only
//! once apiservers have had the time to hear of it; then the former goes.

mod authority;
mod kept;

use jiff::{SignedDuration, Timestamp};

use self::authority::Authority;
use self::kept::{Issued, Trusted};
pub use self::kept::{Kept, NotOurs};

/// How long an authority is good for, in days.
const AUTHORITY_DAYS: i64 = 3653;
/// How long a certificate is good for, in days.
const CERTIFICATE_DAYS: i64 = 90;
/// In this time every apiserver has heard of an authority, and every replica has the newest certificate.
const HEARD: SignedDuration = SignedDuration::from_hours(1);

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a certificate: {0}")]
pub struct MakeError(String);

/// What is to be kept from `now` on in the place of `kept`, for a webhook of these names; `None` where that is as it is.
///
/// # Errors
/// [`MakeError`]
pub fn renewed(kept: Option<&Kept>, names: &[String], now: Timestamp) -> Result<Option<Kept>, MakeError> {
    let Some(kept) = kept else { return fresh(names, now).map(Some) };
    let newest = &kept.newest;
    if newest.ends <= now || kept.certificate.ends <= now {
        return fresh(names, now).map(Some);
    }
    let is_newest_heard = is_heard(newest.since, now);
    let is_by_newest = kept.certificate.by == newest.print;
    if is_due(newest.since, newest.ends, now) && is_by_newest {
        return succeeded(kept, now).map(Some);
    }
    let is_to_change = is_due(kept.certificate.since, kept.certificate.ends, now) || kept.certificate.names != names;
    // The key of a former authority is gone: until the newest is heard of, the certificate stays.
    if is_newest_heard && (is_to_change || !is_by_newest) {
        let authority = Authority::of(newest, &kept.key)?;
        let certificate = authority.issue(names, newest.ends, now)?;
        return Ok(Some(Kept { certificate, ..kept.clone() }));
    }
    if !kept.former.is_empty() && is_by_newest && is_heard(kept.certificate.since, now) {
        return Ok(Some(Kept { former: Vec::new(), ..kept.clone() }));
    }
    Ok(None)
}

/// What is to be kept where somebody has emptied what was: another authority, beside that by which replicas go on to speak until
/// it is heard of. Who is asked twice before that keeps what there is.
///
/// # Errors
/// [`MakeError`]
pub fn after_loss(held: &Kept, names: &[String], now: Timestamp) -> Result<Kept, MakeError> {
    match held {
        held if held.newest.ends <= now || held.certificate.ends <= now => fresh(names, now),
        held if held.certificate.by == held.newest.print => succeeded(held, now),
        held => Ok(held.clone()),
    }
}

/// The next authority beside the newest, whose certificate stays.
fn succeeded(kept: &Kept, now: Timestamp) -> Result<Kept, MakeError> {
    let authority = Authority::make(now)?;
    Ok(Kept {
        newest: authority.trusted(now),
        former: vec![kept.newest.clone()],
        key: authority.key(),
        certificate: kept.certificate.clone(),
    })
}

fn fresh(names: &[String], now: Timestamp) -> Result<Kept, MakeError> {
    let authority = Authority::make(now)?;
    let newest = authority.trusted(now);
    let certificate = authority.issue(names, newest.ends, now)?;
    Ok(Kept { newest, former: Vec::new(), key: authority.key(), certificate })
}

/// Whether every apiserver and replica has heard of what is since then. The Secret may hold any time there is.
fn is_heard(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= HEARD
}

/// Whether two thirds of its time are over.
fn is_due(since: Timestamp, ends: Timestamp, now: Timestamp) -> bool {
    ends.duration_since(now) < ends.duration_since(since) / 3
}

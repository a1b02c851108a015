//! A claim that is for the service it was sent to.

use jiff::Timestamp;

use super::{
    claim::{Claim, Place},
    error::SignatureError,
    rules::Rules,
    time::{MAX_SKEW, SigningTime},
};

/// A claim whose scope names this very service, a region that is served, and the day of signing.
///
/// Only such a claim can be verified, and it is verified under this service's [`Rules`]: a request cannot choose
/// laxer ones by naming another service in its scope.
#[derive(Debug)]
pub struct ScopedClaim {
    pub(super) claim: Claim,
    pub(super) rules: Rules,
}

impl Claim {
    /// The claim as one for `service`; refused when its scope is not of that service, not of a region that is served
    /// here, or not of the day of signing.
    ///
    /// # Errors
    /// [`SignatureError::WrongScope`] with all that is wrong.
    pub fn scoped_to(self, service: &str, is_served: impl FnOnce(&str) -> bool) -> Result<ScopedClaim, SignatureError> {
        self.scope.check(service, is_served, self.time)?;
        Ok(ScopedClaim { claim: self, rules: Rules::for_service(service) })
    }
}

impl ScopedClaim {
    /// The same, under other rules than the service's usual ones.
    #[must_use]
    pub fn under(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// What is claimed.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Refuses what was signed too long ago or in the future. [`verify`](Self::verify) does it too; services do it
    /// before they look the key up.
    ///
    /// # Errors
    /// [`SignatureError::Expired`], [`SignatureError::NotYetCurrent`], [`SignatureError::PresignedExpired`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), SignatureError> {
        let (signed, now) = (self.claim.time, SigningTime::new(now));
        let latest = now.later(MAX_SKEW);
        if signed > latest {
            return Err(SignatureError::NotYetCurrent { signed, limit: latest, now });
        }
        if let (true, Place::Query { expires }) = (self.rules.expires_is_lifetime, self.claim.place) {
            let expired = signed.later(expires.unwrap_or_default());
            return if now > expired { Err(SignatureError::PresignedExpired { expired, now }) } else { Ok(()) };
        }
        let earliest = now.earlier(MAX_SKEW);
        if signed < earliest { Err(SignatureError::Expired { signed, limit: earliest, now }) } else { Ok(()) }
    }
}

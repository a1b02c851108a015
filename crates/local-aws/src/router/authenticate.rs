//! Whose signature a request carries.

use aws_model::Region;
use aws_wire::{
    model::ServiceModel,
    sigv4::{Body, Claim, RequestParts},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::{Router, failure};
use crate::{
    accounts::{Identity, Session},
    caller::Caller,
    error::ServiceError,
    iam,
};

/// Who calls, and in which region.
pub(super) struct Signer {
    pub(super) caller: Caller,
    /// The session that the request was signed in, if it was.
    pub(super) session: Option<Session>,
    pub(super) region: Region,
}

impl Router {
    /// Verifies the request's signature.
    ///
    /// Whether it is fresh is judged by the machine's time, which clients sign with, whatever the embedded AWS's clock
    /// says; whether a session is over, by the embedded AWS's.
    pub(super) fn authenticate(
        &self,
        head: &http::request::Parts,
        body: &Bytes,
        model: &ServiceModel,
    ) -> Result<Signer, ServiceError> {
        let speaks = model.metadata().protocol;
        let refuse = |error| failure::signature(&error, speaks);
        // HTTP/2 has no `Host` header, and clients sign `:authority` in its place.
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        let authority = authority.filter(|_| !head.headers.contains_key(http::header::HOST));
        let headers: Vec<(&str, &[u8])> = authority
            .iter()
            .map(|host| ("host", host.as_bytes()))
            .chain(head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
            .collect();
        let parts = RequestParts {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
        };

        let claim = Claim::from_request(&parts).map_err(refuse)?;
        let service = model.metadata().signing_name.as_str();
        let region: Option<Region> = claim.region().parse().ok();
        let claim = claim.scoped_to(service, |_| region.is_some()).map_err(refuse)?;
        let Some(region) = region else { return Err(failure::internal(model)) };
        let wall_clock = Timestamp::now();
        claim.check_time(wall_clock).map_err(refuse)?;
        let identity = self
            .accounts
            .identify(
                claim.claim().access_key_id(),
                claim.claim().session_token(),
                region.partition(),
                self.clock.now(),
            )
            .map_err(|unidentified| failure::unidentified(unidentified, speaks))?;
        claim.verify(&identity.secret, &parts, Body::Bytes(body), wall_clock).map_err(refuse)?;
        let Identity { caller, session, .. } = identity;
        Ok(Signer { caller, session, region })
    }

    /// Who calls an operation that nobody signs: whom its input vouches for.
    pub(super) async fn recognize(
        &self,
        head: &http::request::Parts,
        model: &ServiceModel,
        input: &Value,
    ) -> Result<Signer, ServiceError> {
        let caller = self.sts.recognize(input, &self.clock).await?;
        // The endpoint tells the region, where it is AWS's own; the global one is in the home region.
        let partition = self.accounts.partition();
        let region = of_host(head).filter(|region| region.partition() == partition);
        let region = region.or_else(|| iam::home_region(partition)).ok_or_else(|| failure::internal(model))?;
        Ok(Signer { caller, session: None, region })
    }
}

/// The region in the name of a regional endpoint: `sts.us-west-2.amazonaws.com`.
fn of_host(head: &http::request::Parts) -> Option<Region> {
    let header = head.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = head.uri.host().or(header)?;
    host.strip_prefix("sts.")?.split_once(".amazonaws.com")?.0.parse().ok()
}

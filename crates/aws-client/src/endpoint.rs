//! Where a service is: what the settings name, else AWS's own.
//!
//! Sources: AWS SDKs and Tools Reference Guide, "Service-specific endpoints" (a service's own setting goes before the one for
//! all, what is given to the program before both), "Dual-stack and FIPS endpoints".

mod rules;

use std::{fmt, net::IpAddr};

use aws_config::SdkConfig;
use aws_model::{InvalidRegion, Region};
use aws_types::service_config::ServiceConfigKey;
use aws_wire::model::{ServiceId, service};
use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// The host of a service's usual endpoint in a region, whatever settings say.
#[must_use]
pub fn usual_host(id: ServiceId, region: &Region) -> String {
    rules::own(id, region, rules::Variant { fips: false, dual: false }).host
}

/// A service's endpoint, and the region that requests to it are signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The URL, without a slash at its end.
    pub(crate) url: String,
    pub(crate) is_plain: bool,
    /// What stands in the `host` header.
    pub(crate) authority: String,
    /// The path before each operation's own, without a slash at its end.
    pub(crate) path: String,
    pub(crate) signing_region: String,
    /// The region of the settings.
    pub(crate) region: String,
}

/// Why a service cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Nothing says which.
    #[error("no AWS region is set: give --region, or set AWS_REGION or the profile's")]
    NoRegion,
    /// The text is none.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// The URL is none.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
}

/// A URL that is no endpoint. It is not shown whole: it may have a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the endpoint of {service} is no URL of a service: {why}; it looks like `https://host` or `http://127.0.0.1:4566`"
)]
pub struct InvalidEndpoint {
    /// The service, by its name in settings: `EKS`.
    pub service: String,
    /// What is wrong.
    pub why: &'static str,
}

impl Endpoint {
    /// Whether it is on this machine.
    pub(crate) fn is_here(&self) -> bool {
        let Ok(authority) = self.authority.parse::<Authority>() else { return false };
        let host = authority.host().trim_matches(['[', ']']);
        host.parse::<IpAddr>().map_or(host == "localhost", |address| address.is_loopback())
    }

    pub(crate) fn of(config: &SdkConfig, id: ServiceId) -> Result<Self, Unusable> {
        let region: Region = config.region().ok_or(Unusable::NoRegion)?.as_ref().parse()?;
        let metadata = service(id).metadata();
        let is_given = config.get_origin("endpoint_url").is_client_config();
        let (fips, dual) = (config.use_fips() == Some(true), config.use_dual_stack() == Some(true));
        let own = rules::own(id, &region, rules::Variant { fips, dual });
        let named = if is_given { None } else { of_service(config, &metadata.service_id) };
        let named = named.or_else(|| config.endpoint_url().map(str::to_owned));
        // What is one in its partition is signed for its own region at whatever endpoint: behind it is the same service.
        let url = named.unwrap_or_else(|| format!("https://{}", own.host));
        Ok(Self { region: region.to_string(), ..Self::parse(&url, own.signing_region, &metadata.service_id)? })
    }

    fn parse(url: &str, signing_region: String, service: &str) -> Result<Self, InvalidEndpoint> {
        let wrong = |why| InvalidEndpoint { service: service.to_owned(), why };
        let uri: Uri = url.parse().map_err(|_| wrong("it does not read"))?;
        let is_plain = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => true,
            Some(scheme) if *scheme == Scheme::HTTPS => false,
            _ => return Err(wrong("it does not begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it has a user's name, which AWS does not take"));
        }
        if uri.query().is_some() {
            return Err(wrong("it has a query string"));
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        let scheme = if is_plain { "http" } else { "https" };
        let url = format!("{scheme}://{authority}{path}");
        let (authority, region) = (authority.to_string(), signing_region.clone());
        Ok(Self { url, is_plain, authority, path, signing_region, region })
    }
}

/// What the environment or the profile names for this service, else for all.
fn of_service(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    config.service_config()?.load_config(key.build().ok()?)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

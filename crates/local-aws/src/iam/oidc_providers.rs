//! OpenID Connect providers: whom roles may trust by `sts:AssumeRoleWithWebIdentity`.
//!
//! Where AWS would fetch the thumbprint of a provider that comes with none, here is none: nothing is fetched.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    records::OidcProvider,
    tags::{Tag, Tags},
};
use crate::ServiceError;

/// Source: IAM User Guide, "IAM and AWS STS quotas"; the message of AWS says fewer than 5, as it counts from 0.
const MOST_THUMBPRINTS: usize = 5;
const MOST_CLIENT_IDS: usize = 100;

#[derive(Deserialize)]
struct Create {
    #[serde(rename = "Url")]
    url: String,
    #[serde(rename = "ClientIDList", default)]
    client_ids: Vec<String>,
    #[serde(rename = "ThumbprintList", default)]
    thumbprints: Vec<String>,
    #[serde(rename = "Tags", default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    #[serde(rename = "ClientID", default)]
    client_id: String,
    #[serde(rename = "ThumbprintList", default)]
    thumbprints: Vec<String>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let refused = ["ContextProvider", "IdentityCenterInstanceArn"];
    if refused.iter().any(|member| value.get(member).is_some()) {
        return Err(fault::unsupported("A context provider"));
    }
    let input: Create = input(value)?;
    let host = input.url.strip_prefix("https://").filter(|host| is_host_and_path(host));
    let host = host.ok_or_else(|| fault::validation("Invalid Open ID Connect Provider URL"))?;
    let url = host.to_owned();
    check_thumbprints(&input.thumbprints)?;
    if input.client_ids.len() > MOST_CLIENT_IDS {
        return Err(fault::quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENT_IDS));
    }
    let mut change = call.change();
    change.must_be_new(IamKind::OidcProvider, &url).map_err(|refused| match refused.code() {
        "EntityAlreadyExists" => fault::exists(IamKind::OidcProvider, &input.url),
        _ => refused,
    })?;
    let provider = OidcProvider {
        arn: call.arn(IamKind::OidcProvider, "/", &url)?,
        url,
        created: call.now(),
        client_ids: input.client_ids,
        thumbprints: input.thumbprints,
        tags: Tags::new(IamKind::OidcProvider, input.tags)?,
    };
    let mut answer = json!({ "OpenIDConnectProviderArn": provider.arn.as_str() });
    if let (false, Some(fields)) = (provider.tags.is_empty(), answer.as_object_mut()) {
        fields.insert("Tags".into(), provider.tags.told());
    }
    change.put(provider);
    change.commit();
    Ok(answer)
}

pub(super) fn get(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { arn, .. } = input(value)?;
    let realm = call.realm();
    let provider = realm.provider(&arn)?;
    Ok(json!({
        "Url": provider.url,
        "ClientIDList": provider.client_ids,
        "ThumbprintList": provider.thumbprints,
        "CreateDate": provider.created.as_second(),
        "Tags": provider.tags.told(),
    }))
}

pub(super) fn list(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let realm = call.realm();
    let providers: Vec<Value> =
        realm.providers.values().map(|provider| json!({ "Arn": provider.arn.as_str() })).collect();
    Ok(json!({ "OpenIDConnectProviderList": providers }))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { arn, .. } = input(value)?;
    let missing = |refused: ServiceError| match refused.code() {
        "NoSuchEntity" => fault::no_such_entity(format!("OpenId connect Provider {arn} cannot be found.")),
        _ => refused,
    };
    call.remove(|realm| realm.provider(&arn).map_err(missing), |_: &OidcProvider, _| Ok(()))
}

/// One that is there is no error.
pub(super) fn add_client_id(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    edit(call, value, |provider, Named { client_id, .. }| {
        if !provider.client_ids.contains(&client_id) {
            if provider.client_ids.len() >= MOST_CLIENT_IDS {
                return Err(fault::quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENT_IDS));
            }
            provider.client_ids.push(client_id);
        }
        Ok(())
    })
}

/// One that is not there is no error.
pub(super) fn remove_client_id(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    edit(call, value, |provider, Named { client_id, .. }| {
        provider.client_ids.retain(|known| *known != client_id);
        Ok(())
    })
}

pub(super) fn update_thumbprints(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    edit(call, value, |provider, Named { thumbprints, .. }| {
        check_thumbprints(&thumbprints)?;
        provider.thumbprints = thumbprints;
        Ok(())
    })
}

fn edit(
    call: &Call<'_>,
    value: Value,
    edit: impl FnOnce(&mut OidcProvider, Named) -> Result<(), ServiceError>,
) -> Result<Value, ServiceError> {
    let named: Named = input(value)?;
    let arn = named.arn.clone();
    call.edit(|realm| realm.provider(&arn), |provider, _| edit(provider, named))
}

fn check_thumbprints(thumbprints: &[String]) -> Result<(), ServiceError> {
    if thumbprints.len() > MOST_THUMBPRINTS {
        return Err(fault::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    Ok(())
}

/// Whether a URL is of a host and a path, without port, query and fragment.
///
/// A slash at its end stays, in the ARN and in the condition keys, too: it is compared with the claim `iss`, which has one
/// where the issuer says so (Auth0's `https://TENANT.auth0.com/`).
///
/// Source: IAM API Reference, "CreateOpenIDConnectProvider", `Url` ("should correspond to the iss claim"); policies that
/// users of such issuers publish (`oidc-provider/TENANT.auth0.com/`, `TENANT.auth0.com/:aud`).
fn is_host_and_path(url: &str) -> bool {
    let is_part =
        |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
    let mut parts = url.split('/');
    parts.next().is_some_and(|host| !host.is_empty() && is_part(host)) && parts.all(is_part)
}

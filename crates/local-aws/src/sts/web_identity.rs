//! `AssumeRoleWithWebIdentity`: who calls is whom a token vouches for.
//!
//! Sources: AWS STS API Reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "OIDC federation", "Pass session tags in
//! AWS STS" > "Passing session tags using AssumeRoleWithWebIdentity", "Monitor and control actions taken with assumed
//! roles". Messages as users quote them where AWS's pages have none.

mod claims;

use std::borrow::Cow;

use authz::principal::Principal;
use aws_model::Arn;
use jiff::{SignedDuration, Timestamp};
use oidc::{Claims, InvalidClaim, InvalidToken, OutOfTime, Token};
use serde_json::Value;

use super::{Call, Sts, validation_error};
use crate::{
    caller::{Caller, TokenClaims, WebIdentity},
    clock::Clock,
    error::ServiceError,
    iam::Trusted,
    issuers::Refused,
};

const OPERATION: &str = "AssumeRoleWithWebIdentity";

/// By how much the issuer's clock may differ.
///
/// Source: IAM User Guide, "OIDC federation" (a token is accepted until five minutes after its `exp`).
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// Whom the token in an input vouches for.
///
/// What is wrong with a token has no event, since nobody is known who would have called.
///
/// Source: AWS re:Post Knowledge Center, "iam-sts-invalididentitytoken".
pub(super) async fn recognize(sts: &Sts, input: &Value, clock: &Clock) -> Result<Caller, ServiceError> {
    let text = |member| input.get(member).and_then(Value::as_str);
    if text("ProviderId").is_some() {
        return Err(refused("The embedded AWS verifies no OAuth 2.0 access tokens: leave ProviderId out."));
    }
    let role: Option<Arn> = text("RoleArn").unwrap_or_default().parse().ok();
    let role = role.filter(|role| role.service() == "iam" && role.resource().starts_with("role/"));
    let role = role.ok_or_else(|| validation_error("Request ARN is invalid"))?;
    let account = role.account().parse().map_err(|_| validation_error("Request ARN is invalid"))?;
    let token = Token::parse(text("WebIdentityToken").unwrap_or_default()).map_err(|invalid| unreadable(&invalid))?;

    let issuer = token.issuer().to_owned();
    let no_provider = || refused(format!("No OpenIDConnect provider found in your account for {issuer}"));
    // IAM makes providers of https:// URLs only.
    let url = issuer.strip_prefix("https://").ok_or_else(no_provider)?;
    let provider = sts.iam.trusted(account, url).filter(|_| role.partition() == sts.accounts.partition().as_str());
    let provider = provider.ok_or_else(no_provider)?;

    let claims = sts.issuers.verify(&token, &provider.thumbprints).await.map_err(unverified)?;
    // The issuer may have taken seconds.
    let now = clock.now();
    claims.check_time(now, LEEWAY).map_err(|out_of_time| out_of_its_time(out_of_time, now))?;
    let audience = audience(&claims, &provider).ok_or_else(|| refused("Incorrect token audience"))?;
    let token =
        TokenClaims { session: claims::session(&claims)?, conditions: claims::with_condition_keys(&claims, url) };
    Ok(Caller {
        user_id: format!("{}:{audience}:{}", provider.arn, claims.subject),
        arn: provider.arn.clone(),
        principal: Principal::Federated { provider: provider.arn.as_str().into() },
        web_identity: Some(WebIdentity {
            provider: provider.arn,
            subject: claims.subject,
            audience,
            methods: claims.methods,
        }),
        token: Some(token),
        ..Caller::root(account, "")
    })
}

/// The audience that counts, if the provider has it as a client: `azp` goes before `aud`.
///
/// Source: IAM User Guide, "IAM and AWS STS condition context keys" > "Available keys for AWS OIDC federation", `aud`.
fn audience(claims: &Claims, provider: &Trusted) -> Option<String> {
    let told = match &claims.authorized_party {
        Some(party) => std::slice::from_ref(party),
        None => claims.audiences.as_slice(),
    };
    told.iter().find(|audience| provider.client_ids.contains(audience)).cloned()
}

/// The input with what the token says of the session, as if that had been passed.
pub(super) fn with_claims<'v>(caller: &Caller, operation: &str, input: Cow<'v, Value>) -> Cow<'v, Value> {
    match &caller.token {
        Some(token) if operation == OPERATION && !token.session.is_empty() => {
            let mut input = input.into_owned();
            if let Some(members) = input.as_object_mut() {
                members.extend(token.session.clone());
            }
            Cow::Owned(input)
        }
        _ => input,
    }
}

/// Whose token begins a session.
pub(super) fn of(call: Call<'_>) -> Option<WebIdentity> {
    let is_asking = matches!(call.context.caller.principal, Principal::Federated { .. });
    call.context.caller.web_identity.clone().filter(|_| is_asking)
}

/// What the answer tells beside what that of `AssumeRole` does.
///
/// `Provider` is the provider's ARN in all answers that users show, though the reference says that it is the token's `iss`.
pub(super) fn told(call: Call<'_>) -> Vec<(String, Value)> {
    let Some(identity) = &call.context.caller.web_identity else { return Vec::new() };
    vec![
        ("SubjectFromWebIdentityToken".to_owned(), identity.subject.as_str().into()),
        ("Provider".to_owned(), identity.provider.as_str().into()),
        ("Audience".to_owned(), identity.audience.as_str().into()),
    ]
}

fn refused(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidIdentityToken", message)
}

fn unreadable(invalid: &InvalidToken) -> ServiceError {
    match invalid {
        InvalidToken::Claim(InvalidClaim::Missing(name)) => refused(format!("Missing a required claim: {name}")),
        InvalidToken::Claim(InvalidClaim::Type { .. } | InvalidClaim::Long { .. }) | InvalidToken::Algorithm(_) => {
            refused(invalid.to_string())
        }
        InvalidToken::Form(_) | InvalidToken::Long => {
            refused("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
        }
    }
}

fn unverified(why: Refused) -> ServiceError {
    match why {
        Refused::NoKeys(why) => {
            tracing::debug!(%why, "a token could not be verified");
            refused(
                "Couldn't retrieve verification key from your identity provider,  please reference \
                 AssumeRoleWithWebIdentity documentation for requirements",
            )
        }
        Refused::Signature => refused("The token's signature is not of the key that it names."),
    }
}

fn out_of_its_time(out_of_time: OutOfTime, now: Timestamp) -> ServiceError {
    match out_of_time {
        OutOfTime::Expired(at) => ServiceError::new(
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {} must be before the expiration date/time {}",
                now.as_second(),
                at.as_second()
            ),
        ),
        OutOfTime::Early(_) => refused(out_of_time.to_string()),
    }
}

//! `AssumeRoleWithWebIdentity`: tokens of an issuer whose keys are told, over HTTP and without any signature of a request.
//!
//! Sources: AWS STS API Reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "OIDC federation" and "Pass session tags in
//! AWS STS".

mod keys;

use std::collections::BTreeMap;

use aws_model::SecretBytes;
use jiff::Timestamp;
use local_aws::{KeySource, Options, Running};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::wire::{self, ACCOUNT, Answer, Signer, root, start_with, sts};

#[path = "../../../oidc/tests/oidc/issuer.rs"]
mod issuer;
use issuer::{SigningKey, jwks};

const ISSUER: &str = "https://oidc.example.com/id/1";
const SUBJECT: &str = "system:serviceaccount:default:api";

/// An embedded AWS that knows the issuer's keys, and an account that trusts it.
struct Place {
    aws: Running,
    issuer: &'static str,
    key: SigningKey,
    keys: TempDir,
    issued: i64,
}

/// The issuer's name in condition keys.
fn name_of(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap()
}

fn provider_of(issuer: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{}", name_of(issuer))
}

impl Place {
    async fn new() -> Self {
        Self::of(ISSUER).await
    }

    async fn of(issuer: &'static str) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let path = keys.path().join("jwks.json");
        let key = SigningKey::new("one", "RS256");
        std::fs::write(&path, jwks([&key]).to_string()).unwrap();
        Self::with_keys(issuer, KeySource::File(path), key, keys, Options::default()).await
    }

    async fn at(source: KeySource, key: SigningKey, options: Options) -> Self {
        Self::with_keys(ISSUER, source, key, tempfile::tempdir().unwrap(), options).await
    }

    async fn with_keys(
        issuer: &'static str,
        source: KeySource,
        key: SigningKey,
        keys: TempDir,
        options: Options,
    ) -> Self {
        let issuers = BTreeMap::from([(issuer.to_owned(), source)]);
        let aws = start_with(Options { issuers, ..options }).await;
        let place = Self { aws, issuer, key, keys, issued: Timestamp::now().as_second() };
        let provider = format!(
            "Action=CreateOpenIDConnectProvider&Url={}&ClientIDList.member.1=sts.amazonaws.com",
            encoded(issuer)
        );
        assert_eq!(place.iam(&provider).await.element("OpenIDConnectProviderArn"), provider_of(issuer));
        place
    }

    async fn iam(&self, parameters: &str) -> Answer {
        let mut request = sts(parameters);
        request.body = format!("{parameters}&Version=2010-05-08").into_bytes();
        request.signed(&self.aws, &root(&self.aws, "iam")).send(&self.aws).await
    }

    /// A role that trusts the provider on these conditions, and may do everything.
    async fn role(&self, name: &str, actions: Value, conditions: Value) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Federated": provider_of(self.issuer) },
            "Action": actions, "Condition": conditions,
        }] });
        let all =
            json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
        let (trust, all) = (encoded(&trust.to_string()), encoded(&all.to_string()));
        let make =
            format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={trust}&MaxSessionDuration=7200");
        let made = self.iam(&make).await;
        assert_eq!(made.status, 200, "{made:?}");
        let put = format!("Action=PutRolePolicy&RoleName={name}&PolicyName=all&PolicyDocument={all}");
        assert_eq!(self.iam(&put).await.status, 200);
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "sub": SUBJECT, "aud": ["sts.amazonaws.com"],
            "iat": self.issued, "nbf": self.issued, "exp": self.issued + 600,
        })
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    async fn assume(&self, role: &str, token: &str, more: &str) -> Answer {
        let role = encoded(&format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
        let parameters = format!(
            "Action=AssumeRoleWithWebIdentity&RoleSessionName=me&RoleArn={role}&WebIdentityToken={}{more}",
            encoded(token)
        );
        sts(&parameters).send(&self.aws).await
    }

    async fn refused(&self, claims: &Value) -> (u16, String, String) {
        self.assume("Api", &self.key.token(claims), "").await.query_error()
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn session(begun: &Answer, like: &Signer) -> Signer {
    assert_eq!(begun.status, 200, "{begun:?}");
    Signer {
        access_key_id: begun.element("AccessKeyId"),
        secret: SecretBytes::new(begun.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(begun.element("SessionToken").into_bytes())),
        ..*like
    }
}

fn invalid(message: &str) -> (u16, String, String) {
    (400, "InvalidIdentityToken".into(), message.into())
}

fn denied() -> (u16, String, String) {
    (403, "AccessDenied".into(), "Not authorized to perform sts:AssumeRoleWithWebIdentity".into())
}

const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";

fn of_subject() -> Value {
    of_subject_of(ISSUER)
}

fn of_subject_of(issuer: &str) -> Value {
    let name = name_of(issuer);
    json!({ "StringEquals": { format!("{name}:aud"): "sts.amazonaws.com", format!("{name}:sub"): SUBJECT } })
}

/// Rule: `trust-web-identity`.
#[tokio::test]
async fn a_token_assumes_the_role_that_trusts_its_subject_and_no_other() {
    let place = Place::new().await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let token = place.key.token(&place.claims());
    let begun = place.assume("Api", &token, "&DurationSeconds=7200").await;
    let user = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Api/me");
    for (name, value) in [
        ("Provider", &*provider_of(ISSUER)),
        ("Audience", "sts.amazonaws.com"),
        ("SubjectFromWebIdentityToken", SUBJECT),
        ("Arn", &user),
    ] {
        assert_eq!(begun.element(name), value, "{begun:?}");
    }
    let who = sts("Action=GetCallerIdentity").signed(&place.aws, &session(&begun, &root(&place.aws, "sts")));
    assert_eq!(who.send(&place.aws).await.element("Arn"), user);
    let keys = wire::kms("ListKeys", "{}").signed(&place.aws, &session(&begun, &root(&place.aws, "kms")));
    assert_eq!(keys.send(&place.aws).await.status, 200);

    assert_eq!(place.refused(&place.with("sub", json!("system:serviceaccount:default:other"))).await, denied());
    let longer = place.assume("Api", &token, "&DurationSeconds=7201").await.query_error();
    assert_eq!(longer.1, "ValidationError");
    // A role that is not there is denied like one that trusts somebody else.
    assert_eq!(place.assume("None", &token, "").await.query_error(), denied());
    place.aws.shutdown().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_in_awss_words() {
    let place = Place::new().await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let now = place.issued;
    let no_jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    for text in ["none", "a.b.c", &"a".repeat(20_000)] {
        assert_eq!(place.assume("Api", text, "").await.query_error(), invalid(no_jwt));
    }
    let too_long = place.assume("Api", &"a".repeat(20_001), "").await.query_error();
    assert_eq!((too_long.0, &*too_long.1), (400, "ValidationError"));

    let mut without = place.claims();
    without.as_object_mut().unwrap().remove("sub");
    assert_eq!(place.refused(&without).await, invalid("Missing a required claim: sub"));
    assert_eq!(
        place.refused(&place.with("sub", json!("x".repeat(256)))).await,
        invalid("the claim `sub` is longer than 255 characters")
    );
    // A slash at the end makes another issuer of it.
    for other in ["https://oidc.example.com/id/2", &format!("{ISSUER}/")] {
        let unknown = format!("No OpenIDConnect provider found in your account for {other}");
        assert_eq!(place.refused(&place.with("iss", json!(other))).await, invalid(&unknown));
    }
    assert_eq!(place.refused(&place.with("aud", json!("other"))).await, invalid("Incorrect token audience"));
    // Who the token was issued to goes before whom it is for.
    assert_eq!(place.refused(&place.with("azp", json!("other"))).await, invalid("Incorrect token audience"));

    assert_eq!(place.assume("Api", &place.key.token(&place.with("exp", json!(now - 290))), "").await.status, 200);
    let expired = place.refused(&place.with("exp", json!(now - 301))).await;
    assert_eq!((expired.0, &*expired.1), (400, "ExpiredTokenException"));
    let end = format!("must be before the expiration date/time {}", now - 301);
    assert!(expired.2.starts_with("Token expired: current date/time ") && expired.2.ends_with(&end), "{expired:?}");
    let early = place.refused(&place.with("nbf", json!(now + 600))).await;
    assert_eq!((early.0, &*early.1), (400, "InvalidIdentityToken"));

    let forged = SigningKey::new("one", "RS256").token(&place.claims());
    let forged = place.assume("Api", &forged, "").await.query_error();
    assert_eq!((forged.0, &*forged.1), (400, "InvalidIdentityToken"));
    let no_key = "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements";
    let of_other_key = SigningKey::new("two", "RS256").token(&place.claims());
    assert_eq!(place.assume("Api", &of_other_key, "").await.query_error(), invalid(no_key));

    let token = place.key.token(&place.claims());
    let provider = place.assume("Api", &token, "&ProviderId=www.amazon.com").await.query_error();
    assert_eq!((provider.0, &*provider.1), (400, "InvalidIdentityToken"));
    let arn = sts(&format!(
        "Action=AssumeRoleWithWebIdentity&RoleSessionName=me&RoleArn=arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Auser%2Fx&WebIdentityToken={token}"
    ));
    assert_eq!(
        arn.send(&place.aws).await.query_error(),
        (400, "ValidationError".into(), "Request ARN is invalid".into())
    );
    place.aws.shutdown().await;
}

/// Rules: `trust-tag-session`, `trust-tags-transitive`, `trust-source-identity`.
#[tokio::test]
async fn tags_and_a_source_identity_come_with_the_token_and_stay() {
    let place = Place::new().await;
    let all = json!([ASSUME, "sts:TagSession", "sts:SetSourceIdentity"]);
    place.role("Api", json!(ASSUME), of_subject()).await;
    let tagged = json!({ "StringEqualsIfExists": { "aws:RequestTag/team": "blue" }, "ForAllValues:StringEquals": { "sts:TransitiveTagKeys": "team" } });
    place.role("Tagged", all, tagged).await;
    let nested = json!({ "principal_tags": { "team": ["blue"], "one": "1" }, "transitive_tag_keys": ["team"] });
    let mut claims = place.with("https://aws.amazon.com/tags", nested);
    claims["https://aws.amazon.com/source_identity"] = json!("ann");

    // Each of the permissions is needed.
    let refused = place.refused(&claims).await;
    assert_eq!((refused.0, &*refused.1), (403, "AccessDenied"), "{refused:?}");
    let begun = place.assume("Tagged", &place.key.token(&claims), "").await;
    assert_eq!(begun.element("SourceIdentity"), "ann", "{begun:?}");
    assert!(begun.element("PackedPolicySize").parse::<u32>().unwrap() > 0);

    let mut red = claims.clone();
    red["https://aws.amazon.com/tags"]["principal_tags"]["team"] = json!("red");
    assert_eq!(place.assume("Tagged", &place.key.token(&red), "").await.query_error(), denied());

    // The next role of the chain sees the transitive one, and the source identity.
    let next = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "StringEquals": { "aws:PrincipalTag/team": "blue", "sts:SourceIdentity": "ann", "aws:FederatedProvider": provider_of(ISSUER) },
        },
    }] });
    let made = place
        .iam(&format!("Action=CreateRole&RoleName=Next&AssumeRolePolicyDocument={}", encoded(&next.to_string())))
        .await;
    assert_eq!(made.status, 200, "{made:?}");
    let role = encoded(&format!("arn:aws:iam::{ACCOUNT}:role/Next"));
    let chained = sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}"));
    let chained = chained.signed(&place.aws, &session(&begun, &root(&place.aws, "sts"))).send(&place.aws).await;
    assert_eq!(chained.element("SourceIdentity"), "ann", "{chained:?}");

    // As Microsoft Entra ID writes them.
    let flat = json!({
        "https://aws.amazon.com/tags/principal_tags/team": "blue",
        "https://aws.amazon.com/tags/transitive_tag_keys": ["team"],
    });
    let mut claims = place.claims();
    claims.as_object_mut().unwrap().extend(flat.as_object().unwrap().clone());
    assert_eq!(place.assume("Tagged", &place.key.token(&claims), "").await.status, 200);

    for wrong in [
        json!("team"),
        json!({ "principal_tags": ["team"] }),
        json!({ "principal_tags": { "team": ["blue", "red"] } }),
        json!({ "transitive_tag_keys": { "team": true } }),
    ] {
        let refused = place.refused(&place.with("https://aws.amazon.com/tags", wrong.clone())).await;
        assert_eq!(&*refused.1, "InvalidIdentityToken", "{wrong}: {refused:?}");
    }
    let long = json!({ "principal_tags": { "team": "x".repeat(257) } });
    assert_eq!(place.refused(&place.with("https://aws.amazon.com/tags", long)).await.1, "ValidationError");
    place.aws.shutdown().await;
}

/// Auth0's are `https://TENANT.auth0.com/`; their users write `TENANT.auth0.com/:aud`.
#[tokio::test]
async fn an_issuer_that_ends_with_a_slash_is_named_with_it_everywhere() {
    let place = Place::of("https://acme.example.com/").await;
    place.role("Api", json!(ASSUME), of_subject_of(place.issuer)).await;
    let begun = place.assume("Api", &place.key.token(&place.claims()), "").await;
    assert_eq!(
        begun.element("Provider"),
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/acme.example.com/"),
        "{begun:?}"
    );
    let without = place.with("iss", json!("https://acme.example.com"));
    let unknown = "No OpenIDConnect provider found in your account for https://acme.example.com";
    assert_eq!(place.refused(&without).await, invalid(unknown));
    place.aws.shutdown().await;
}

/// Of an issuer that each customer has one of, AWS publishes `token.actions.githubusercontent.com/${SubPath}:repository`.
#[tokio::test]
async fn a_customers_own_issuer_has_the_condition_keys_that_are_published_with_a_placeholder() {
    let place = Place::of("https://token.actions.githubusercontent.com/acme").await;
    let mut conditions = of_subject_of(place.issuer);
    conditions["StringEquals"]["token.actions.githubusercontent.com/acme:repository"] = json!("acme/api");
    place.role("Api", json!(ASSUME), conditions).await;
    let token = |claims: &Value| place.key.token(claims);
    let begun = place.assume("Api", &token(&place.with("repository", json!("acme/api"))), "").await;
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(place.refused(&place.with("repository", json!("acme/other"))).await, denied());
    assert_eq!(place.refused(&place.claims()).await, denied());
    place.aws.shutdown().await;
}

/// What is in a condition key's value is text, whatever it looks like.
#[tokio::test]
async fn a_token_does_not_speak_in_policy_variables_or_wildcards() {
    let place = Place::new().await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let variable = json!({ "StringEquals": { "oidc.example.com/id/1:sub": "${oidc.example.com/id/1:aud}" } });
    place.role("Same", json!(ASSUME), variable).await;
    for subject in ["*", "system:serviceaccount:default:*", "${oidc.example.com/id/1:aud}", "${aws:username}"] {
        assert_eq!(place.refused(&place.with("sub", json!(subject))).await, denied(), "{subject}");
        let token = place.key.token(&place.with("sub", json!(subject)));
        assert_eq!(place.assume("Same", &token, "").await.query_error(), denied(), "{subject}");
    }
    let same = place.key.token(&place.with("sub", json!("sts.amazonaws.com")));
    assert_eq!(place.assume("Same", &same, "").await.status, 200);
    place.aws.shutdown().await;
}

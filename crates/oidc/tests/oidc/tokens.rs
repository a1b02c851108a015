//! Tokens.

use jiff::{SignedDuration, Timestamp};
use oidc::{Algorithms, InvalidClaim, InvalidToken, KeySet, OutOfTime, Token, Unverified};
use serde_json::{Value, json};

use crate::issuer::{SigningKey, encoded, jwks};

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "sub": "me", "aud": ["you", "them"], "azp": "you", "amr": ["pwd"],
        "iat": 1_000, "nbf": 1_100, "exp": 2_000, "https://aws.amazon.com/tags": {"principal_tags": {}},
    })
}

fn set(keys: &[SigningKey]) -> KeySet {
    KeySet::parse(jwks(keys).to_string().as_bytes()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn every_algorithm_that_aws_takes_verifies_its_own_tokens_and_no_others() {
    let algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];
    let keys: Vec<SigningKey> = algorithms.into_iter().map(|algorithm| SigningKey::new(algorithm, algorithm)).collect();
    let all = set(&keys);
    for key in &keys {
        let text = key.token(&claims());
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.algorithm().name(), token.key_id()), (key.algorithm, Some(key.id)));
        let verified = token.verify(&all).unwrap();
        assert_eq!((&*verified.issuer, &*verified.subject), ("https://issuer.example", "me"));
        assert_eq!(
            (&*verified.audiences, &*verified.methods),
            (&["you".into(), "them".into()][..], &["pwd".into()][..])
        );
        assert_eq!(verified.authorized_party.as_deref(), Some("you"));
        assert!(verified.get("https://aws.amazon.com/tags").is_some_and(Value::is_object));

        // Another's key under the same id.
        let other = SigningKey::new(key.id, key.algorithm);
        assert_eq!(token.verify(&set(&[other])), Err(Unverified::Signature), "{}", key.algorithm);
    }
    // A header may leave out which key it was.
    for key in &keys {
        let text = key.signed(&json!({"alg": key.algorithm}), &claims().to_string());
        assert!(Token::parse(&text).unwrap().verify(&all).is_ok(), "{}", key.algorithm);
    }
}

/// For an issuer that need not suit AWS. Each key under the one id, so that only the signature tells.
#[test]
fn who_takes_more_than_aws_takes_each_by_its_own_key_alone() {
    let algorithms = ["RS256", "ES256", "PS256", "PS384", "PS512", "EdDSA"];
    let keys: Vec<SigningKey> = algorithms.into_iter().map(|algorithm| SigningKey::new("one", algorithm)).collect();
    let all = KeySet::parse_as(jwks(&keys).to_string().as_bytes(), Algorithms::All).unwrap();
    for key in &keys {
        let text = key.token(&claims());
        let token = Token::parse_as(&text, Algorithms::All).unwrap();
        assert!(token.verify(&all).is_ok(), "{}", key.algorithm);
        let other = jwks(&[SigningKey::new("one", key.algorithm)]).to_string();
        let other = KeySet::parse_as(other.as_bytes(), Algorithms::All).unwrap();
        assert_eq!(token.verify(&other), Err(Unverified::Signature), "{}", key.algorithm);
        // The same octets under another algorithm.
        let (_, rest) = text.split_once('.').unwrap();
        for wrong in algorithms.into_iter().filter(|wrong| *wrong != key.algorithm) {
            let header = encoded(json!({"alg": wrong, "kid": "one"}).to_string().as_bytes());
            let forged = format!("{header}.{rest}");
            assert!(Token::parse_as(&forged, Algorithms::All).unwrap().verify(&all).is_err(), "{wrong}");
        }
    }
    for algorithm in ["none", "HS256", "HS384", "HS512", "eddsa", "ES256K"] {
        let text = keys[0].signed(&json!({"alg": algorithm, "kid": "one"}), &claims().to_string());
        assert!(matches!(Token::parse_as(&text, Algorithms::All), Err(InvalidToken::Algorithm(_))), "{algorithm}");
    }
    // To AWS a key of Ed25519 is none.
    let edwards = jwks(&keys[5..]).to_string();
    assert_eq!(KeySet::parse(edwards.as_bytes()), Err(oidc::InvalidKeySet::Empty));
}

#[test]
fn a_token_of_which_anything_was_changed_is_not_believed() {
    let keys = [SigningKey::new("one", "ES256")];
    let text = keys[0].token(&claims());
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let mut other = claims();
    other["sub"] = json!("somebody else");
    let forged = format!("{header}.{}.{signature}", encoded(other.to_string().as_bytes()));
    assert_eq!(Token::parse(&forged).unwrap().verify(&set(&keys)), Err(Unverified::Signature));
    for cut in ["", "AAAA", signature.get(..40).unwrap()] {
        let forged = format!("{signed}.{cut}");
        assert_eq!(Token::parse(&forged).unwrap().verify(&set(&keys)), Err(Unverified::Signature), "{cut}");
    }
}

/// The public keys are known to everybody, so that nothing that they could make may count.
#[test]
fn no_token_without_a_signature_and_none_with_a_mac_is_read() {
    let key = SigningKey::new("one", "RS256");
    for algorithm in ["none", "None", "HS256", "HS512", "PS256", "EdDSA", "rs256", ""] {
        let header = json!({"alg": algorithm, "kid": "one"});
        let text = key.signed(&header, &claims().to_string());
        assert!(matches!(Token::parse(&text), Err(InvalidToken::Algorithm(_))), "{algorithm}");
    }
    for header in
        [json!({}), json!({"alg": 1}), json!({"alg": "RS256", "crit": ["x"]}), json!({"alg": "RS256", "kid": 1})]
    {
        let text = key.signed(&header, &claims().to_string());
        assert!(matches!(Token::parse(&text), Err(InvalidToken::Form(_))), "{header}");
    }
    // An RSA token that claims to be of a curve is of no key.
    let text = key.signed(&json!({"alg": "ES256", "kid": "one"}), &claims().to_string());
    assert_eq!(Token::parse(&text).unwrap().verify(&set(&[key])), Err(Unverified::NoSuchKey));
}

#[test]
fn what_is_no_token_is_told_what_it_lacks() {
    let good = SigningKey::new("one", "ES256").token(&claims());
    for text in
        ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &format!("{good}.x"), &format!("{good}="), &format!("{good} ")]
    {
        assert!(matches!(Token::parse(text), Err(InvalidToken::Form(_))), "{text}");
    }
    assert_eq!(Token::parse(&"a".repeat(20_001)).unwrap_err(), InvalidToken::Long);
    let deep = format!("{}.{}.AAAA", encoded(br#"{"alg":"RS256"}"#), encoded("[".repeat(9000).as_bytes()));
    assert!(matches!(Token::parse(&deep), Err(InvalidToken::Form(_))));
}

#[test]
fn what_an_id_token_must_have_is_missed() {
    let key = SigningKey::new("one", "ES256");
    let parse = |claims: &Value| Token::parse(&key.token(claims)).map(drop).unwrap_err();
    for name in ["iss", "sub", "aud", "iat", "exp"] {
        let mut without = claims();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(parse(&without), InvalidToken::Claim(InvalidClaim::Missing(name)));
    }
    for (name, wrong) in [
        ("iss", json!("")),
        ("iss", json!(1)),
        ("sub", json!([])),
        ("aud", json!([1])),
        ("exp", json!("2000")),
        ("exp", json!(2000.5)),
        ("iat", json!(i64::MAX)),
        ("nbf", json!(true)),
    ] {
        let mut changed = claims();
        changed[name] = wrong.clone();
        let refused = parse(&changed);
        assert!(matches!(refused, InvalidToken::Claim(InvalidClaim::Type { .. })), "{name} {wrong}: {refused}");
    }
}

#[test]
fn a_token_has_its_time_and_clocks_may_differ() {
    let keys = [SigningKey::new("one", "ES256")];
    let text = keys[0].token(&claims());
    let token = Token::parse(&text).unwrap();
    let claims = token.verify(&set(&keys)).unwrap();
    let leeway = SignedDuration::from_secs(300);
    let check = |second| claims.check_time(at(second), leeway);
    assert_eq!(check(799), Err(OutOfTime::Early(at(1_100))));
    for good in [800, 1_100, 1_999, 2_299] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    assert_eq!(check(2_300), Err(OutOfTime::Expired(at(2_000))));
    assert_eq!(claims.check_time(at(2_000), SignedDuration::ZERO), Err(OutOfTime::Expired(at(2_000))));
}

/// Debug texts end up in logs.
#[test]
fn a_token_is_not_shown() {
    let key = SigningKey::new("one", "ES256");
    let text = key.token(&claims());
    let shown = format!("{:?}", Token::parse(&text).unwrap());
    assert_eq!(shown, r#"Token { algorithm: ES256, key_id: Some("one"), .. }"#);
}

/// OpenID Connect Core 1.0, section 2, `sub`.
#[test]
fn a_subject_has_255_characters_at_most() {
    let key = SigningKey::new("one", "ES256");
    let of = |length| key.token(&json!({"iss": "a", "sub": "x".repeat(length), "aud": "b", "iat": 1, "exp": 2}));
    assert!(Token::parse(&of(255)).is_ok());
    let long = InvalidClaim::Long { name: "sub", most: 255 };
    assert_eq!(Token::parse(&of(256)).unwrap_err(), InvalidToken::Claim(long));
    // A cluster's own tokens need not suit AWS.
    assert!(Token::parse_as(&of(256), Algorithms::All).is_ok());
}

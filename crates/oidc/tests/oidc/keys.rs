//! Key sets and configurations.

use oidc::{Discovery, InvalidDiscovery, InvalidKeySet, KeySet, Token, Unverified};
use serde_json::{Value, json};

use crate::issuer::{SigningKey, encoded};

fn set(document: &Value) -> Result<KeySet, InvalidKeySet> {
    KeySet::parse(document.to_string().as_bytes())
}

fn claims() -> Value {
    json!({"iss": "https://issuer.example", "sub": "me", "aud": "you", "iat": 1, "exp": 2})
}

#[test]
fn a_key_verifies_only_what_it_is_for() {
    let key = SigningKey::new("one", "RS256");
    let text = key.token(&claims());
    let token = Token::parse(&text).unwrap();
    let with = |member: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[member] = value;
        json!({"keys": [jwk, SigningKey::new("other", "ES256").jwk()]})
    };
    for (member, good) in [("alg", json!("RS256")), ("key_ops", json!(["verify"])), ("use", json!("sig"))] {
        assert!(token.verify(&set(&with(member, good)).unwrap()).is_ok(), "{member}");
    }
    for (member, bad) in [
        ("alg", json!("RS512")),
        ("key_ops", json!(["encrypt"])),
        ("use", json!("enc")),
        ("kid", json!("two")),
        ("kty", json!("OKP")),
        ("n", json!("!")),
        ("e", Value::Null),
    ] {
        let refused = token.verify(&set(&with(member, bad)).unwrap());
        assert_eq!(refused, Err(Unverified::NoSuchKey), "{member}");
    }
}

#[test]
fn a_key_that_is_too_weak_or_no_point_of_its_curve_verifies_nothing() {
    let key = SigningKey::new("one", "RS256");
    let text = key.token(&claims());
    let mut weak = key.jwk();
    weak["n"] = json!(encoded(&[0xff; 128]));
    let weak = set(&json!({"keys": [weak]})).unwrap();
    assert_eq!(Token::parse(&text).unwrap().verify(&weak), Err(Unverified::Signature));

    let key = SigningKey::new("one", "ES256");
    let text = key.token(&claims());
    let mut off = key.jwk();
    off["x"] = json!(encoded(&[0; 32]));
    let off = set(&json!({"keys": [off]})).unwrap();
    assert_eq!(Token::parse(&text).unwrap().verify(&off), Err(Unverified::Signature));
}

/// Some issuers write a number's sign octet.
#[test]
fn a_modulus_may_begin_with_zeros() {
    let key = SigningKey::new("one", "RS256");
    let text = key.token(&claims());
    let mut padded = key.jwk();
    padded["n"] = json!(format!("AAAA{}", padded["n"].as_str().unwrap()));
    assert!(Token::parse(&text).unwrap().verify(&set(&json!({"keys": [padded]})).unwrap()).is_ok());
}

#[test]
fn a_set_has_a_hundred_keys_of_a_kind_and_one_that_can_be_used() {
    let key = SigningKey::new("one", "ES256").jwk();
    let many = |count: usize| json!({"keys": vec![key.clone(); count]});
    assert!(set(&many(100)).is_ok());
    assert_eq!(set(&many(101)), Err(InvalidKeySet::Many));
    assert_eq!(set(&many(10_000)), Err(InvalidKeySet::Many));
    assert_eq!(set(&json!({"keys": []})), Err(InvalidKeySet::Empty));
    assert_eq!(set(&json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})), Err(InvalidKeySet::Empty));
    for no_set in [json!([]), json!({}), json!({"keys": {}}), json!("keys")] {
        assert_eq!(set(&no_set), Err(InvalidKeySet::Form), "{no_set}");
    }
    let deep = format!("{{\"keys\": {}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(KeySet::parse(deep.as_bytes()), Err(InvalidKeySet::Form));
}

#[test]
fn a_configuration_is_of_the_issuer_that_was_asked() {
    let of = |issuer: &str| json!({"issuer": issuer, "jwks_uri": "https://keys.example/jwks"}).to_string();
    let asked = "https://issuer.example/id/1";
    let found = Discovery::parse(of(asked).as_bytes(), asked).unwrap();
    assert_eq!(found.jwks_uri, "https://keys.example/jwks");
    for other in ["https://issuer.example/id/2", "https://issuer.example/id/1/", "http://issuer.example/id/1"] {
        assert_eq!(Discovery::parse(of(other).as_bytes(), asked), Err(InvalidDiscovery::Issuer), "{other}");
    }
    assert_eq!(Discovery::parse(b"<html>", asked), Err(InvalidDiscovery::Form));
    assert_eq!(Discovery::url(asked), "https://issuer.example/id/1/.well-known/openid-configuration");
    assert_eq!(Discovery::url("https://a.example/"), "https://a.example/.well-known/openid-configuration");
}

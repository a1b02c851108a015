//! Whose token it is, and what its pod gets.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use aws_model::Arn;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use eks_auth::{Association, Cluster, InvalidPodToken, PodToken, SessionName, SessionTags, grant};
use jiff::SignedDuration;
use oidc::{Claims, KeySet, Token};
use proptest::prelude::*;
use serde_json::{Value, json};

const UUID: &str = "17903385-a093-4b17-9f47-97e9137a30fc";

/// What a token with these claims says, signed and verified.
fn claims(claims: &Value) -> Claims {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let [x, y] = [1..33, 33..65].map(|half| BASE64.encode(&pair.public_key().as_ref()[half]));
    let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y }] });
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "ES256" })), part(claims));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let text = format!("{signed}.{}", BASE64.encode(signature));
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    Token::parse(&text).unwrap().verify(&keys).unwrap().clone()
}

fn pod_claims() -> Value {
    json!({
        "aud": ["pods.eks.amazonaws.com"], "exp": 1_702_445_428, "iat": 1_702_359_028, "nbf": 1_702_359_028,
        "iss": "https://oidc.eks.us-west-2.amazonaws.com/id/8BA4A70AA33A68D27898EB4903D8A6E7",
        "kubernetes.io": {
            "namespace": "ns-a", "pod": { "name": "app1", "uid": "fd6df8ef-d820-4a7a-92c5-97f91dafb80a" },
            "serviceaccount": { "name": "sa1", "uid": "aad7d4eb-6302-40f6-9f89-92f8293bca5e" },
        },
        "sub": "system:serviceaccount:ns-a:sa1",
    })
}

fn token() -> PodToken {
    PodToken::of(&claims(&pod_claims())).unwrap()
}

fn association(namespace: &str, service_account: &str) -> Association {
    Association::new(
        "a-lfw52xh1ihr1szuwp".into(),
        namespace.parse().unwrap(),
        service_account.parse().unwrap(),
        "arn:aws:iam::111122223333:role/reader".parse().unwrap(),
    )
}

fn arn() -> Arn {
    "arn:aws:eks:us-west-2:111122223333:cluster/eks-ref-scaling".parse().unwrap()
}

#[test]
fn a_token_is_of_a_pod_and_its_service_account() {
    let token = token();
    assert_eq!((&*token.namespace, &*token.service_account, &*token.pod_name), ("ns-a", "sa1", "app1"));
    for (pointer, value, refused) in [
        ("/aud", json!(["sts.amazonaws.com"]), InvalidPodToken::Audience("pods.eks.amazonaws.com")),
        ("/sub", json!("system:serviceaccount:ns-b:sa1"), InvalidPodToken::Subject),
        ("/sub", json!("somebody"), InvalidPodToken::Subject),
        ("/kubernetes.io", json!({}), InvalidPodToken::Unbound("namespace")),
        ("/kubernetes.io", json!("ns-a"), InvalidPodToken::Unbound("namespace")),
        ("/kubernetes.io/pod", json!(null), InvalidPodToken::Unbound("pod.name")),
        ("/kubernetes.io/pod/uid", json!(""), InvalidPodToken::Unbound("pod.uid")),
        ("/kubernetes.io/serviceaccount/name", json!(7), InvalidPodToken::Unbound("serviceaccount.name")),
    ] {
        let mut changed = pod_claims();
        *changed.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(PodToken::of(&claims(&changed)), Err(refused), "{pointer} = {value}");
    }
    let mut several = pod_claims();
    several["aud"] = json!(["other", "pods.eks.amazonaws.com"]);
    assert!(PodToken::of(&claims(&several)).is_ok());
}

#[test]
fn a_pod_gets_a_session_of_its_own_service_accounts_role_with_six_tags() {
    let (token, arn) = (token(), arn());
    let cluster = Cluster { arn: &arn, name: "eks-ref-scaling" };
    let own = association("ns-a", "sa1");
    let granted = grant(cluster, &token, &own, UUID);
    assert!(std::ptr::eq(granted.association, &own));
    let role = &granted.role;
    assert_eq!(role.session_name, "eks-eks-ref-sc-app1-17903385-a093-4b17-9f47-97e9137a30fc");
    assert_eq!((role.lasts, role.policy, role.external_id), (SignedDuration::from_hours(6), None, None));
    let tags: Vec<_> = role.tags.iter().map(|tag| (tag.key, &*tag.value)).collect();
    assert_eq!(
        tags,
        [
            ("eks-cluster-arn", "arn:aws:eks:us-west-2:111122223333:cluster/eks-ref-scaling"),
            ("eks-cluster-name", "eks-ref-scaling"),
            ("kubernetes-namespace", "ns-a"),
            ("kubernetes-service-account", "sa1"),
            ("kubernetes-pod-name", "app1"),
            ("kubernetes-pod-uid", "fd6df8ef-d820-4a7a-92c5-97f91dafb80a"),
        ]
    );
    assert_eq!(granted.target, None);
}

#[test]
fn a_target_role_is_what_the_policy_narrows_and_takes_an_hour_less_a_minute() {
    let (token, arn) = (token(), arn());
    let cluster = Cluster { arn: &arn, name: "demo" };
    let target: Arn = "arn:aws:iam::444455556666:role/target".parse().unwrap();
    let chained = Association {
        target_role: Some(target.clone()),
        external_id: Some("us-west-2/111122223333/demo/ns-a/sa1".into()),
        session_tags: false,
        policy: Some("{}".into()),
        ..association("ns-a", "sa1")
    };
    let granted = grant(cluster, &token, &chained, UUID);
    let hour = SignedDuration::from_mins(59);
    assert_eq!((granted.role.policy, granted.role.external_id, granted.role.lasts), (None, None, hour));
    assert!(granted.role.tags.is_empty());
    let second = granted.target.unwrap();
    assert_eq!((second.role, second.policy, second.lasts), (&target, Some("{}"), hour));
    assert_eq!(second.external_id, Some("us-west-2/111122223333/demo/ns-a/sa1"));
    assert_eq!(second.session_name, granted.role.session_name);
    let narrowed = Association { policy: Some("{}".into()), session_tags: false, ..association("ns-a", "sa1") };
    assert_eq!(grant(cluster, &token, &narrowed, UUID).role.policy, Some("{}"));
}

#[test]
fn an_association_may_name_its_sessions_and_add_tags() {
    let (token, arn) = (token(), arn());
    let cluster = Cluster { arn: &arn, name: "demo" };
    let tags = [("team".to_owned(), "a b".to_owned()), ("Cost:Center".to_owned(), String::new())];
    let mut own = Association {
        tags: SessionTags::new(tags).unwrap(),
        session_name: Some("x.{namespace}-{serviceAccount}@{pod}+{cluster}".parse().unwrap()),
        ..association("ns-a", "sa1")
    };
    let granted = grant(cluster, &token, &own, UUID);
    assert_eq!(granted.role.session_name, "x.ns-a-sa1@app1+demo");
    let keys: Vec<_> = granted.role.tags.iter().map(|tag| (tag.key, &*tag.value)).skip(6).collect();
    assert_eq!(keys, [("Cost:Center", ""), ("team", "a b")]);
    own.session_tags = false;
    assert_eq!(grant(cluster, &token, &own, UUID).role.tags.len(), 2);

    // One that STS would find too long, and one that it would find too short.
    let long = PodToken { pod_name: "p".repeat(200), ..token.clone() };
    assert_eq!(grant(cluster, &long, &own, UUID).role.session_name.len(), 64);
    own.session_name = Some("{pod}".parse().unwrap());
    let short = PodToken { pod_name: "p".into(), ..token };
    assert_eq!(grant(cluster, &short, &own, UUID).role.session_name, format!("eks-demo-p-{UUID}"));
}

#[test]
fn names_and_tags_that_sts_would_refuse_are_none() {
    for (text, refused) in [
        ("", "it is empty"),
        ("{node}", "`{node}` stands for nothing: there are {cluster}, {namespace}, {serviceAccount} and {pod}"),
        ("a{pod", "a `{` has no `}`"),
        ("a/b", "`/` is in no name of a session: letters, digits and `_+=,.@-` are"),
        ("x", "it has less than 2 characters"),
        (&"x".repeat(65), "its own text has more than 64 characters"),
    ] {
        assert_eq!(text.parse::<SessionName>().unwrap_err().to_string(), refused, "{text}");
    }
    for (text, prefix) in [("a-{cluster}-{pod}x", "a-demo-"), ("{pod}", ""), ("plain", "plain")] {
        assert_eq!(text.parse::<SessionName>().unwrap().prefix("demo"), prefix);
    }
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    for (tags, refused) in [
        (vec![tag("", "x")], "`` is no key of a tag"),
        (vec![tag("a*", "x")], "`a*` is no key of a tag"),
        (vec![tag("a", "x*")], "the value of `a` is none"),
        (vec![tag("AWS:a", "x")], "`AWS:a` is one of AWS's own"),
        (vec![tag("EKS-Cluster-Name", "x")], "`EKS-Cluster-Name` is one of AWS's own"),
        (vec![tag("team", "x"), tag("Team", "y")], "`team` is there twice"),
        ((0..45).map(|number| tag(&number.to_string(), "")).collect(), "there are 45; with the six of EKS 44"),
    ] {
        let told = SessionTags::new(tags).unwrap_err().to_string();
        assert!(told.starts_with(refused), "{told}");
    }
}

proptest! {
    /// Whatever clusters and pods are called, STS takes the session's name.
    #[test]
    fn a_sessions_name_is_one_that_sts_takes(cluster in ".{0,120}", pod in ".{0,260}") {
        let arn = arn();
        let token = PodToken { pod_name: pod, ..token() };
        let mut own = association("ns-a", "sa1");
        for wanted in [None, Some("{pod}"), Some("{cluster}{namespace}-{pod}")] {
            own.session_name = wanted.map(|name| name.parse().unwrap());
            let granted = grant(Cluster { arn: &arn, name: &cluster }, &token, &own, UUID);
            let name = granted.role.session_name;
            prop_assert!((2..=64).contains(&name.len()), "{}", name);
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)), "{}", name);
            prop_assert!(wanted.is_some() || name.ends_with(UUID));
        }
    }
}

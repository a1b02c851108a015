//! A node gets credentials only for pods that run on it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eks_auth::PodToken;
use http::StatusCode;
use pod_identity::broker::Pods;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    issuer::SigningKey,
    rig::{Differs, Rig, agent_claims, pod_claims},
};

/// Knows one pod.
#[derive(Debug)]
struct Known(Result<Option<&'static str>, &'static str>);

#[async_trait]
impl Pods for Known {
    fn knows(&self, cluster: &str) -> bool {
        cluster == "demo"
    }

    async fn node_of(&self, cluster: &str, pod: &PodToken) -> Result<Option<String>, String> {
        assert_eq!((cluster, &*pod.pod_uid), ("demo", "uid-of-api"));
        self.0.map(|node| node.map(str::to_owned)).map_err(str::to_owned)
    }
}

#[tokio::test]
async fn an_agent_gets_credentials_for_pods_of_its_own_node_alone() {
    let rig = Rig::start().await;
    let pod = rig.pod("api");
    assert_eq!(rig.ask(&pod).await.status, StatusCode::OK);
    let elsewhere = rig.ask_as(&format!("Bearer {}", rig.agent("two")), &pod).await;
    assert_eq!((elsewhere.status.as_u16(), &*elsewhere.error), (400, "AccessDeniedException"));
    // A node of the same name that was made anew is another one.
    let mut anew = agent_claims("one");
    anew["kubernetes.io"]["node"]["uid"] = json!("uid-of-another");
    let anew = rig.ask_as(&format!("Bearer {}", rig.key.token(&anew)), &pod).await;
    assert_eq!((anew.status.as_u16(), &*anew.error), (400, "AccessDeniedException"));
    assert!(rig.scrape().contains("claviger_broker_requests_total{outcome=\"other_node\"} 2"));
    assert_eq!(rig.assumer.take_asked().len(), 1);
}

#[tokio::test]
async fn who_is_no_agent_is_not_served_and_told_so_without_pods_being_taken_their_credentials() {
    let rig = Rig::start().await;
    let pod = rig.pod("api");
    let changed = |pointer: &str, value: Value| {
        let mut claims = agent_claims("one");
        *claims.pointer_mut(pointer).unwrap() = value;
        format!("Bearer {}", rig.key.token(&claims))
    };
    let forged = SigningKey::new("one", "ES256").token(&agent_claims("one"));
    for (authorization, code) in [
        (String::new(), "MissingAuthenticationTokenException"),
        ("AWS4-HMAC-SHA256 Credential=AKID".to_owned(), "MissingAuthenticationTokenException"),
        (rig.agent("one"), "MissingAuthenticationTokenException"),
        (format!("Bearer {forged}"), "UnrecognizedClientException"),
        (format!("Bearer {pod}"), "UnrecognizedClientException"),
        ("Bearer nonsense".to_owned(), "UnrecognizedClientException"),
        (changed("/exp", json!(1_700_000_000)), "UnrecognizedClientException"),
        (changed("/iss", json!("https://other.example")), "UnrecognizedClientException"),
        (changed("/kubernetes.io/node", json!(null)), "UnrecognizedClientException"),
        (changed("/kubernetes.io/node/uid", json!("")), "UnrecognizedClientException"),
        (changed("/kubernetes.io/namespace", json!("other")), "UnrecognizedClientException"),
    ] {
        let answer = rig.ask_as(&authorization, &pod).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), (403, code), "{authorization}: {answer:?}");
    }
    assert!(rig.assumer.take_asked().is_empty());
}

#[tokio::test]
async fn a_pod_whose_token_has_no_node_is_looked_up() {
    for (knows, status, outcome) in [
        (None, 400, "node_unknown"),
        (Some(Known(Ok(Some("one")))), 200, "ok"),
        (Some(Known(Ok(Some("two")))), 400, "other_node"),
        (Some(Known(Ok(None))), 400, "pod_gone"),
        (Some(Known(Err("the apiserver is away"))), 503, "node_unknown"),
    ] {
        let told = format!("{knows:?}");
        let pods = knows.map(|known| Arc::new(known) as Arc<dyn Pods>);
        let rig = Rig::with(Differs { pods, ..Differs::default() }).await;
        let answer = rig.ask(&rig.key.token(&pod_claims("shop", "api", None))).await;
        assert_eq!(answer.status.as_u16(), status, "{told}: {answer:?}");
        assert!(rig.scrape().contains(&format!("{{outcome=\"{outcome}\"}} 1")), "{told}");
    }
}

/// A token outlives its pod: where pods are looked up, one that has gone gets nothing more by it. An apiserver that is away takes
/// nothing from a pod whose token says where it runs.
#[tokio::test]
async fn a_pod_that_has_gone_is_given_nothing_where_pods_are_looked_up() {
    for (known, status, outcome) in [
        (Known(Ok(Some("one"))), 200, "ok"),
        (Known(Ok(None)), 400, "pod_gone"),
        (Known(Ok(Some("two"))), 400, "other_node"),
        (Known(Err("the apiserver is away")), 200, "ok"),
    ] {
        let told = format!("{known:?}");
        let rig = Rig::with(Differs { pods: Some(Arc::new(known)), ..Differs::default() }).await;
        let answer = rig.ask(&rig.pod("api")).await;
        assert_eq!(answer.status.as_u16(), status, "{told}: {answer:?}");
        assert!(rig.scrape().contains(&format!("{{outcome=\"{outcome}\"}} 1")), "{told}");
    }
}

/// As where packets to it are dropped: the SDK in the pod has given up long before a connection does.
#[tokio::test]
async fn an_apiserver_that_does_not_answer_is_as_good_as_away() {
    #[derive(Debug)]
    struct Silent;
    #[async_trait]
    impl Pods for Silent {
        fn knows(&self, _cluster: &str) -> bool {
            true
        }

        async fn node_of(&self, _cluster: &str, _pod: &PodToken) -> Result<Option<String>, String> {
            std::future::pending().await
        }
    }
    let rig = Rig::with(Differs { pods: Some(Arc::new(Silent)), ..Differs::default() }).await;
    let pod = rig.pod("api");
    let answer = timeout(Duration::from_secs(2), rig.ask(&pod)).await.expect("before botocore gives up");
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let elsewhere = rig.ask_as(&format!("Bearer {}", rig.agent("two")), &pod).await;
    assert_eq!(elsewhere.error, "AccessDeniedException");
}

/// Its pods' tokens name it as it was; the agent's next token names it as it is.
#[tokio::test]
async fn pods_of_a_node_that_was_registered_anew_are_those_that_the_apiserver_says() {
    for (knows, status) in
        [(Some(Known(Ok(Some("one")))), 200), (Some(Known(Err("the apiserver is away"))), 400), (None, 400)]
    {
        let told = format!("{knows:?}");
        let pods = knows.map(|known| Arc::new(known) as Arc<dyn Pods>);
        let rig = Rig::with(Differs { pods, ..Differs::default() }).await;
        let mut agent = agent_claims("one");
        agent["kubernetes.io"]["node"]["uid"] = json!("uid-of-the-new");
        let answer = rig.ask_as(&format!("Bearer {}", rig.key.token(&agent)), &rig.pod("api")).await;
        assert_eq!(answer.status.as_u16(), status, "{told}: {answer:?}");
    }
}

/// Of a cluster whose pods nobody looks up, a token without a node is refused for good, and not as if an apiserver were away.
#[tokio::test]
async fn a_cluster_without_an_apiserver_has_nothing_to_do_with_anothers() {
    #[derive(Debug)]
    struct OfAnother;
    #[async_trait]
    impl Pods for OfAnother {
        fn knows(&self, _cluster: &str) -> bool {
            false
        }

        async fn node_of(&self, cluster: &str, _pod: &PodToken) -> Result<Option<String>, String> {
            Err(format!("{cluster} is not known"))
        }
    }
    let rig = Rig::with(Differs { pods: Some(Arc::new(OfAnother)), ..Differs::default() }).await;
    let answer = rig.ask(&rig.key.token(&pod_claims("shop", "api", None))).await;
    assert_eq!((answer.status.as_u16(), &*answer.error), (400, "AccessDeniedException"));
    assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_agent_that_says_who_it_is_is_held_to_it_also_where_it_need_not() {
    let rig = Rig::with(Differs { unbound: true, ..Differs::default() }).await;
    let pod = rig.pod("api");
    assert_eq!(rig.ask_as("", &pod).await.status, StatusCode::OK);
    let elsewhere = rig.ask_as(&format!("Bearer {}", rig.agent("two")), &pod).await;
    assert_eq!(elsewhere.error, "AccessDeniedException");
    assert_eq!(rig.ask_as("Bearer nonsense", &pod).await.error, "UnrecognizedClientException");
}

//! Nothing is handed to the wrong pod, in whatever order agents ask and associations change.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use pod_identity::agent::Connection;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rig::{Rig, pod_claims};

#[derive(Clone, Debug)]
enum Step {
    /// The agent of one node asks for a pod of another (or the same) node, of a service account.
    Ask {
        agent: u8,
        node: u8,
        account: u8,
    },
    /// Every service account has the role of this round from now on.
    Associate {
        round: u8,
    },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u8, 0..3_u8, 0..3_u8).prop_map(|(agent, node, account)| Step::Ask { agent, node, account }),
        1 => (0..3_u8).prop_map(|round| Step::Associate { round }),
        2 => Just(Step::Wait),
    ]
}

fn associations(round: u8) -> String {
    let one = |account: u8| {
        format!(
            "---\napiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: {{ namespace: shop, serviceAccount: \
             sa{account}, roleArn: 'arn:aws:iam::111122223333:role/sa{account}-{round}' }}\n"
        )
    };
    (0..3).map(one).collect()
}

async fn ask(rig: Arc<Rig>, agent: u8, node: u8, account: u8) {
    let (name, node_name) = (format!("sa{account}"), format!("node{node}"));
    let token = rig.key.token(&pod_claims("shop", &name, Some(&node_name)));
    let own = rig.agent(&format!("node{agent}"));
    let request = http::Request::post("/clusters/demo/assume-role-for-pod-identity")
        .header("authorization", format!("Bearer {own}"))
        .body(Full::<Bytes>::from(json!({ "token": token }).to_string()))
        .unwrap();
    let connection = Connection { peer: ([10, 0, 0, agent], 1).into(), local: ([10, 0, 0, 9], 8443).into() };
    let answer = rig.desk.answer(request, connection).await;
    let status = answer.status();
    let body: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    if agent != node {
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body.get("credentials").is_none());
        return;
    }
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["subject"], json!({ "namespace": "shop", "serviceAccount": name }));
    let secret = body["credentials"]["secretAccessKey"].as_str().unwrap();
    assert!(secret.starts_with(&format!("secret-of-{name}-")), "{secret} is not of {name}");
    let session = body["credentials"]["sessionToken"].as_str().unwrap().strip_prefix("session-of-").unwrap();
    assert!(session.starts_with(&format!("eks-demo-{name}-0-")), "{session} is not of {name}'s pod");
    assert!(body["assumedRoleUser"]["arn"].as_str().unwrap().ends_with(session));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_is_handed_to_the_wrong_pod(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = Arc::new(Rig::start().await);
            rig.assumer.dawdle();
            rig.associate(&associations(0));
            rig.desk.reload().await;
            let mut asking = tokio::task::JoinSet::new();
            for step in steps {
                match step {
                    Step::Ask { agent, node, account } => {
                        asking.spawn(ask(Arc::clone(&rig), agent, node, account));
                    }
                    Step::Associate { round } => rig.associate(&associations(round)),
                    Step::Wait => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
            while let Some(asked) = asking.join_next().await {
                asked.unwrap();
            }
            // Each session was begun for the service account that its tags say, by that one's role.
            for asked in rig.assumer.take_asked() {
                let tag = |key: &str| asked.tags.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
                let account = tag("kubernetes-service-account").unwrap();
                assert!(asked.role.starts_with(&format!("{account}-")), "{asked:?}");
                assert_eq!(tag("kubernetes-pod-uid").unwrap(), format!("uid-of-{account}"));
                assert!(asked.name.starts_with(&format!("eks-demo-{account}-0-")), "{asked:?}");
            }
        });
    }
}

//! Which sessions are begun for whom.

use http::StatusCode;
use pod_identity::broker::AssumeErrorKind;

use crate::{
    assumer::{Asked, Does},
    rig::{CLUSTER_ARN, Rig, pod_claims},
};

#[tokio::test]
async fn a_session_has_six_tags_and_one_of_a_target_role_what_its_association_says() {
    let rig = Rig::start().await;
    assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
    let asked = rig.assumer.take_asked();
    let [Asked { by: None, role, name, tags, external_id: None, policy: None, hours: 6.0 }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(role, "api");
    assert!(name.starts_with("eks-demo-api-0-") && name.len() <= 64, "{name}");
    let tags: Vec<_> = tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(
        tags,
        [
            ("eks-cluster-arn", CLUSTER_ARN),
            ("eks-cluster-name", "demo"),
            ("kubernetes-namespace", "shop"),
            ("kubernetes-service-account", "api"),
            ("kubernetes-pod-name", "api-0"),
            ("kubernetes-pod-uid", "uid-of-api"),
        ]
    );

    let answer = rig.ask(&rig.pod("chained")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let asked = rig.assumer.take_asked();
    let [first, target] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((&first.by, &*first.role, &first.policy, first.tags.len()), (&None, "first", &None, 0));
    assert_eq!((target.by.as_deref(), &*target.role, target.tags.len()), (Some("ASIA-first"), "target", 0));
    assert_eq!(target.external_id.as_deref(), Some("region/111122223333/demo"));
    assert_eq!(target.policy.as_deref(), Some(r#"{"Version":"2012-10-17","Statement":[]}"#));
    assert!(first.hours <= 1.0 && target.hours <= 1.0);
    // The credentials are the target role's.
    assert_eq!(answer.body["credentials"]["secretAccessKey"], "secret-of-target");

    // A pattern, and a role with a path.
    let dev = rig.ask(&rig.key.token(&pod_claims("dev-7", "x", Some("one")))).await;
    assert_eq!(dev.status, StatusCode::OK, "{dev:?}");
    assert_eq!(rig.assumer.take_asked()[0].role, "team/dev");
}

#[tokio::test]
async fn a_role_that_allows_an_hour_is_asked_for_more_once() {
    let rig = Rig::start().await;
    rig.assumer.next([Does::Fail(AssumeErrorKind::TooLong)]);
    for asked_for in [&[6.0, 1.0][..], &[1.0]] {
        assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
        let hours: Vec<_> = rig.assumer.take_asked().iter().map(|asked| asked.hours).collect();
        assert_eq!(hours, asked_for);
    }
    // Other credentials may be another identity: the longest duration is asked for again.
    rig.desk.reload().await;
    assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
    assert_eq!(rig.assumer.take_asked()[0].hours, 6.0);
}

#[tokio::test]
async fn a_broker_that_is_a_role_itself_asks_for_an_hour_at_once() {
    let rig = Rig::start().await;
    for (identity, hours) in [
        ("arn:aws:sts::111122223333:assumed-role/broker/i-1", 1.0),
        ("arn:aws:iam::111122223333:user/assumed-role/broker", 6.0),
    ] {
        *rig.assumer.identity.lock().unwrap() = Some(identity.to_owned());
        assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
        assert_eq!(rig.assumer.take_asked()[0].hours, hours, "{identity}");
    }
}

#[tokio::test]
async fn what_packs_too_large_is_told_with_what_takes_how_much() {
    let rig = Rig::start().await;
    rig.assumer.next([Does::Packed(97), Does::Fail(AssumeErrorKind::PackedTooLarge)]);
    assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
    let answer = rig.ask(&rig.pod("api")).await;
    assert_eq!((answer.status.as_u16(), &*answer.error), (400, "InvalidRequestException"));
    let message = answer.body["message"].as_str().unwrap();
    let told = "its session policy has 0 characters, its 6 session tags 187 (eks-cluster-arn 62, ";
    assert!(message.contains("role/api: STS says packed_too_large; ") && message.contains(told), "{message}");
    assert!(rig.scrape().contains("claviger_broker_packed_size_percent_bucket{le=\"100.0\"} 1"), "{}", rig.scrape());
}

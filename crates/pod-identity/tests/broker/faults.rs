//! An STS that refuses, throttles, is away and lies.

use pod_identity::broker::AssumeErrorKind;

use crate::{assumer::Does, rig::Rig};

#[tokio::test]
async fn what_sts_does_is_told_with_eks_auths_code_and_counted() {
    let rig = Rig::start().await;
    for (does, status, code, outcome, told) in [
        (
            Does::Fail(AssumeErrorKind::Denied),
            400,
            "AccessDeniedException",
            "role_refused",
            "its trust policy has to allow",
        ),
        (Does::Fail(AssumeErrorKind::Invalid), 400, "InvalidRequestException", "role_refused", "STS says invalid"),
        (Does::Fail(AssumeErrorKind::Throttled), 429, "ThrottlingException", "throttled", "STS says throttled"),
        (
            Does::Fail(AssumeErrorKind::OwnCredentials),
            503,
            "ServiceUnavailableException",
            "own_credentials",
            "STS says",
        ),
        (Does::Fail(AssumeErrorKind::Away), 503, "ServiceUnavailableException", "away", "STS says away"),
        (Does::OfAnother, 500, "InternalServerException", "untrue", "STS answered with a session of another role"),
        (Does::Over, 500, "InternalServerException", "untrue", "STS answered with a session that is over"),
    ] {
        rig.assumer.next([does]);
        let answer = rig.ask(&rig.pod("api")).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), (status, code), "{answer:?}");
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.starts_with("cannot assume the role arn:aws:iam::111122223333:role/api: "), "{message}");
        assert!(message.contains(told) && !message.contains("secret-of"), "{message}");
        assert!(
            rig.scrape().contains(&format!("claviger_broker_requests_total{{outcome=\"{outcome}\"}}")),
            "{outcome}"
        );
    }
}

/// The second of two sessions is the one that a pod gets: nothing of the first is handed out in its place.
#[tokio::test]
async fn where_the_target_role_is_refused_nothing_is_handed_out() {
    let rig = Rig::start().await;
    rig.assumer.next([Does::Packed(1), Does::Fail(AssumeErrorKind::Denied)]);
    let answer = rig.ask(&rig.pod("chained")).await;
    assert_eq!((answer.status.as_u16(), &*answer.error), (400, "AccessDeniedException"));
    assert!(answer.body["message"].as_str().unwrap().contains("444455556666:role/target"), "{answer:?}");
}

//! What events take up.

use local_aws::{Limits, Options};
use serde_json::json;

use crate::{
    wire::{self, ACCOUNT},
    world::{ann, event, kms, kms_as, listed, named, start, start_with},
};

#[tokio::test]
async fn the_oldest_events_go_when_there_is_no_room() {
    let limits = Limits { trail_bytes: 64 << 10, ..Limits::default() };
    let aws = start_with(Options { limits, ..Options::default() }).await;
    for number in 0..400 {
        kms(&aws, &ann(), "ListKeys", json!({"Limit": number % 100 + 1})).await;
    }
    let kept = listed(&aws, ACCOUNT, named("ListKeys")).await;
    assert!((50..400).contains(&kept.len()), "{} are kept", kept.len());
    let newest: serde_json::Value =
        serde_json::from_str(kept.last().unwrap()["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(newest["requestParameters"]["limit"], 100);
    // One that is most of the room takes the place of all others, and goes in its turn.
    let text = "x".repeat(32 << 10);
    kms_as(
        &aws,
        &wire::of(&ann(), "kms"),
        "TagResource",
        json!({"KeyId": "k", "Tags": [{"TagKey": text, "TagValue": ""}]}),
    )
    .await;
    assert!(listed(&aws, ACCOUNT, named("ListKeys")).await.len() < kept.len());
    assert_eq!(listed(&aws, ACCOUNT, named("TagResource")).await.len(), 1);
    aws.shutdown().await;
}

/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `requestParameters`, `errorMessage`, `userAgent`.
#[tokio::test]
async fn what_is_too_long_for_an_event_is_cut_or_left_out() {
    let aws = start().await;
    let text = "é".repeat(60 << 10);
    let request =
        wire::kms("CreateKey", &json!({ "Policy": text }).to_string()).header("user-agent", &"x".repeat(2000));
    let refused = request.signed(&aws, &wire::of(&ann(), "kms")).send(&aws).await;
    assert_eq!(refused.status, 400);
    let told = event(&aws, ACCOUNT, "CreateKey").await;
    assert_eq!(told["requestParameters"], serde_json::Value::Null);
    assert_eq!(told["userAgent"].as_str().unwrap().len(), 1024);
    assert!(told["errorMessage"].as_str().unwrap().len() <= 1024, "{told}");
    aws.shutdown().await;
}

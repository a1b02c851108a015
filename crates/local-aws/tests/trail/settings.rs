//! What is set for trails outlives a restart. The rest of it is in `tests/clients/trail_cases.py`.

use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::{Value, json};

use crate::{wire, world::cloudtrail};

async fn call(aws: &Running, operation: &str, input: Value) -> Value {
    let answer = cloudtrail(operation, &input.to_string()).signed(aws, &wire::root(aws, "cloudtrail")).send(aws).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn trails_are_kept_in_the_state_file() {
    let directory = tempfile::tempdir().unwrap();
    let options = || Options {
        state: State::File { path: directory.path().join("state"), master_key: MasterKey::Beside },
        ..Options::default()
    };
    let first = wire::start_with(options()).await;
    for name in ["kept", "gone"] {
        call(&first, "CreateTrail", json!({"Name": name, "S3BucketName": "bucket", "KmsKeyId": "alias/trail"})).await;
    }
    call(&first, "StartLogging", json!({"Name": "kept"})).await;
    call(&first, "DeleteTrail", json!({"Name": "gone"})).await;
    let before = call(&first, "DescribeTrails", json!({})).await;
    first.shutdown().await;

    let second = wire::start_with(options()).await;
    assert_eq!(call(&second, "DescribeTrails", json!({})).await, before);
    assert_eq!(before["trailList"].as_array().unwrap().len(), 1);
    assert_eq!(call(&second, "GetTrailStatus", json!({"Name": "kept"})).await["IsLogging"], true);
    second.shutdown().await;
}

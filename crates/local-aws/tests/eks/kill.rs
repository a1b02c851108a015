//! Killed at any moment, EKS has every change that it acknowledged, whole.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    killing::{Kill, tell, to_be_killed},
    support::{associate, eks, new_cluster, start_at},
    wire,
};

const KILLS: u32 = 10;

#[test]
fn ten_kills_under_load_lose_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut told = Vec::new();
    for round in 0..KILLS {
        let after = Duration::from_millis(u64::from(round * 7 % 31));
        let kill = Kill { test: "kill::write_until_killed", round, told: 2, after };
        let change = |line: &str| serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
        told.extend(kill.load(&path, change));
    }
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        for told in &told {
            let cluster = told["cluster"].as_str().unwrap();
            let listed =
                wire::rest(&aws, "eks", "GET", &format!("/clusters/{cluster}/pod-identity-associations"), "").await;
            if told["deleted"] == true {
                assert_eq!(listed.rest_error().1, "ResourceNotFoundException", "{told}");
                continue;
            }
            let path =
                format!("/clusters/{cluster}/pod-identity-associations/{}", told["association"].as_str().unwrap());
            assert_eq!(eks(&aws, "GET", &path, Value::Null).await["association"]["serviceAccount"], "api", "{told}");
        }
        aws.shutdown().await;
    });
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some((path, _)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        for number in 0.. {
            let cluster = format!("c-{}-{number}", std::process::id());
            new_cluster(&aws, &cluster).await;
            let association = associate(&aws, &cluster, "api").await;
            // A hundred clusters are all that there may be.
            let deleted = number % 4 != 0;
            if deleted {
                eks(&aws, "DELETE", &format!("/clusters/{cluster}"), Value::Null).await;
            }
            let told = json!({ "cluster": cluster, "association": association["associationId"], "deleted": deleted });
            tell(&told.to_string());
        }
    });
}

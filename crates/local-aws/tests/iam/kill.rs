//! Killed at any moment, IAM has every change that it acknowledged.

use std::{sync::Arc, time::Duration};

use local_aws::Options;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    killing::{Kill, tell, to_be_killed},
    support::{allow, done, iam, start_at, trust},
};

const KILLS: u32 = 12;
const WRITERS: u32 = 4;

#[test]
fn a_dozen_kills_under_load_lose_no_acknowledged_role() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut told = Vec::new();
    for round in 0..KILLS {
        let after = Duration::from_millis(u64::from(round * 7 % 31));
        let kill = Kill { test: "kill::write_until_killed", round, told: 2, after };
        let is_told = |line: &str| line.starts_with("made ") || line.starts_with("gone ");
        told.extend(kill.load(&path, move |line| is_told(line).then(|| line.to_owned())));
    }
    assert!(told.len() > KILLS as usize, "writes were on their way: {told:?}");
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path, Options::default()).await;
        for line in told {
            let (state, role) = line.split_once(' ').unwrap();
            let policy = iam(&aws, "GetRolePolicy", &[("RoleName", role), ("PolicyName", "p")]).await;
            assert_eq!(policy.status == 200, state == "made", "{line}: {policy:?}");
        }
        aws.shutdown().await;
    });
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some((path, round)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = Arc::new(start_at(&path, Options::default()).await);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let aws = Arc::clone(&aws);
            writers.spawn(async move {
                for number in 0.. {
                    let role = format!("r{round}-{writer}-{number}");
                    let named = [("RoleName", role.as_str()), ("PolicyName", "p")];
                    done(&aws, "CreateRole", &[named[0], ("AssumeRolePolicyDocument", &trust())]).await;
                    done(&aws, "PutRolePolicy", &[named[0], named[1], ("PolicyDocument", &allow("kms:*"))]).await;
                    if number % 3 == 0 {
                        done(&aws, "DeleteRolePolicy", &named).await;
                        done(&aws, "DeleteRole", &named[..1]).await;
                        tell(&format!("gone {role}"));
                    } else {
                        tell(&format!("made {role}"));
                    }
                }
            });
        }
        writers.join_next().await;
    });
    panic!("a writer ended");
}

//! Killed at any moment, Organizations has every change that it acknowledged, whole.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    killing::{Kill, tell, to_be_killed},
    support::{MANAGEMENT, Somebody, attach, deny_encrypt, detach, done, options, start_at, text, unit},
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
        told.extend(kill.load(&path, |line| serde_json::from_str(line).ok().filter(Value::is_object)));
    }
    assert!(told.len() > KILLS as usize, "changes were on their way: {told:?}");
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path, options()).await;
        for told in &told {
            let id = told["unit"].as_str().unwrap();
            let described = done(&aws, "DescribeOrganizationalUnit", json!({ "OrganizationalUnitId": id })).await;
            assert_eq!(described["OrganizationalUnit"]["Name"], told["name"], "{told}");
            let of = json!({ "TargetId": id, "Filter": "SERVICE_CONTROL_POLICY" });
            let on_it = done(&aws, "ListPoliciesForTarget", of).await["Policies"].as_array().unwrap().len();
            assert_eq!(on_it == 2, told["attached"] == true, "{told}");
            // The account was told to be there: it is, with its role.
            let account = told["account"].as_str().unwrap();
            done(&aws, "DescribeAccount", json!({ "AccountId": account })).await;
        }
        aws.shutdown().await;
    });
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some((path, _)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path, options()).await;
        let there = Somebody::root(&aws, MANAGEMENT).organizations(&aws, "DescribeOrganization", json!({})).await;
        if there.status != 200 {
            done(&aws, "CreateOrganization", json!({})).await;
            deny_encrypt(&aws).await;
        }
        let root = text(&done(&aws, "ListRoots", json!({})).await, "/Roots/0/Id");
        let policies = done(&aws, "ListPolicies", json!({ "Filter": "SERVICE_CONTROL_POLICY" })).await;
        let deny =
            policies["Policies"].as_array().unwrap().iter().find(|policy| policy["Name"] == "NoEncrypt").unwrap();
        let deny = text(deny, "/Id");
        for number in 0.. {
            let name = format!("{}-{number}", std::process::id());
            let unit = unit(&aws, &root, &name).await;
            attach(&aws, &deny, &unit).await;
            let attached = number % 3 != 0;
            if !attached {
                detach(&aws, &deny, &unit).await;
            }
            let email = format!("{name}@example.com");
            let asked = done(&aws, "CreateAccount", json!({ "Email": email, "AccountName": name })).await;
            let asked = json!({ "CreateAccountRequestId": text(&asked, "/CreateAccountStatus/Id") });
            let made = done(&aws, "DescribeCreateAccountStatus", asked).await;
            let account = text(&made, "/CreateAccountStatus/AccountId");
            let told = json!({ "unit": unit, "name": name, "attached": attached, "account": account });
            tell(&told.to_string());
        }
    });
}

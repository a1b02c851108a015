//! What a trust policy that is kept means as those whom it names come and go.

use serde_json::Value;

use crate::{
    support::{ACCOUNT, done, iam, trust},
    wire::start,
};

/// The role's trust policy, as IAM tells it.
async fn trust_of(aws: &local_aws::Running, role: &str) -> Value {
    let encoded = done(aws, "GetRole", &[("RoleName", role)]).await.element("AssumeRolePolicyDocument");
    let text: Vec<u8> = {
        let mut bytes = encoded.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            let digits = (byte == b'%').then(|| [bytes.next().unwrap(), bytes.next().unwrap()]);
            let of_digits = |digits: [u8; 2]| u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap();
            decoded.push(digits.map_or(byte, of_digits));
        }
        decoded
    };
    serde_json::from_slice(&text).unwrap()
}

/// The principal of the role's trust policy.
async fn trusted(aws: &local_aws::Running, role: &str) -> String {
    let document = trust_of(aws, role).await;
    let statement = document["Statement"].get(0).unwrap_or(&document["Statement"]);
    statement["Principal"]["AWS"].as_str().unwrap().to_owned()
}

/// Rule: `iam-principal-id-shown`.
#[tokio::test]
async fn who_is_gone_is_shown_by_its_id_and_who_comes_anew_does_not_take_its_place() {
    let aws = start().await;
    let named = format!("arn:aws:iam::{ACCOUNT}:role/First");
    let trust = trust();
    let first = [("RoleName", "First"), ("AssumeRolePolicyDocument", trust.as_str())];
    let id = done(&aws, "CreateRole", &first).await.element("RoleId");
    let trusts = trust.replace(&format!("arn:aws:iam::{ACCOUNT}:root"), &named);
    done(&aws, "CreateRole", &[("RoleName", "Second"), ("AssumeRolePolicyDocument", &trusts)]).await;
    assert_eq!(trusted(&aws, "Second").await, named);
    done(&aws, "DeleteRole", &[("RoleName", "First")]).await;
    assert_eq!(trusted(&aws, "Second").await, id);
    assert_ne!(done(&aws, "CreateRole", &first).await.element("RoleId"), id);
    assert_eq!(trusted(&aws, "Second").await, id);
    // Put again, it means who is there now.
    done(&aws, "UpdateAssumeRolePolicy", &[("RoleName", "Second"), ("PolicyDocument", &trusts)]).await;
    assert_eq!(trusted(&aws, "Second").await, named);
    aws.shutdown().await;
}

/// Rule: `iam-principal-id-shown`.
#[tokio::test]
async fn the_name_of_who_is_gone_stays_where_it_is_the_value_of_a_condition() {
    let aws = start().await;
    let named = format!("arn:aws:iam::{ACCOUNT}:role/First");
    let first = [("RoleName", "First"), ("AssumeRolePolicyDocument", &trust())];
    let id = done(&aws, "CreateRole", &first).await.element("RoleId");
    let trusts = |principal: &str| {
        let condition = serde_json::json!({"ArnEquals": {"aws:PrincipalArn": named}});
        let principal = serde_json::json!({"AWS": principal});
        let action = "sts:AssumeRole";
        let allow =
            serde_json::json!({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition});
        serde_json::json!({"Version": "2012-10-17", "Statement": [allow]})
    };
    let second = [("RoleName", "Second"), ("AssumeRolePolicyDocument", &trusts(&named).to_string())];
    done(&aws, "CreateRole", &second).await;
    done(&aws, "DeleteRole", &[("RoleName", "First")]).await;
    assert_eq!(trust_of(&aws, "Second").await, trusts(&id));
    // Nobody is named by the id any more: what was told is refused when it is put.
    let told = trusts(&id).to_string();
    let put = [("RoleName", "Second"), ("PolicyDocument", told.as_str())];
    let (_, code, message) = iam(&aws, "UpdateAssumeRolePolicy", &put).await.query_error();
    assert_eq!(
        (code.as_str(), message),
        ("MalformedPolicyDocument", format!("Invalid principal in policy: \"AWS\":\"{id}\""))
    );
    aws.shutdown().await;
}

/// Rule: `iam-principal-unknown-session`.
#[tokio::test]
async fn a_session_that_is_not_there_yet_may_be_trusted() {
    let aws = start().await;
    done(&aws, "CreateRole", &[("RoleName", "First"), ("AssumeRolePolicyDocument", &trust())]).await;
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/First/not-yet");
    let trusts = trust().replace(&format!("arn:aws:iam::{ACCOUNT}:root"), &session);
    done(&aws, "CreateRole", &[("RoleName", "Second"), ("AssumeRolePolicyDocument", &trusts)]).await;
    assert_eq!(trusted(&aws, "Second").await, session);
    aws.shutdown().await;
}

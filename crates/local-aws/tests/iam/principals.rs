//! What a trust policy that is kept means as those whom it names come and go.

use serde_json::Value;

use crate::{
    support::{ACCOUNT, done, trust},
    wire::start,
};

/// The principal of the role's trust policy, as IAM tells it.
async fn trusted(aws: &local_aws::Running, role: &str) -> String {
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
    let document: Value = serde_json::from_slice(&text).unwrap();
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

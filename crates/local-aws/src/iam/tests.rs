//! What would take too long over the wire: the quotas of an account.

use std::sync::Arc;

use aws_model::Partition;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Iam, State};
use crate::{CallContext, Caller, Quotas, ServiceError, accounts::Accounts, authorization::Authorizer, store::Store};

struct Account(Iam);

impl Account {
    async fn new() -> Self {
        let authorizer = Arc::new(Authorizer::new(authz::world::World::new()));
        let (store, start) = (Store::memory(), Timestamp::UNIX_EPOCH);
        let state = State::load(store, Partition::Commercial, start, Arc::clone(&authorizer), Quotas::default());
        let named = ["111122223333".parse().unwrap()];
        let accounts = Accounts::open(Store::memory(), Partition::Commercial, named, [], authorizer).await.unwrap();
        Self(Iam::new(state.unwrap(), Arc::new(accounts)))
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let caller = Caller::root("111122223333".parse().unwrap(), "AKIAROOT");
        let region = "us-east-1".parse().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        self.0.call(
            &CallContext {
                caller: &caller,
                region: &region,
                now,
                request_id: "r",
                invoked_by: None,
                peer: None,
                notes: None,
            },
            operation,
            input,
        )
    }
}

#[tokio::test]
async fn an_account_has_so_many_of_each_and_no_more() {
    let account = Account::new().await;
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    })
    .to_string();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;
    for (operation, name, more, most, quota) in [
        ("CreateUser", "UserName", json!({}), 5000, "UsersPerAccount"),
        ("CreateRole", "RoleName", json!({ "AssumeRolePolicyDocument": trust }), 1000, "RolesPerAccount"),
        ("CreateGroup", "GroupName", json!({}), 300, "GroupsPerAccount"),
        ("CreatePolicy", "PolicyName", json!({ "PolicyDocument": policy }), 1500, "PoliciesPerAccount"),
        ("CreateInstanceProfile", "InstanceProfileName", json!({}), 1000, "InstanceProfilesPerAccount"),
        ("CreateVirtualMFADevice", "VirtualMFADeviceName", json!({}), 5000, "VirtualMFADevicesPerAccount"),
    ] {
        let make = |number: usize| {
            let mut input = more.clone();
            input[name] = format!("n{number}").into();
            account.call(operation, input)
        };
        for number in 0..most {
            make(number).unwrap();
        }
        let refused = make(most).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("LimitExceeded", 409), "{operation}");
        assert_eq!(refused.message(), format!("Cannot exceed quota for {quota}: {most}"));
    }
    // Roles of services do not count.
    account.call("CreateServiceLinkedRole", json!({ "AWSServiceName": "eks.amazonaws.com" })).unwrap();
}

//! No operation of today answers such a message: here it is made as EC2's will make it.

use std::sync::Arc;

use authz::{
    context::{Context, Others},
    file::{NoFiles, world},
    principal::Principal,
    request::{KmsDetail, Resource},
    text::SourceText,
};

use super::*;
use crate::{authorization::Authorizer, store::Store};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const INSTANCE: &str = "arn:aws:ec2:us-west-2:111122223333:instance/*";

async fn parts() -> (Arc<Authorizer>, Accounts, Caller) {
    let text = json!({ "users": { ANN: { "policies": { "p": { "Version": "2012-10-17", "Statement": [
        { "Sid": "NoBig", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": INSTANCE,
          "Condition": { "StringEquals": { "ec2:InstanceType": "big" } } },
    ] } } } } });
    let world = world::read(&SourceText::new("world.json", text.to_string()), &NoFiles).unwrap();
    let authorizer = Arc::new(Authorizer::new(world));
    let partition = aws_model::Partition::Commercial;
    let accounts = Accounts::open(Store::memory(), partition, [], [], Arc::clone(&authorizer)).await.unwrap();
    let caller = Caller {
        arn: ANN.to_owned(),
        user_id: "AIDAANN".to_owned(),
        principal: Principal::User(ANN.parse().unwrap()),
        ..Caller::root("111122223333".parse().unwrap(), "AKIAANN")
    };
    (authorizer, accounts, caller)
}

fn run(caller: &Caller, of_type: &str) -> Request {
    Request {
        principal: caller.principal.clone(),
        through: Vec::new(),
        action: "ec2:RunInstances".parse().unwrap(),
        resource: Resource { arn: INSTANCE.into(), owner: None, tags: Default::default() },
        region: Some("us-west-2".parse().unwrap()),
        kms: KmsDetail::default(),
        context: Context::new(Others::Absent).with_value("ec2:InstanceType", of_type),
    }
}

#[tokio::test]
async fn an_explicit_denial_tells_the_statement_and_the_context() {
    let (authorizer, accounts, caller) = parts().await;
    let request = run(&caller, "big");
    let text = encode(&accounts, &caller, &request, &authorizer.explain(&request)).unwrap();
    assert!(text.len() < 1024 && !text.contains("NoBig"), "{text}");
    let told: Value = serde_json::from_str(&decode(&accounts, &caller, &text).unwrap()).unwrap();
    let of_big = json!({ "items": [{ "key": "ec2:InstanceType", "values": { "items": [{ "value": "big" }] } }] });
    assert_eq!(
        told,
        json!({
            "allowed": false,
            "explicitDeny": true,
            "matchedStatements": { "items": [{
                "statementId": "NoBig",
                "effect": "DENY",
                "principals": { "items": [{ "value": "AIDAANN" }] },
                "principalGroups": { "items": [] },
                "actions": { "items": [{ "value": "ec2:RunInstances" }] },
                "resources": { "items": [{ "value": INSTANCE }] },
                "conditions": of_big,
            }] },
            "failures": { "items": [] },
            "context": {
                "principal": { "id": "AIDAANN", "arn": ANN },
                "action": "ec2:RunInstances",
                "resource": INSTANCE,
                "conditions": { "items": [{ "key": "ec2:instancetype", "values": { "items": [{ "value": "big" }] } }] },
            },
        })
    );
}

#[tokio::test]
async fn an_implicit_denial_matches_no_statement() {
    let (authorizer, accounts, caller) = parts().await;
    let request = run(&caller, "small");
    let text = encode(&accounts, &caller, &request, &authorizer.explain(&request)).unwrap();
    let told: Value = serde_json::from_str(&decode(&accounts, &caller, &text).unwrap()).unwrap();
    assert_eq!((&told["explicitDeny"], &told["matchedStatements"]["items"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn only_the_account_of_who_was_denied_decodes_it() {
    let (authorizer, accounts, caller) = parts().await;
    let request = run(&caller, "big");
    let text = encode(&accounts, &caller, &request, &authorizer.explain(&request)).unwrap();
    let other = Caller::root("444455556666".parse().unwrap(), "AKIAOTHER");
    assert_eq!(decode(&accounts, &other, &text), None);
    for altered in [text.replacen(['a', 'b', 'c'], "-", 1), format!("{text}AAAA"), "x".to_owned(), String::new()] {
        assert_eq!(decode(&accounts, &caller, &altered), None, "{altered}");
    }
}

//! What a call was on, as its event tells it and as LookupEvents finds it.

use aws_catalog::access::On;
use aws_wire::model::ServiceId;
use serde::Serialize;
use serde_json::Value;

use super::{Touched, call::Call};

const KEY: &str = "AWS::KMS::Key";
const ROLE: &str = "AWS::IAM::Role";

/// A resource in an event.
#[derive(Debug, Serialize)]
pub(super) struct Resource<'a> {
    #[serde(rename = "accountId")]
    account: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "ARN")]
    arn: &'a str,
}

/// A resource by which an event is found.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Named {
    pub(crate) resource_type: &'static str,
    pub(crate) resource_name: String,
}

/// The resources of an event; `None` where events of the operation have no such field.
///
/// KMS tells an alias as a key, and of UpdateAlias the new key alone.
pub(super) fn of(call: &Call) -> Option<Vec<Resource<'_>>> {
    let facts = &call.facts;
    let tells = match facts.service {
        ServiceId::Kms => (facts.operation, facts.touched.len()) != ("UpdatePrimaryRegion", 0),
        ServiceId::Sts => facts.operation.starts_with("AssumeRole"),
        _ => false,
    };
    if !tells {
        return None;
    }
    let is_told = |touched: &&Touched| match touched.on {
        On::KeyInRegion { .. } => false,
        On::KeyOfAlias(_) => facts.operation != "UpdateAlias",
        _ => true,
    };
    let mut resources: Vec<Resource<'_>> = Vec::new();
    for touched in facts.touched.iter().filter(is_told) {
        let arn = &*touched.arn;
        let account = arn.split(':').nth(4).unwrap_or_default();
        let kind = if facts.service == ServiceId::Kms { KEY } else { ROLE };
        if !resources.iter().any(|resource| resource.arn == arn) {
            resources.push(Resource { account, kind, arn });
        }
    }
    if facts.operation == "CreateAlias" {
        resources.reverse();
    }
    Some(resources)
}

/// All by which LookupEvents finds the event: its resources, and the session that it began.
pub(crate) fn named(call: &Call) -> Vec<Named> {
    let mut found = Vec::new();
    let mut add = |resource_type, name: &str| {
        let named = Named { resource_type, resource_name: name.to_owned() };
        if !found.contains(&named) {
            found.push(named);
        }
    };
    let begun = Some(call).filter(|call| call.facts.service == ServiceId::Sts);
    if let Some(text) = begun.and_then(|call| call.facts.answer.as_deref())
        && let Ok(answer) = serde_json::from_str::<Value>(text)
    {
        for (kind, pointer) in [
            ("AWS::IAM::AccessKey", "/credentials/accessKeyId"),
            ("AWS::STS::AssumedRole", "/assumedRoleUser/assumedRoleId"),
            ("AWS::STS::AssumedRole", "/assumedRoleUser/arn"),
        ] {
            answer.pointer(pointer).and_then(Value::as_str).into_iter().for_each(|name| add(kind, name));
        }
    }
    for resource in of(call).unwrap_or_default() {
        add(resource.kind, resource.arn);
    }
    if call.facts.service == ServiceId::Iam {
        let texts = [&call.facts.parameters, &call.facts.answer];
        for document in texts.into_iter().flatten().filter_map(|text| serde_json::from_str::<Value>(text).ok()) {
            named_by_iam(&document, &mut add);
        }
    }
    if matches!(call.facts.service, ServiceId::Eks | ServiceId::EksAuth) {
        let cluster = |touched: &&Touched| touched.arn.split_once(":cluster/").is_some();
        for touched in call.facts.touched.iter().filter(cluster) {
            add("AWS::EKS::Cluster", touched.arn.split_once(":cluster/").map_or("", |(_, name)| name));
        }
    }
    found
}

/// What an input or an answer of IAM names: a user by name, unique id and ARN.
///
/// No document of AWS's says which names CloudTrail takes out of IAM's events; these are those by which its event history
/// finds them.
fn named_by_iam(document: &Value, add: &mut impl FnMut(&'static str, &str)) {
    const NAMES: [(&str, &str); 6] = [
        ("AWS::IAM::User", "userName"),
        ("AWS::IAM::Role", "roleName"),
        ("AWS::IAM::Group", "groupName"),
        ("AWS::IAM::Policy", "policyArn"),
        ("AWS::IAM::InstanceProfile", "instanceProfileName"),
        ("AWS::IAM::AccessKey", "accessKeyId"),
    ];
    const MADE: [(&str, &str, &[&str]); 5] = [
        ("AWS::IAM::User", "user", &["userName", "userId", "arn"]),
        ("AWS::IAM::Role", "role", &["roleName", "roleId", "arn"]),
        ("AWS::IAM::Group", "group", &["groupName", "groupId", "arn"]),
        ("AWS::IAM::Policy", "policy", &["policyName", "policyId", "arn"]),
        ("AWS::IAM::InstanceProfile", "instanceProfile", &["instanceProfileName", "instanceProfileId", "arn"]),
    ];
    let mut tell =
        |kind, value: Option<&Value>| value.and_then(Value::as_str).into_iter().for_each(|name| add(kind, name));
    for (kind, member) in NAMES {
        tell(kind, document.get(member));
    }
    for (kind, made, members) in MADE {
        members.iter().for_each(|member| tell(kind, document.get(made).and_then(|made| made.get(member))));
    }
    tell("AWS::IAM::AccessKey", document.pointer("/accessKey/accessKeyId"));
}

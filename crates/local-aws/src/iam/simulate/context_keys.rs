//! The condition keys that policies ask for.
//!
//! Source: IAM API Reference, "GetContextKeysForCustomPolicy".

use std::collections::BTreeSet;

use authz::{
    policy::{Policy, PolicyKind},
    rules::Assumptions,
};
use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    call::{Call, input},
    documents::read,
    fault,
    managed_policies::known,
    records::{Carried, told::path_and_name},
    state::{Realm, key},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Of {
    #[serde(default)]
    policy_source_arn: String,
    #[serde(default)]
    policy_input_list: Vec<String>,
}

pub(in crate::iam) fn of_custom(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Of { policy_input_list, .. } = input(value)?;
    told(policy_input_list.iter().map(String::as_str))
}

pub(in crate::iam) fn of_principal(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Of { policy_source_arn, policy_input_list } = input(value)?;
    let refuse = || fault::invalid_arn(&policy_source_arn);
    let arn = policy_source_arn.parse::<aws_model::Arn>().map_err(|_| refuse())?;
    let (_, name) = path_and_name(&arn);
    let realm = call.realm();
    let kind = [IamKind::User, IamKind::Role, IamKind::Group]
        .into_iter()
        .find(|kind| arn.resource().starts_with(&format!("{}/", kind.name())))
        .ok_or_else(refuse)?;
    let mut documents = documents(call, &realm, realm.carried(kind, &name)?);
    let member = key(&name);
    let groups = realm.groups.values().filter(|group| kind == IamKind::User && group.members.contains_key(&member));
    for group in groups {
        documents.extend(self::documents(call, &realm, &group.carried));
    }
    told(documents.iter().chain(&policy_input_list).map(String::as_str))
}

fn documents(call: &Call<'_>, realm: &Realm, carried: &Carried) -> Vec<String> {
    let managed = carried.attached.iter().filter_map(|arn| known(call, realm, arn).ok());
    let managed = managed.map(|policy| policy.default_document().to_owned());
    carried.inline.values().cloned().chain(managed).collect()
}

fn told<'d>(documents: impl Iterator<Item = &'d str>) -> Result<Value, ServiceError> {
    let mut keys = BTreeSet::new();
    for document in documents {
        let policy = read("policy", document, PolicyKind::Identity, &Assumptions::default());
        keys_of(&policy.map_err(|malformed| fault::invalid_input(malformed.message()))?, &mut keys);
    }
    Ok(json!({ "ContextKeyNames": keys }))
}

fn keys_of(policy: &Policy, keys: &mut BTreeSet<String>) {
    for condition in policy.statements().iter().flat_map(|statement| statement.conditions.iter()) {
        keys.insert(condition.key.value.as_str().to_owned());
    }
    // Variables: `${aws:username}`, with a default behind a comma or without.
    for variable in policy.source().text().split("${").skip(1) {
        let name = variable.split(['}', ',']).next().unwrap_or_default().trim();
        if name.contains(':') {
            keys.insert(name.to_lowercase());
        }
    }
}

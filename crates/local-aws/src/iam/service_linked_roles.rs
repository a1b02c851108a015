//! Roles that are linked to a service: it alone is trusted by them, and changes them.
//!
//! Source: IAM User Guide, "Create a service-linked role". What each is like is the catalog's data.

mod deletion;

use aws_catalog::{
    access::IamKind,
    service_linked_roles::{self as catalog, ServiceLinkedRole},
};
use aws_model::{AccountId, Arn};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Iam,
    call::{Call, input},
    documents::Trust,
    fault,
    records::Role,
    roles::{self, Detail},
    tags::Tags,
};
use crate::ServiceError;

pub(crate) use deletion::Users;
pub(super) use deletion::{delete, deletion_status};

#[derive(Deserialize)]
struct Create {
    #[serde(rename = "AWSServiceName")]
    service: String,
    #[serde(rename = "Description")]
    description: Option<String>,
    #[serde(rename = "CustomSuffix")]
    suffix: Option<String>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Create { service, description, suffix } = input(value)?;
    let template = of_service(&service)?;
    if suffix.is_some() && !template.takes_suffix() {
        return Err(fault::invalid_input(format!("Custom suffix is not allowed for {service}")));
    }
    let name = suffix.map_or_else(|| template.role().to_owned(), |suffix| format!("{}_{suffix}", template.role()));
    let path = format!("/aws-service-role/{service}/");
    let partition = call.ctx.region.partition();
    let mut change = call.change();
    if change.role(&name).is_ok() {
        return Err(fault::invalid_input(format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        )));
    }
    let statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    let trust = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let mut role = Role {
        arn: call.arn(IamKind::Role, &path, &name)?,
        id: call.new_id("AROA")?,
        path,
        name,
        created: call.now(),
        description: description.filter(|text| !text.is_empty()),
        max_session: 3600,
        trust: Trust { document: trust, saved_ids: Default::default() },
        carried: Default::default(),
        tags: Tags::default(),
    };
    role.carried.attached.insert(format!("arn:{partition}:iam::aws:policy/aws-service-role/{}", template.policy()));
    let answer = json!({ "Role": roles::told(call, &role, Detail::Part) });
    if call.ctx.invoked_by.is_some() {
        // What a service needs is no sign that somebody tells who there is.
        change.put(role);
    } else {
        change.make(role);
    }
    change.commit();
    Ok(answer)
}

impl Iam {
    /// The role of this name that is linked to a service, in an account that has it.
    pub(crate) fn service_linked(&self, account: AccountId, service: &str, name: &str) -> Option<Arn> {
        let realm = self.state.read(account);
        let role = realm.role(name).ok()?;
        (role.path == format!("/aws-service-role/{service}/")).then(|| role.arn.clone())
    }
}

/// The role that is made for a service.
pub(super) fn role_for(call: &Call<'_>, service: &str) -> Result<Arn, ServiceError> {
    let name = of_service(service).map_or("*", ServiceLinkedRole::role);
    call.arn(IamKind::Role, &format!("/aws-service-role/{service}/"), name)
}

/// The role that a task deletes.
pub(super) fn role_of_task(call: &Call<'_>, task: &str) -> Option<Arn> {
    let (role, _) = task.strip_prefix("task/")?.rsplit_once('/')?;
    let (path, name) = role.rsplit_once('/')?;
    path.starts_with("aws-service-role/").then(|| call.arn(IamKind::Role, &format!("/{path}/"), name).ok())?
}

/// AWS's own error where it is none.
fn of_service(service: &str) -> Result<&'static ServiceLinkedRole, ServiceError> {
    catalog::of_service(service).ok_or_else(|| {
        let message = format!("Cannot find Service Linked Role template for {service}");
        ServiceError::new("AccessDenied", message).with_status(403)
    })
}

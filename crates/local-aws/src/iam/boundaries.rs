//! Permissions boundaries of users and roles.
//!
//! Source: IAM User Guide, "Permissions boundaries for IAM entities".

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
};
use crate::ServiceError;

#[derive(Deserialize)]
struct Put {
    #[serde(alias = "RoleName", alias = "UserName")]
    carrier: String,
    #[serde(rename = "PermissionsBoundary")]
    boundary: String,
}

#[derive(Deserialize)]
struct Delete {
    #[serde(alias = "RoleName", alias = "UserName")]
    carrier: String,
}

pub(super) fn put(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Put { carrier, boundary } = input(value)?;
    let mut change = call.change();
    change.carried(kind, &carrier)?;
    let boundary = change.boundary(Some(boundary))?;
    change.edit_carried(kind, &carrier, |carried| {
        carried.boundary = boundary;
        Ok(())
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn delete(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Delete { carrier } = input(value)?;
    let mut change = call.change();
    change.edit_carried(kind, &carrier, |carried| match carried.boundary.take() {
        Some(_) => Ok(()),
        None => Err(fault::no_such_entity(format!("{carrier} has no permissions boundary."))),
    })?;
    change.commit();
    Ok(json!({}))
}

//! Organizational units, and what is above and below what.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{Attached, Unit},
    state::{Level, Realm},
    tags::{Tag, Tags},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateUnit {
    parent_id: String,
    name: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateUnit {
    organizational_unit_id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBelow {
    parent_id: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListChildren {
    parent_id: String,
    child_type: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListParents {
    child_id: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateUnit { parent_id, name, tags } = input(value)?;
    let mut change = call.change()?;
    let organization = change.organization()?;
    change.parent(&parent_id)?;
    must_be_new(&change, &parent_id, &name)?;
    if change.units.len() >= quotas::UNITS {
        let message = "You have reached the maximum number of organizational units for the organization.";
        return Err(fault::constraint("OU_NUMBER_LIMIT_EXCEEDED", message));
    }
    if change.depth(&parent_id) >= quotas::DEPTH {
        let message = "You cannot add an organizational unit to the specified parent because it would exceed the max depth \
                       allowed.";
        return Err(fault::constraint("OU_DEPTH_LIMIT_EXCEEDED", message));
    }
    let root = organization.root.trim_start_matches("r-");
    let unit = Unit {
        id: call.new_id(&format!("ou-{root}-"), 8)?,
        name,
        parent: parent_id,
        attached: Attached::full(&organization.enabled),
        tags: Tags::new(tags)?,
    };
    let told = shown(&change, &unit);
    change.put(unit);
    change.commit();
    Ok(json!({ "OrganizationalUnit": told }))
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UpdateUnit { organizational_unit_id, name } = input(value)?;
    let mut change = call.change()?;
    let mut unit = Unit::clone(change.unit(&organizational_unit_id)?);
    if let Some(name) = name.filter(|name| *name != unit.name) {
        must_be_new(&change, &unit.parent, &name)?;
        unit.name = name;
        change.put(unit.clone());
    }
    let told = shown(&change, &unit);
    change.commit();
    Ok(json!({ "OrganizationalUnit": told }))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UpdateUnit { organizational_unit_id, .. } = input(value)?;
    let mut change = call.change()?;
    let unit = Unit::clone(change.unit(&organizational_unit_id)?);
    if change.children(&organizational_unit_id).next().is_some() {
        let message = "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child \
                       OUs, and try the operation again.";
        return Err(ServiceError::new("OrganizationalUnitNotEmptyException", message));
    }
    change.remove(&unit);
    change.commit();
    Ok(json!({}))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UpdateUnit { organizational_unit_id, .. } = input(value)?;
    let realm = call.read()?;
    Ok(json!({ "OrganizationalUnit": shown(&realm, realm.unit(&organizational_unit_id)?) }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListBelow { parent_id, page } = input(value)?;
    let realm = call.read()?;
    realm.parent(&parent_id)?;
    let units = realm.children(&parent_id).filter_map(|id| Some((id.to_owned(), realm.unit(id).ok()?)));
    page.of("OrganizationalUnits", units, |unit| shown(&realm, unit))
}

pub(super) fn list_children(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListChildren { parent_id, child_type, page } = input(value)?;
    let realm = call.read()?;
    realm.parent(&parent_id)?;
    let children = realm.children(&parent_id).filter_map(|id| Some((id.to_owned(), realm.level(id).ok()?)));
    let children = children.filter(|(_, level)| level.kind() == child_type);
    page.of("Children", children, |level| json!({ "Id": level.id(), "Type": level.kind() }))
}

pub(super) fn list_parents(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListParents { child_id, page } = input(value)?;
    let realm = call.read()?;
    let parent = realm.level(&child_id).ok().and_then(Level::parent).ok_or_else(fault::no_child)?;
    let parent = realm.level(parent).map_err(|_| fault::internal())?;
    page.of("Parents", [(child_id, parent)].into_iter(), |level| json!({ "Id": level.id(), "Type": level.kind() }))
}

/// Refuses a name that another unit below the same has.
fn must_be_new(realm: &Realm, parent: &str, name: &str) -> Result<(), ServiceError> {
    if realm.children(parent).any(|id| realm.unit(id).is_ok_and(|unit| unit.name == name)) {
        let message = "An OU with the same name already exists.";
        return Err(ServiceError::new("DuplicateOrganizationalUnitException", message));
    }
    Ok(())
}

fn shown(realm: &Realm, unit: &Unit) -> Value {
    let arn = realm.organization().map(|organization| organization.arn("ou", &unit.id)).unwrap_or_default();
    json!({ "Id": unit.id, "Arn": arn, "Name": unit.name, "Path": format!("{}{}/", realm.path(&unit.parent), unit.id) })
}

//! Launch templates and their versions.
//!
//! Source: Amazon EC2 API Reference, "CreateLaunchTemplate", "CreateLaunchTemplateVersion", "DescribeLaunchTemplates",
//! "DescribeLaunchTemplateVersions", "DeleteLaunchTemplate".

use std::sync::Arc;

use aws_catalog::access::Ec2Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    filters::{Known, Listing, ids, page},
    records::{LaunchTemplate, Once, Version, tag_set},
    state::Realm,
    tags::{self, TagSpecification},
    volumes::extend,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateLaunchTemplate {
    launch_template_name: String,
    launch_template_data: Value,
    version_description: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateLaunchTemplateVersion {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    source_version: Option<String>,
    version_description: Option<String>,
    launch_template_data: Value,
}

/// How a template is named.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    pub(super) launch_template_id: Option<String>,
    pub(super) launch_template_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeVersions {
    #[serde(flatten)]
    named: Named,
    #[serde(default)]
    versions: Vec<String>,
    min_version: Option<String>,
    max_version: Option<String>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let once = Once::of(&value);
    let asked: CreateLaunchTemplate = input(value)?;
    let tags = tags::of_new(&asked.tag_specifications, Ec2Kind::LaunchTemplate)?;
    let mut change = call.change();
    let made = once.as_ref().and_then(|once| Some((once, change.template_of_token(&call.place(), &once.token)?)));
    if let Some((once, template)) = made {
        once.is_as(template.once.as_ref())?;
        return Ok(json!({ "LaunchTemplate": told(template, tags::told(call, &change, &template.id)) }));
    }
    if change.templates.of(&call.place()).any(|template| template.name == asked.launch_template_name) {
        let message = "Launch template name already in use.";
        return Err(ServiceError::new("InvalidLaunchTemplateName.AlreadyExistsException", message));
    }
    let created_by = call.ctx.caller.arn.clone();
    let first = Version {
        number: 1,
        description: asked.version_description,
        created: call.now(),
        created_by: created_by.clone(),
        data: asked.launch_template_data.into(),
        once: None,
    };
    let template = LaunchTemplate {
        id: call.new_id("lt-")?,
        owner: call.account(),
        region: call.ctx.region.clone(),
        name: asked.launch_template_name,
        created: call.now(),
        created_by,
        default: 1,
        versions: vec![first],
        once,
    };
    tags::put(call, &mut change, &template.id, &tags)?;
    let told = told(&template, tag_set(&tags));
    change.put(template);
    change.commit();
    Ok(json!({ "LaunchTemplate": told }))
}

pub(super) fn create_version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let once = Once::of(&value);
    let asked: CreateLaunchTemplateVersion = input(value)?;
    let named =
        Named { launch_template_id: asked.launch_template_id, launch_template_name: asked.launch_template_name };
    let mut change = call.change();
    let made = once.as_ref().and_then(|once| Some((once, change.version_of_token(&call.place(), &once.token)?)));
    if let Some((once, (template, version))) = made {
        once.is_as(version.once.as_ref())?;
        return Ok(json!({ "LaunchTemplateVersion": version_told(template, version) }));
    }
    let mut template = LaunchTemplate::clone(find(call, &change, &named)?);
    let mut data = match asked.source_version {
        Some(source) => {
            let found = template.version(&source).ok_or_else(|| fault::no_version(&template.id, &source))?;
            Value::clone(&found.data)
        }
        None => json!({}),
    };
    overlay(&mut data, &asked.launch_template_data);
    let version = Version {
        number: template.latest() + 1,
        description: asked.version_description,
        created: call.now(),
        created_by: call.ctx.caller.arn.clone(),
        data: data.into(),
        once,
    };
    let told = version_told(&template, &version);
    template.versions.push(version);
    change.put(template);
    change.commit();
    Ok(json!({ "LaunchTemplateVersion": told }))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let named: Named = input(value)?;
    let mut change = call.change();
    let template = LaunchTemplate::clone(find(call, &change, &named)?);
    let told = told(&template, tags::told(call, &change, &template.id));
    change.remove(&template);
    change.commit();
    Ok(json!({ "LaunchTemplate": told }))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[("create-time", "CreateTime"), ("launch-template-name", "LaunchTemplateName")];
    let realm = call.read();
    let of = |template: &LaunchTemplate| told(template, tags::told(call, &realm, &template.id));
    let listed: Vec<Value> = match ids(&value, "LaunchTemplateNames") {
        Some(names) => {
            let found = names.iter().map(|name| {
                let named = Named { launch_template_id: None, launch_template_name: Some((*name).to_owned()) };
                find(call, &realm, &named).map(|template| of(template))
            });
            found.collect::<Result<_, _>>()?
        }
        None => realm.templates.of(&call.place()).map(|template| of(template)).collect(),
    };
    let listing = Listing { ids: "LaunchTemplateIds", answer: "LaunchTemplates", id: "LaunchTemplateId", least: 1 };
    listing.of(&value, FILTERS, listed)
}

pub(super) fn describe_versions(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: DescribeVersions = input(value.clone())?;
    let realm = call.read();
    let is_of_all = asked.named.launch_template_id.is_none() && asked.named.launch_template_name.is_none();
    let mut versions = Vec::new();
    if is_of_all {
        // Of all templates the newest or the default ones are told.
        for template in realm.templates.of(&call.place()) {
            let found = asked.versions.iter().filter_map(|version| template.version(version));
            versions.extend(found.map(|version| version_told(template, version)));
        }
    } else {
        let template = find(call, &realm, &asked.named)?;
        let bound = |bound: &Option<String>| bound.as_ref().and_then(|number| number.parse::<u64>().ok());
        let (least, most) = (bound(&asked.min_version), bound(&asked.max_version));
        if asked.versions.is_empty() {
            let within = |version: &&Version| {
                least.is_none_or(|least| version.number >= least) && most.is_none_or(|most| version.number <= most)
            };
            versions.extend(template.versions.iter().rev().filter(within).map(|of| version_told(template, of)));
        }
        for named in &asked.versions {
            let version = template.version(named).ok_or_else(|| fault::no_version(&template.id, named))?;
            versions.push(version_told(template, version));
        }
    }
    let id = |version: &Value| {
        let member = |name| version.get(name).map(Value::to_string).unwrap_or_default();
        format!("{}/{}", member("LaunchTemplateId"), member("VersionNumber"))
    };
    let (versions, token) = page(&value, 1, versions, id)?;
    let mut answer = json!({ "LaunchTemplateVersions": versions });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

/// The input with the id of the template that it names by its name.
pub(super) fn with_id(call: &Call<'_>, mut value: Value) -> Value {
    let named: Option<Named> = serde_json::from_value(value.clone()).ok();
    if let Some(named @ Named { launch_template_id: None, launch_template_name: Some(_) }) = named
        && let Ok(template) = find(call, &call.read(), &named)
        && let Some(members) = value.as_object_mut()
    {
        members.insert("LaunchTemplateId".to_owned(), template.id.clone().into());
    }
    value
}

/// The template of the caller's account that is named.
pub(super) fn find<'r>(
    call: &Call<'_>,
    realm: &'r Realm,
    named: &Named,
) -> Result<&'r Arc<LaunchTemplate>, ServiceError> {
    let place = call.place();
    match (&named.launch_template_id, &named.launch_template_name) {
        (Some(id), _) => {
            let found =
                realm.templates.get(id).filter(|template| (template.owner, &template.region) == (place.0, &place.1));
            found.ok_or_else(|| fault::not_found(id))
        }
        (None, Some(name)) => {
            let found = realm.templates.of(&place).find(|template| template.name == *name);
            found.ok_or_else(|| fault::no_template(name))
        }
        (None, None) => Err(fault::missing("LaunchTemplateId or LaunchTemplateName")),
    }
}

/// Puts the members of `over` in place of those of `data`.
pub(super) fn overlay(data: &mut Value, over: &Value) {
    if let (Some(data), Some(over)) = (data.as_object_mut(), over.as_object()) {
        data.extend(
            over.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())),
        );
    }
}

fn told(template: &LaunchTemplate, tags: Value) -> Value {
    json!({
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "CreateTime": seconds(template.created),
        "CreatedBy": template.created_by,
        "DefaultVersionNumber": template.default,
        "LatestVersionNumber": template.latest(),
        "Tags": tags,
    })
}

fn version_told(template: &LaunchTemplate, version: &Version) -> Value {
    let mut told = json!({
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": version.number,
        "CreateTime": seconds(version.created),
        "CreatedBy": version.created_by,
        "DefaultVersion": version.number == template.default,
        "LaunchTemplateData": *version.data,
    });
    extend(&mut told, [("VersionDescription", version.description.as_ref().map(|text| json!(text)))]);
    told
}

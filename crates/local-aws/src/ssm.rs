//! The embedded AWS's Systems Manager: the public parameters that name AWS's images. Nobody can make a parameter.
//!
//! Sources: AWS Systems Manager API Reference, "GetParameter", "GetParameters", "GetParametersByPath"; AWS Systems Manager User Guide,
//! "Discovering public parameters in Parameter Store" and "Working with parameter hierarchies".

use std::sync::Arc;

use authz::request::KmsDetail;
use aws_catalog::{
    access::{self, On},
    public_images::{self, PublicParameter, Told},
};
use aws_model::Region;
use serde_json::{Value, json};

use crate::{
    CallContext, ServiceError,
    answer::{InvalidToken, Paging, seconds},
    authorization::{Asked, Authorizer},
    ec2::public_image_id,
    operations::operations,
};

/// How many parameters a page has, where nobody says.
///
/// Source: AWS Systems Manager API Reference, "GetParametersByPath" > `MaxResults`, whose most it is.
const MOST: usize = 10;

/// When the parameters got their values: that of the release that they name.
const CHANGED: i64 = 1_788_393_600;

/// Systems Manager.
#[derive(Debug)]
pub(crate) struct Ssm {
    authorizer: Arc<Authorizer>,
}

type Call<'a> = CallContext<'a>;

impl Ssm {
    pub(crate) fn new(authorizer: Arc<Authorizer>) -> Self {
        Self { authorizer }
    }

    /// Answers one operation. `input` was decoded and validated.
    pub(crate) fn call(&self, ctx: &CallContext<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
        for access in access::operation("ssm", operation).map_or(&[][..], access::Operation::accesses) {
            let On::Parameter(member) = access.on() else { continue };
            for name in texts(&input, member) {
                let resource = arn(ctx, Named::of(name).path);
                let kms = KmsDetail::default();
                let asked = Asked { access, resource: &resource, region: None, kms, on_same_key: None };
                let mut request = self.authorizer.request(ctx, &input, asked)?;
                request.resource.owner = Some(ctx.caller.account);
                self.authorizer.check(&request)?;
            }
        }
        Self::handle(ctx, operation, input).unwrap_or_else(|| {
            let message = format!("{operation} is not supported by the embedded AWS.");
            Err(ServiceError::new("UnsupportedOperationException", message))
        })
    }
}

operations! {
    pub(crate) impl Ssm, Call<'_>;
    "GetParameter" => get, lacks "parameters but AWS's own, of images for clusters and of Amazon Linux 2023",
    "GetParameters" => get_several, lacks "parameters but AWS's own, of images for clusters and of Amazon Linux 2023",
    "GetParametersByPath" => get_by_path,
        lacks "parameters but AWS's own, of images for clusters and of Amazon Linux 2023; filters by label",
}

/// A parameter as calls name it: by its path or ARN, perhaps with its version.
///
/// Source: AWS Systems Manager API Reference, "GetParameter" > `Name`.
struct Named<'n> {
    path: &'n str,
    selector: Option<&'n str>,
}

impl<'n> Named<'n> {
    fn of(text: &'n str) -> Self {
        let path = match text.split_once(":parameter/") {
            // The slash before it is the path's.
            Some((before, path)) if before.starts_with("arn:") => {
                text.get(text.len() - path.len() - 1..).unwrap_or(path)
            }
            _ => text,
        };
        match path.split_once(':') {
            Some((path, selector)) => Self { path, selector: Some(selector) },
            None => Self { path, selector: None },
        }
    }

    /// Every parameter has had one value.
    fn found(&self) -> Result<&'static PublicParameter, ServiceError> {
        let missing = || ServiceError::new("ParameterNotFound", "");
        let found = public_images::parameter(self.path).ok_or_else(missing)?;
        match self.selector {
            None | Some("1") => Ok(found),
            Some(version) => {
                let message = format!(
                    "Systems Manager could not find version {version} of {}. Verify the version and try again.",
                    self.path
                );
                Err(ServiceError::new("ParameterVersionNotFound", message))
            }
        }
    }
}

fn get(ctx: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let named = Named::of(texts(&input, "Name").next().unwrap_or_default());
    let mut parameter = told(ctx, named.found()?);
    if let (Some(selector), Some(members)) = (named.selector, parameter.as_object_mut()) {
        members.insert("Selector".to_owned(), format!(":{selector}").into());
    }
    Ok(json!({ "Parameter": parameter }))
}

fn get_several(ctx: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in texts(&input, "Names") {
        match Named::of(name).found() {
            Ok(parameter) => found.push(told(ctx, parameter)),
            Err(_) => missing.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": missing }))
}

fn get_by_path(ctx: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let path = texts(&input, "Path").next().unwrap_or_default().trim_end_matches('/');
    let is_recursive = input.get("Recursive").and_then(Value::as_bool) == Some(true);
    if let Some(filter) = input.get("ParameterFilters").and_then(Value::as_array).and_then(|filters| filters.first()) {
        let key = filter.get("Key").and_then(Value::as_str).unwrap_or_default();
        let message = format!("The embedded AWS's parameters have nothing to filter by: {key}");
        return Err(ServiceError::new("InvalidFilterKey", message));
    }
    let below = public_images::parameters().iter().filter(|parameter| {
        let rest = parameter.name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| is_recursive || !rest.contains('/'))
    });
    let most = input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let after = input.get("NextToken").and_then(Value::as_str);
    let paging = Paging { most: most.unwrap_or(MOST), after, token: "NextToken" };
    let below = below.map(|parameter| (parameter.name.clone(), parameter));
    paging
        .of("Parameters", below, |parameter| told(ctx, parameter))
        .map_err(|InvalidToken| ServiceError::new("InvalidNextToken", "The specified token is not valid."))
}

fn told(ctx: &Call<'_>, parameter: &PublicParameter) -> Value {
    let changed = jiff::Timestamp::from_second(CHANGED).unwrap_or(ctx.now);
    json!({
        "Name": parameter.name,
        "Type": "String",
        "Value": value(ctx.region, parameter),
        "Version": 1,
        "LastModifiedDate": seconds(changed),
        "ARN": arn(ctx, &parameter.name),
        "DataType": if parameter.tells == Told::Id { "aws:ec2:image" } else { "text" },
    })
}

fn value(region: &Region, parameter: &PublicParameter) -> String {
    let id = || public_image_id(region, parameter.image);
    match parameter.tells {
        Told::Id => id(),
        Told::Name => parameter.image.name.clone(),
        Told::Version(version) => version.to_owned(),
        Told::Everything => {
            json!({ "schema_version": "2", "image_id": id(), "image_name": parameter.image.name }).to_string()
        }
    }
}

/// Public parameters are of no account.
///
/// Source: AWS Systems Manager User Guide, "Discovering public parameters in Parameter Store".
fn arn(ctx: &Call<'_>, path: &str) -> String {
    let account = if path.starts_with("/aws/") { "" } else { ctx.caller.account.as_str() };
    let path = path.trim_start_matches('/');
    format!("arn:{}:ssm:{}:{account}:parameter/{path}", ctx.region.partition(), ctx.region)
}

/// The texts that a member has, one or several.
fn texts<'v>(input: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    let value = input.get(member);
    let one = value.and_then(Value::as_str);
    one.into_iter().chain(value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str))
}

//! botocore's `service-2.json`, read into a [`ServiceModel`].

use std::collections::{BTreeMap, HashMap};

use super::http::Http;
use super::raw::{RawMetadata, RawModel, RawOperation, RawRef, RawShape};
use super::shape::{Kind, List, Location, Map, Member, Pattern, Shape, ShapeRef, Structure, Text, TimestampFormat};
use super::{Metadata, ModelledError, Operation, Protocol, ServiceModel};

/// Why a text is not a model that this crate can speak.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not JSON, or not of the form of `service-2.json`.
    #[error("the service model is not a botocore `service-2.json`")]
    Syntax(#[from] serde_json::Error),
    /// A reference leads nowhere.
    #[error("`{from}` refers to the shape `{shape}`, which the service model does not define")]
    UnknownShape {
        /// Who refers.
        from: String,
        /// The missing shape.
        shape: String,
    },
    /// A protocol that this crate does not speak.
    #[error("the protocol `{0}` is not supported; supported are `json`, `query`, `ec2` and `rest-json`")]
    Protocol(String),
    /// A kind of shape that this crate does not know, or one without what its kind needs.
    #[error("the shape `{name}` of type `{kind}` is not supported or incomplete")]
    Shape {
        /// The shape.
        name: String,
        /// Its type in the model.
        kind: String,
    },
    /// An operation's path is of a form that this crate does not fill.
    #[error("the path `{path}` of `{operation}` is not supported")]
    Path {
        /// The operation.
        operation: String,
        /// Its path in the model.
        path: String,
    },
    /// A member stands where this crate does not look.
    #[error("`{member}` of the shape `{name}` is in a place that is not supported: {location}")]
    Location {
        /// The shape.
        name: String,
        /// The member.
        member: String,
        /// Where it is.
        location: String,
    },
    /// More shapes than a reference can count.
    #[error("the service model has too many shapes")]
    TooLarge,
}

pub(super) fn model(json: &[u8]) -> Result<ServiceModel, ModelError> {
    let raw: RawModel = serde_json::from_slice(json)?;
    let metadata = metadata(raw.metadata)?;
    let mut names = Names { shapes: HashMap::with_capacity(raw.shapes.len()), protocol: metadata.protocol };
    for (index, name) in raw.shapes.keys().enumerate() {
        names.shapes.insert(name.clone(), ShapeRef::new(u32::try_from(index).map_err(|_| ModelError::TooLarge)?));
    }
    let operations = raw
        .operations
        .into_values()
        .map(|raw_operation| operation(raw_operation, &names, &raw.shapes))
        .collect::<Result<Vec<_>, _>>()?;
    let shapes = raw.shapes.into_iter().map(|(name, raw)| shape(name, raw, &names)).collect::<Result<Vec<_>, _>>()?;
    let by_name = operations.iter().enumerate().map(|(at, operation)| (operation.name.clone(), at)).collect();
    Ok(ServiceModel { metadata, operations, by_name, shapes })
}

/// Where each shape's name leads, and how members are named.
struct Names {
    shapes: HashMap<String, ShapeRef>,
    protocol: Protocol,
}

impl Names {
    fn find(&self, from: &str, reference: &RawRef) -> Result<ShapeRef, ModelError> {
        let shape = &reference.shape;
        self.shapes
            .get(shape)
            .copied()
            .ok_or_else(|| ModelError::UnknownShape { from: from.to_owned(), shape: shape.clone() })
    }

    /// A member's name in a form. EC2's have a capital, and some have a name of their own there.
    ///
    /// Source: Smithy 2.0, "AWS EC2 query protocol", section "Query key resolution".
    fn in_form(&self, member: &str, reference: &RawRef) -> String {
        match (self.protocol, &reference.query_name, &reference.location_name) {
            (Protocol::Ec2Query, Some(name), _) => name.clone(),
            (Protocol::Ec2Query, None, Some(name)) => upper_first(name),
            (_, _, name) => name.as_deref().unwrap_or(member).to_owned(),
        }
    }
}

fn metadata(raw: RawMetadata) -> Result<Metadata, ModelError> {
    let protocol = match (raw.protocol.as_str(), raw.json_version.as_deref()) {
        ("json", Some("1.0")) => Protocol::AwsJson1_0,
        ("json", _) => Protocol::AwsJson1_1,
        ("query", _) => Protocol::Query,
        ("rest-json", _) => Protocol::RestJson1,
        ("ec2", _) => Protocol::Ec2Query,
        _ => return Err(ModelError::Protocol(raw.protocol)),
    };
    Ok(Metadata {
        service_id: raw.service_id,
        api_version: raw.api_version,
        signing_name: raw.signing_name.unwrap_or_else(|| raw.endpoint_prefix.clone()),
        endpoint_prefix: raw.endpoint_prefix,
        protocol,
        target_prefix: raw.target_prefix,
        xml_namespace: raw.xml_namespace,
        is_query_compatible: raw.aws_query_compatible.is_some(),
    })
}

fn operation(raw: RawOperation, names: &Names, shapes: &BTreeMap<String, RawShape>) -> Result<Operation, ModelError> {
    let find = |reference: &RawRef| names.find(&raw.name, reference);
    let (method, path) = (&raw.http.method, &raw.http.request_uri);
    let http = Http::parse(method, path)
        .ok_or_else(|| ModelError::Path { operation: raw.name.clone(), path: path.clone() })?;
    for answered in raw.output.iter().chain(&raw.errors) {
        in_the_body(&answered.shape, shapes.get(&answered.shape))?;
    }
    let errors = raw.errors.iter().map(|reference| {
        let shape = find(reference)?;
        Ok(modelled_error(&reference.shape, shape, shapes.get(&reference.shape)))
    });
    Ok(Operation {
        input: raw.input.as_ref().map(find).transpose()?,
        output: raw.output.as_ref().map(find).transpose()?,
        result_wrapper: raw.output.as_ref().and_then(|output| output.result_wrapper.clone()),
        unsigned: raw.authtype.as_deref() == Some("none"),
        errors: errors.collect::<Result<_, ModelError>>()?,
        http,
        name: raw.name,
    })
}

/// No embedded model answers in headers, or with anything but a document of all members.
fn in_the_body(name: &str, raw: Option<&RawShape>) -> Result<(), ModelError> {
    let Some(raw) = raw else { return Ok(()) };
    let refused = |member: &str, location: &str| ModelError::Location {
        name: name.to_owned(),
        member: member.to_owned(),
        location: location.to_owned(),
    };
    if let Some(payload) = &raw.payload {
        return Err(refused(payload, "an answer that is one member"));
    }
    let placed = raw.members.0.iter().find_map(|(member, reference)| Some((member, reference.location.as_ref()?)));
    placed.map_or(Ok(()), |(member, location)| Err(refused(member, &format!("`{location}` of an answer"))))
}

/// botocore's rule: `error` gives code, status and fault; without it the code is the shape's name, and `fault`
/// alone tells a 500 from a 400.
fn modelled_error(name: &str, shape: ShapeRef, raw: Option<&RawShape>) -> ModelledError {
    let fault = raw.is_some_and(|raw| raw.fault);
    let error = raw.and_then(|raw| raw.error.as_ref());
    let http_status = error.and_then(|error| error.http_status_code).unwrap_or(if fault { 500 } else { 400 });
    ModelledError {
        name: name.to_owned(),
        code: error.and_then(|error| error.code.clone()).unwrap_or_else(|| name.to_owned()),
        http_status,
        sender_fault: error.and_then(|error| error.sender_fault).unwrap_or(http_status < 500),
        shape,
    }
}

fn shape(name: String, raw: RawShape, names: &Names) -> Result<Shape, ModelError> {
    let bounds = raw.bounds();
    let incomplete = || ModelError::Shape { name: name.clone(), kind: raw.kind.clone() };
    let kind = match raw.kind.as_str() {
        "structure" => Kind::Structure(structure(&name, &raw, names)?),
        "list" => {
            let element = raw.member.as_ref().ok_or_else(incomplete)?;
            Kind::List(List {
                element: names.find(&name, element)?,
                element_name: element.location_name.clone(),
                flattened: raw.flattened,
                length: bounds,
            })
        }
        "map" => {
            let (key, value) = raw.key.as_ref().zip(raw.value.as_ref()).ok_or_else(incomplete)?;
            Kind::Map(Map {
                key: names.find(&name, key)?,
                value: names.find(&name, value)?,
                key_name: key.location_name.clone().unwrap_or_else(|| "key".to_owned()),
                value_name: value.location_name.clone().unwrap_or_else(|| "value".to_owned()),
                flattened: raw.flattened,
                length: bounds,
            })
        }
        "string" | "character" => {
            Kind::String(Text { length: bounds, pattern: raw.pattern.map(Pattern::new), values: raw.values })
        }
        "blob" => Kind::Blob(bounds),
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer(bounds),
        "long" => Kind::Long(bounds),
        "float" | "double" => Kind::Double,
        "timestamp" => Kind::Timestamp(match raw.timestamp_format.as_deref() {
            None => TimestampFormat::Protocol,
            Some("unixTimestamp") => TimestampFormat::UnixTimestamp,
            Some("iso8601") => TimestampFormat::Iso8601,
            Some(_) => return Err(incomplete()),
        }),
        _ => return Err(incomplete()),
    };
    Ok(Shape { sensitive: raw.sensitive, kind, name })
}

fn structure(name: &str, raw: &RawShape, names: &Names) -> Result<Structure, ModelError> {
    let members = raw.members.0.iter().map(|(member, reference)| {
        let location = match reference.location.as_deref() {
            None if raw.payload.as_ref() == Some(member) => Location::Payload,
            None => Location::Body,
            Some("uri") => Location::Label,
            Some("querystring") => Location::Query,
            Some("header") => Location::Header,
            Some(location) => {
                let (name, member, location) = (name.to_owned(), member.clone(), location.to_owned());
                return Err(ModelError::Location { name, member, location });
            }
        };
        Ok(Member {
            location,
            name: member.clone(),
            wire_name: reference.location_name.clone().unwrap_or_else(|| member.clone()),
            form_name: names.in_form(member, reference),
            path_name: lower_first(member),
            required: raw.required.contains(member),
            is_idempotency_token: reference.idempotency_token,
            shape: names.find(name, reference)?,
        })
    });
    let members: Vec<Member> = members.collect::<Result<_, ModelError>>()?;
    let payload = members.iter().find(|member| member.location == Location::Payload).map(|member| member.shape);
    Ok(Structure { members, payload })
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

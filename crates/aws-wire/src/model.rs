//! Service models, as data: what each operation takes and answers, its constraints and its errors.
//!
//! The data is botocore's (`models/NOTICE`), made by `cargo xtask models`. A model is decompressed and parsed
//! once, when it is first asked for, and lives as long as the process.
//!
//! ```
//! use aws_wire::model::{self, ServiceId};
//!
//! let kms = model::service(ServiceId::Kms);
//! let encrypt = kms.operation("Encrypt").unwrap();
//! assert!(encrypt.errors().iter().any(|error| error.code == "DisabledException"));
//! ```

mod embedded;
mod http;
mod operation;
mod parse;
mod raw;
mod shape;

use std::collections::HashMap;

pub use embedded::{
    ServiceId, service, service_for_action, service_for_path, service_for_signing_name, service_for_target_prefix,
    service_for_version,
};
pub use http::{Http, Labels};
pub use operation::{ModelledError, Operation};
pub use parse::ModelError;
pub use shape::{
    Bounds, Kind, List, Location, Map, Member, Pattern, Shape, ShapeRef, Structure, Text, TimestampFormat,
};

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// One JSON document each way; the operation is named by `X-Amz-Target`.
    AwsJson1_0,
    /// As 1.0, but for the content type and for how an error's code may be written.
    AwsJson1_1,
    /// Form parameters in (`Action`, `Version`, members by dotted paths), XML out.
    Query,
    /// Method and path name the operation; members stand in the path, the query string, headers and a JSON document.
    RestJson1,
    /// As Query, but for names and lists in the form, and for what is around answers and errors.
    Ec2Query,
}

impl Protocol {
    /// Whether the operation is named by the parameter `Action`.
    #[must_use]
    pub const fn is_query(self) -> bool {
        matches!(self, Self::Query | Self::Ec2Query)
    }
}

/// What is true of the whole service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The name that SDKs show, for example `KMS`.
    pub service_id: String,
    /// The model's version, which is also Query's `Version` parameter, for example `2011-06-15`.
    pub api_version: String,
    /// The first label of the service's host names, for example `kms`.
    pub endpoint_prefix: String,
    /// The service in a SigV4 credential scope.
    pub signing_name: String,
    /// How the service speaks.
    pub protocol: Protocol,
    /// What stands before the operation in `X-Amz-Target`; awsJson services only.
    pub target_prefix: Option<String>,
    /// The namespace of Query's answers; Query services and EC2 only.
    pub xml_namespace: Option<String>,
    /// Whether it spoke Query before, and still tells the codes of its errors there in a header.
    pub is_query_compatible: bool,
}

/// One service: its operations and the shapes that they speak of.
#[derive(Debug)]
pub struct ServiceModel {
    metadata: Metadata,
    operations: Vec<Operation>,
    by_name: HashMap<String, usize>,
    shapes: Vec<Shape>,
}

impl ServiceModel {
    /// Reads a model in the form of botocore's `service-2.json`.
    ///
    /// # Errors
    /// When the text is not such a model, names a shape that it does not define, or speaks a protocol or uses a
    /// kind of shape that this crate does not.
    pub fn from_json(json: &[u8]) -> Result<Self, ModelError> {
        parse::model(json)
    }

    /// What is true of the whole service.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The operation of that name; names are case-sensitive, as on AWS.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.by_name.get(name).and_then(|&at| self.operations.get(at))
    }

    /// Every operation, by name.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = &Operation> {
        self.operations.iter()
    }

    /// The shape behind a reference that this model made. A reference from another model leads to some shape or
    /// to an empty structure, never to a panic.
    #[must_use]
    pub fn shape(&self, shape: ShapeRef) -> &Shape {
        self.shapes.get(shape.index()).unwrap_or(&shape::EMPTY)
    }

    /// Every shape, in the order of the model.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = &Shape> {
        self.shapes.iter()
    }

    /// The operation that a method and a path (with its escapes) name; of a service that speaks REST.
    #[must_use]
    pub fn operation_for_path(&self, method: &str, path: &str) -> Option<&Operation> {
        let meant = |operation: &&Operation| operation.http.method() == method && operation.http.labels(path).is_some();
        (self.metadata.protocol == Protocol::RestJson1).then(|| self.operations().find(meant))?
    }

    /// The operation that an `X-Amz-Target` header names, if it names one of this service.
    #[must_use]
    pub fn operation_for_target(&self, target: &str) -> Option<&Operation> {
        let (prefix, name) = target.rsplit_once('.')?;
        (self.metadata.target_prefix.as_deref() == Some(prefix)).then(|| self.operation(name))?
    }
}

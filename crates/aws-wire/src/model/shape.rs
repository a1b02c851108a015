//! Shapes: the types of what is said, with their constraints and their names on the wire.

use std::sync::OnceLock;

use regex::Regex;

use crate::validate::pattern;

/// A reference to a shape of one model; [`ServiceModel::shape`](super::ServiceModel::shape) follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeRef(u32);

impl ShapeRef {
    pub(super) fn new(index: u32) -> Self {
        Self(index)
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a reference of another model leads.
pub(super) static EMPTY: Shape = Shape {
    name: String::new(),
    sensitive: false,
    kind: Kind::Structure(Structure { members: Vec::new(), payload: None }),
};

/// A named type.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the model, for example `KeyIdType`.
    pub name: String,
    /// Its values must not be shown: in messages they are left out.
    pub sensitive: bool,
    /// What it is.
    pub kind: Kind,
}

/// What a shape is.
#[derive(Debug)]
pub enum Kind {
    /// Named members.
    Structure(Structure),
    /// Elements of one shape.
    List(List),
    /// Keys and values of one shape each.
    Map(Map),
    /// Text.
    String(Text),
    /// Bytes, base64 in the values of this crate; the bounds are of the decoded length.
    Blob(Bounds),
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits, with bounds on its value.
    Integer(Bounds),
    /// A whole number of 64 bits, with bounds on its value.
    Long(Bounds),
    /// A floating-point number.
    Double,
    /// A point in time, in the values of this crate seconds since the epoch.
    Timestamp(TimestampFormat),
}

/// A structure.
#[derive(Debug)]
pub struct Structure {
    /// Its members, in the order of the model.
    pub members: Vec<Member>,
    /// The structure that is the whole body, where a member is; REST only.
    pub payload: Option<ShapeRef>,
}

/// One member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the model and in the values of this crate, for example `KeyId`.
    pub name: String,
    /// Its name on the wire, which is nearly always the same.
    pub wire_name: String,
    /// Its name in a form: as on the wire, but for EC2's.
    pub form_name: String,
    /// Its name in a validation message: the first letter in lower case, for example `keyId`.
    pub path_name: String,
    /// Must be given.
    pub required: bool,
    /// A text that a client makes up where its caller gives none, so that a request which is sent twice is done once.
    pub is_idempotency_token: bool,
    /// Where it stands in a request.
    pub location: Location,
    /// Its type.
    pub shape: ShapeRef,
}

/// Where a member of an input stands in a request. Anything but the body is REST's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the document or the form.
    Body,
    /// It is all of the document.
    Payload,
    /// In the path, in place of the label with its wire name.
    Label,
    /// In the query string: a list under one name several times, a map under its keys.
    Query,
    /// In the header with its wire name.
    Header,
}

/// A list.
#[derive(Debug)]
pub struct List {
    /// What each element is.
    pub element: ShapeRef,
    /// The element's name on the wire, where the model gives one; Query's default is `member`.
    pub element_name: Option<String>,
    /// Query writes the elements without a wrapper.
    pub flattened: bool,
    /// Bounds on the number of elements.
    pub length: Bounds,
}

/// A map; its keys are strings.
#[derive(Debug)]
pub struct Map {
    /// What each key is.
    pub key: ShapeRef,
    /// What each value is.
    pub value: ShapeRef,
    /// The key's name in Query; `key` unless the model says otherwise.
    pub key_name: String,
    /// The value's name in Query; `value` unless the model says otherwise.
    pub value_name: String,
    /// Query writes the entries without a wrapper.
    pub flattened: bool,
    /// Bounds on the number of entries.
    pub length: Bounds,
}

/// A string.
#[derive(Debug)]
pub struct Text {
    /// Bounds on its length, in characters.
    pub length: Bounds,
    /// What the whole of it must match.
    pub pattern: Option<Pattern>,
    /// The values that it may have; empty: any.
    pub values: Vec<String>,
}

/// Least and greatest, both allowed; `None`: unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The least that is allowed.
    pub min: Option<i64>,
    /// The greatest that is allowed.
    pub max: Option<i64>,
}

/// How a time is written where the protocol leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// As the protocol has it: seconds since the epoch in JSON, ISO 8601 in Query, in paths and query strings,
    /// RFC 9110's form in headers.
    Protocol,
    /// `1700000000.123`
    UnixTimestamp,
    /// `2023-11-14T22:13:20.123Z`
    Iso8601,
}

/// A pattern as AWS writes it (a Java regular expression), compiled when it is first used.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The pattern as the model has it, which is how messages show it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole of `text` matches. A pattern that cannot be compiled matches nothing (a test compiles
    /// every pattern of the embedded models).
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| pattern::compile(&self.source).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

//! The form of botocore's `service-2.json`, as far as this crate reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::shape::Bounds;

#[derive(Deserialize)]
pub(super) struct RawModel {
    pub(super) metadata: RawMetadata,
    pub(super) operations: BTreeMap<String, RawOperation>,
    pub(super) shapes: BTreeMap<String, RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawMetadata {
    pub(super) service_id: String,
    pub(super) api_version: String,
    pub(super) endpoint_prefix: String,
    pub(super) signing_name: Option<String>,
    pub(super) protocol: String,
    pub(super) json_version: Option<String>,
    pub(super) target_prefix: Option<String>,
    pub(super) xml_namespace: Option<String>,
    pub(super) aws_query_compatible: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct RawOperation {
    pub(super) name: String,
    #[serde(default)]
    pub(super) http: RawHttp,
    pub(super) input: Option<RawRef>,
    pub(super) output: Option<RawRef>,
    #[serde(default)]
    pub(super) errors: Vec<RawRef>,
    pub(super) authtype: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawHttp {
    pub(super) method: String,
    pub(super) request_uri: String,
}

impl Default for RawHttp {
    fn default() -> Self {
        Self { method: "POST".to_owned(), request_uri: "/".to_owned() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRef {
    pub(super) shape: String,
    pub(super) location: Option<String>,
    pub(super) location_name: Option<String>,
    pub(super) query_name: Option<String>,
    pub(super) result_wrapper: Option<String>,
    #[serde(default)]
    pub(super) idempotency_token: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawShape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: Members,
    #[serde(default)]
    pub(super) required: Vec<String>,
    /// The member that is the whole body.
    pub(super) payload: Option<String>,
    pub(super) member: Option<RawRef>,
    pub(super) key: Option<RawRef>,
    pub(super) value: Option<RawRef>,
    #[serde(default)]
    pub(super) flattened: bool,
    #[serde(default)]
    pub(super) sensitive: bool,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(super) values: Vec<String>,
    pub(super) timestamp_format: Option<String>,
    #[serde(default)]
    pub(super) fault: bool,
    pub(super) error: Option<RawError>,
}

impl RawShape {
    /// Bounds are whole numbers but for the odd float shape, whose bounds this crate does not enforce.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and a bound beyond i64 bounds nothing")]
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { min: self.min.map(|min| min as i64), max: self.max.map(|max| max as i64) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawError {
    pub(super) code: Option<String>,
    pub(super) http_status_code: Option<u16>,
    pub(super) sender_fault: Option<bool>,
}

/// Members in the order of the model, which is the order of validation messages.
#[derive(Default)]
pub(super) struct Members(pub(super) Vec<(String, RawRef)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a structure's members")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

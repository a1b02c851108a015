//! States into texts.

use std::collections::BTreeMap;

use authz::{
    file::world::{self, NotWritten},
    world::World,
};
use aws_model::Partition;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::Value;

use super::{FORMAT, MOST_BYTES, MOST_VALUES, Secrets, VERSION, kept};
use crate::{
    clock::Setting,
    store::{ExportError, Tables},
};

/// A state that was not exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotExported {
    #[error(transparent)]
    Store(#[from] ExportError),
    #[error(transparent)]
    World(#[from] NotWritten),
    #[error(
        "the state does not go into {MOST_BYTES} bytes and {MOST_VALUES} values of JSON, and more are not imported"
    )]
    TooLarge,
    #[error("another state is being exported or imported; try again when it is")]
    Busy,
    #[error("the export broke off, which the log tells; try again")]
    Broken,
    #[error("row `{key}` of `{table}` has no form in JSON: {why}")]
    NoForm { table: String, key: String, why: serde_json::Error },
}

#[derive(Serialize)]
struct Text {
    format: &'static str,
    version: &'static str,
    partition: &'static str,
    secrets: Secrets,
    clock: Setting,
    #[serde(skip_serializing_if = "Option::is_none")]
    world: Option<Value>,
    tables: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The text of a state. Two of the same state are the same.
pub(crate) fn write(
    tables: Tables,
    world: &World,
    partition: Partition,
    clock: Setting,
    with_secrets: bool,
) -> Result<String, NotExported> {
    let mut written = BTreeMap::new();
    let mut values = 0;
    for (table, (is_sealed, rows)) in tables {
        let is_told_elsewhere = kept::TABLES.iter().any(|kept| kept.name() == table);
        if is_told_elsewhere || is_sealed && !with_secrets {
            continue;
        }
        let mut of_table = BTreeMap::new();
        for (key, bytes) in rows {
            let value = match (is_sealed, bytes.expose()) {
                (true, secret) => Ok(BASE64_STANDARD.encode(secret).into()),
                // The key says all.
                (false, []) => Ok(Value::Object(serde_json::Map::new())),
                (false, json) => serde_json::from_slice(json),
            };
            let no_form = |why| NotExported::NoForm { table: table.clone(), key: key.clone(), why };
            let value = value.map_err(no_form)?;
            values += count(&value);
            of_table.insert(key, value);
        }
        written.insert(table, of_table);
    }
    let told = world::write(world, MOST_BYTES)?;
    let told: Option<Value> = serde_json::from_str(&told).ok();
    if values + told.as_ref().map_or(0, count) > MOST_VALUES {
        return Err(NotExported::TooLarge);
    }
    let secrets = if with_secrets { Secrets::Plain } else { Secrets::Absent };
    let text = Text {
        format: FORMAT,
        version: VERSION,
        partition: partition.as_str(),
        secrets,
        clock,
        world: told.filter(|told| told.as_object().is_none_or(|told| !told.is_empty())),
        tables: written,
    };
    let mut text = serde_json::to_string_pretty(&text).map_err(|_| NotExported::TooLarge)?;
    text.push('\n');
    if text.len() > MOST_BYTES { Err(NotExported::TooLarge) } else { Ok(text) }
}

/// How many values there are in one, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

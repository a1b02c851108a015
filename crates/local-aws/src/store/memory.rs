//! Rows in memory, and rows as records.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_model::SecretBytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Batch, OpenError, Row, Rows, Table, Tables,
    batch::{Change, Value as Kept},
};
use crate::json::{Node, nearest, offset, without_place};

/// The rows of every table.
#[derive(Debug, Default)]
pub(super) struct Memory {
    rows: Mutex<BTreeMap<&'static str, (Table, Rows)>>,
    is_of_text: bool,
}

impl Memory {
    /// Rows as they stand in a text.
    pub(super) fn of_text(given: Vec<(Table, String, SecretBytes)>) -> Self {
        let mut rows: BTreeMap<&'static str, (Table, Rows)> = BTreeMap::new();
        for (table, key, bytes) in given {
            rows.entry(table.name()).or_insert_with(|| (table, Rows::new())).1.insert(key, bytes);
        }
        Self { rows: Mutex::new(rows), is_of_text: true }
    }

    pub(super) fn is_of_text(&self) -> bool {
        self.is_of_text
    }

    pub(super) fn write(&self, batch: Batch) {
        let mut rows = self.lock();
        for Change { table, key, value } in batch.into_changes() {
            let (_, of_table) = rows.entry(table.name()).or_insert_with(|| (table, Rows::new()));
            match value {
                Kept::Gone => drop(of_table.remove(&key)),
                Kept::Kept(bytes) => drop(of_table.insert(key, bytes)),
            }
        }
    }

    pub(super) fn rows(&self, table: Table) -> Vec<Row> {
        let rows = self.lock();
        let of_table = rows.get(table.name()).map(|(_, rows)| rows);
        of_table.into_iter().flatten().map(|(key, bytes)| Row { key: key.clone(), bytes: bytes.clone() }).collect()
    }

    pub(super) fn tables(&self) -> Tables {
        let rows = self.lock();
        let filled = rows.values().filter(|(_, rows)| !rows.is_empty());
        filled.map(|(table, rows)| (table.name().to_owned(), (table.is_sealed(), rows.clone()))).collect()
    }

    /// Writes the rows as the services do, without the blanks of the text that they came from.
    pub(super) fn settle(&self) {
        for (_, rows) in self.lock().values_mut().filter(|(table, _)| !table.is_sealed()) {
            for bytes in rows.values_mut() {
                let compact =
                    serde_json::from_slice::<Value>(bytes.expose()).and_then(|value| serde_json::to_vec(&value));
                if let Ok(compact) = compact {
                    *bytes = SecretBytes::new(compact);
                }
            }
        }
    }

    /// Every row; there is none here any more.
    pub(super) fn take(&self) -> Batch {
        let mut batch = Batch::new();
        for (_, (table, rows)) in std::mem::take(&mut *self.lock()) {
            for (key, bytes) in rows {
                batch.put(table, key, bytes);
            }
        }
        batch
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, (Table, Rows)>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A row as a record. One of a text must have nothing that the record does not: it would be lost in silence.
pub(super) fn decode<T: Serialize + DeserializeOwned>(
    table: Table,
    row: &Row,
    is_of_text: bool,
) -> Result<T, OpenError> {
    let bytes = row.bytes.expose();
    // The rows that are decoded hold no secret, so the decoder may say what it found.
    let record: T = serde_json::from_slice(bytes).map_err(|wrong| {
        let key = row.key.clone();
        if is_of_text {
            if let Some((why, at)) = misspelt(bytes, &wrong) {
                return OpenError::Misread { table: table.name(), key, why, at };
            }
            let at = offset(bytes, wrong.line(), wrong.column());
            return OpenError::Misread {
                table: table.name(),
                key,
                why: format!("does not read: {}", without_place(&wrong)),
                at,
            };
        }
        OpenError::Damaged { table: table.name(), key, why: format!("is not as it was written: {wrong}") }
    })?;
    if is_of_text {
        must_have_nothing_more(table, row, &record)?;
    }
    Ok(record)
}

/// The field that probably is the one that a decoder misses.
fn misspelt(bytes: &[u8], wrong: &serde_json::Error) -> Option<(String, usize)> {
    let said = without_place(wrong);
    let missing = said.strip_prefix("missing field `")?.strip_suffix('`')?;
    let node = Node::read(std::str::from_utf8(bytes).ok()?).ok()?;
    let (found, at) = node.nearest_field(missing)?;
    Some((format!("has no field `{found}`; did you mean `{missing}`?"), at))
}

fn must_have_nothing_more(table: Table, row: &Row, record: &impl Serialize) -> Result<(), OpenError> {
    let text = std::str::from_utf8(row.bytes.expose()).unwrap_or_default();
    let (Ok(node), Ok(known)) = (Node::read(text), serde_json::to_value(record)) else { return Ok(()) };
    match superfluous(&node, &known) {
        Some((why, at)) => Err(OpenError::Misread { table: table.name(), key: row.key.clone(), why, at }),
        None => Ok(()),
    }
}

/// The first field that a record has no place for. One that says nothing (`null`, `[]`, `{}`, `false`) may be left out.
fn superfluous(node: &Node, known: &Value) -> Option<(String, usize)> {
    match known {
        Value::Object(fields) => node.entries().iter().find_map(|entry| match fields.get(&entry.key) {
            Some(known) => superfluous(&entry.value, known),
            None if entry.value.says_nothing() => None,
            None => {
                let names = fields.keys().map(String::as_str);
                let meant =
                    nearest(&entry.key, names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                Some((format!("has no field `{}`{meant}", entry.key), entry.key_at))
            }
        }),
        Value::Array(known) => node.items().iter().zip(known).find_map(|(item, known)| superfluous(item, known)),
        _ => None,
    }
}

//! A JSON object with the places of its names and values, which serde_json gives for errors of syntax alone.

use std::{collections::BTreeMap, iter};

use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value};

/// Where something begins, both counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// One member of the object.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) name_at: Position,
    pub(super) value: Value,
    pub(super) value_at: Position,
}

/// The members of the object that `text` is, in their order, twice-named ones too.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, (Position, String)> {
    if let Err(error) = serde_json::from_str::<BTreeMap<String, Value>>(text) {
        let (line, octets) = (error.line(), error.column());
        let message = error.to_string();
        let place = format!(" at line {line} column {octets}");
        let read = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default().bytes().take(octets);
        // Each character has one octet that does not continue another.
        let column = read.filter(|octet| octet & 0xc0 != 0x80).count();
        return Err((Position { line, column }, message.strip_suffix(&place).unwrap_or(&message).to_owned()));
    }
    // From here on the text is known to be an object: between its values there are no other quotes than those of names.
    let mut from = 0;
    Ok(iter::from_fn(|| {
        let name_at = from + text.get(from..)?.find('"')?;
        let (name, name_end) = one(text, name_at)?;
        let after_colon = name_end + text.get(name_end..)?.find(':')? + 1;
        let rest = text.get(after_colon..)?;
        let value_at = after_colon + (rest.len() - rest.trim_start().len());
        let (value, value_end) = one(text, value_at)?;
        from = value_end;
        Some(Entry { name, name_at: position(text, name_at), value, value_at: position(text, value_at) })
    })
    .collect())
}

/// The value that begins at `at`, and where it ends.
fn one<T: DeserializeOwned>(text: &str, at: usize) -> Option<(T, usize)> {
    let mut values = Deserializer::from_str(text.get(at..)?).into_iter();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    Position { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

//! Which things a filter can leave, without a look at each: a describe with a filter by tag or id costs what it finds.
//!
//! What is found is filtered again, as anything that is told: here nothing is lost, and what has wildcards is left alone.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use super::state::{Place, Realm, Shelf};

/// What an account has behind an id, in the order of ids: all of it, or of these ids.
pub(super) fn walked<'r, T>(
    shelf: &'r Shelf<T>,
    place: Place,
    ids: Option<BTreeSet<String>>,
    behind: Option<&str>,
) -> Box<dyn Iterator<Item = &'r T> + 'r> {
    match ids {
        Some(mut ids) => {
            ids.retain(|id| behind.is_none_or(|behind| id.as_str() > behind));
            Box::new(ids.into_iter().filter_map(move |id| shelf.at(&place, &id)).map(Arc::as_ref))
        }
        None => Box::new(shelf.behind(&place, behind).map(Arc::as_ref)),
    }
}

/// The ids of the things in question, of the fewest that one filter leaves; `None` where no filter tells.
pub(super) fn narrowed(realm: &Realm, place: &Place, input: &Value, id: &str) -> Option<BTreeSet<String>> {
    let filters = input.get("Filters").and_then(Value::as_array).into_iter().flatten();
    let found = filters.filter_map(|filter| {
        let name = filter.get("Name")?.as_str()?;
        let values: Vec<&str> = filter.get("Values")?.as_array()?.iter().filter_map(Value::as_str).collect();
        if values.iter().any(|value| value.contains(['*', '?', '\\'])) {
            return None;
        }
        Some(match (name, name.strip_prefix("tag:")) {
            (_, Some(key)) => values.iter().flat_map(|value| realm.tagged(place, key, Some(value))).cloned().collect(),
            ("tag-key", None) => values.iter().flat_map(|key| realm.tagged(place, key, None)).cloned().collect(),
            ("attachment.instance-id", None) => {
                let instances = values.iter().filter_map(|id| realm.instances.get(id));
                instances.flat_map(|instance| instance.volumes.iter().cloned()).collect()
            }
            (_, None) if name == id => values.into_iter().map(str::to_owned).collect(),
            _ => return None,
        })
    });
    found.min_by_key(BTreeSet::len)
}

//! Statements that say nearly the same are told as one: IAM bounds a trust policy's size, and each statement has a quarter of
//! a kilobyte.
//!
//! Source: IAM User Guide, "Conditions with multiple context keys or values": of the values of one key one is enough, while all
//! keys have to match. So values of one key may stand together where nothing else differs, and let in whom they let in apart.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

/// `ForAllValues` is not among them: there more values let in more than each of them.
const OPERATORS: [&str; 2] = ["StringEquals", "StringLike"];

/// The same sessions with fewer statements. Values are folded one key at a time: two at once would also let in a namespace's
/// service account that only another namespace was to have.
pub(super) fn folded(mut statements: Vec<Value>) -> Vec<Value> {
    loop {
        let before = statements.len();
        for operator in OPERATORS {
            let conditions = statements.iter().filter_map(|one| one.get("Condition")?.get(operator)?.as_object());
            let keys: BTreeSet<String> = conditions.flat_map(Map::keys).cloned().collect();
            for key in keys.iter().rev() {
                statements = folded_by(statements, operator, key);
            }
        }
        if statements.len() == before {
            return statements;
        }
    }
}

fn folded_by(statements: Vec<Value>, operator: &str, key: &str) -> Vec<Value> {
    let mut folded: Vec<(Value, BTreeSet<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for mut statement in statements {
        // Who has the condition is left with an empty one: it is not like who has none.
        let values = condition(&mut statement, operator, key).map(Value::take);
        let place = *places.entry(statement.to_string()).or_insert(folded.len());
        match folded.get_mut(place) {
            Some((_, known)) => known.extend(listed(values)),
            None => folded.push((statement, listed(values).collect())),
        }
    }
    let told = folded.into_iter().map(|(mut statement, values)| {
        if let Some(place) = condition(&mut statement, operator, key) {
            let mut values: Vec<Value> = values.into_iter().map(Value::String).collect();
            *place = match values.pop() {
                Some(only) if values.is_empty() => only,
                last => values.into_iter().chain(last).collect(),
            };
        }
        statement
    });
    told.collect()
}

fn condition<'a>(statement: &'a mut Value, operator: &str, key: &str) -> Option<&'a mut Value> {
    statement.get_mut("Condition")?.get_mut(operator)?.get_mut(key)
}

fn listed(values: Option<Value>) -> impl Iterator<Item = String> {
    let values = match values {
        Some(Value::Array(values)) => values,
        one => one.into_iter().collect(),
    };
    values.into_iter().filter_map(|value| value.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    fn statement(namespace: &str, account: &str) -> Value {
        json!({ "Effect": "Allow", "Condition": { "StringEquals": { "namespace": namespace, "account": account } } })
    }

    fn lets_in(statement: &Value, key: &str, name: &str) -> bool {
        let wanted = &statement["Condition"]["StringEquals"][key];
        wanted == name || wanted.as_array().is_some_and(|wanted| wanted.contains(&json!(name)))
    }

    #[test]
    fn whoever_was_let_in_is_and_nobody_else() {
        let pairs: Vec<(&str, &str)> = NAMES.iter().flat_map(|a| NAMES.map(|b| (*a, b))).collect();
        for chosen in 0..1_usize << pairs.len() {
            let is_chosen = |at: usize| chosen & (1 << at) != 0;
            let all = pairs.iter().enumerate().filter(|(at, _)| is_chosen(*at));
            let folded = folded(all.map(|(_, (namespace, account))| statement(namespace, account)).collect());
            for (at, (namespace, account)) in pairs.iter().enumerate() {
                let is_in =
                    folded.iter().any(|one| lets_in(one, "namespace", namespace) && lets_in(one, "account", account));
                assert_eq!(is_in, is_chosen(at), "{chosen:b} {namespace}/{account}: {folded:?}");
            }
            assert!(folded.len() <= 3, "{folded:?}");
        }
    }

    #[test]
    fn a_condition_more_and_tags_that_may_not_come_together_stay_apart() {
        let tags = |key: &str| json!({ "Condition": { "ForAllValues:StringEquals": { "aws:TagKeys": [key] } } });
        let any = json!({ "Effect": "Allow", "Condition": { "StringEquals": { "namespace": "a" } } });
        let apart = vec![tags("a"), tags("b"), statement("a", "b"), any];
        assert_eq!(folded(apart.clone()), apart);
    }
}

//! Reading condition keys' values out of an input.

use serde_json::Value;

use super::{Access, Condition, Source, TagList};

/// A condition key of a request and its values; `aws:RequestTag/${TagKey}` with the tag's key in its place.
pub type Told = (String, Vec<String>);

impl Access {
    /// Whether this input asks for it at all.
    #[must_use]
    pub fn is_asked_by(&self, input: &Value) -> bool {
        let is_given = |member: &&str| match at(input, member) {
            Some(Value::Array(elements)) => !elements.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
            other => other.is_some(),
        };
        self.only_with_members().is_empty() || self.only_with_members().iter().any(is_given)
    }

    /// The condition keys that the input tells, with their values. `on_same_key` is for `ReEncrypt`: whether its two keys
    /// are one.
    #[must_use]
    pub fn told_by(&self, input: &Value, on_same_key: Option<bool>) -> Vec<Told> {
        self.conditions().iter().flat_map(|condition| condition.told_by(input, on_same_key)).collect()
    }
}

impl Condition {
    fn told_by(&self, input: &Value, on_same_key: Option<bool>) -> Vec<Told> {
        let values = match self.from {
            Source::Member(path) => at(input, path).map(texts),
            Source::MemberOr(paths, default) => {
                let given = paths.iter().find_map(|path| at(input, path));
                Some(given.map_or_else(|| vec![default.to_owned()], texts))
            }
            Source::InEach(list, path) => at(input, list).map(|elements| {
                let elements = elements.as_array().into_iter().flatten();
                elements.filter_map(|element| at(element, path)).flat_map(texts).collect()
            }),
            Source::TagValues(list) => return self.tag_values(input, list),
            Source::TagKeys(list) => {
                at(input, list.member).map(|_| tags(input, list).map(|(key, _)| key.to_owned()).collect())
            }
            Source::MapValues(path) => return self.map_values(input, path),
            Source::MapKeys(path) => {
                at(input, path).map(|_| entries(input, path).map(|(key, _)| key.to_owned()).collect())
            }
            Source::Fixed(value) => Some(vec![value.to_owned()]),
            Source::WhereTrue(path, value) => {
                at(input, path).and_then(Value::as_bool).filter(|holds| *holds).map(|_| vec![value.to_owned()])
            }
            Source::OnSameKey => on_same_key.map(|same| vec![same.to_string()]),
        };
        // A list without elements is a key without values: whether that is one that is not there, is assumed
        // (`iam-cond-null-empty`), and not for here to say.
        values.map(|values| (self.key.to_owned(), values)).into_iter().collect()
    }

    fn map_values(&self, input: &Value, path: &str) -> Vec<Told> {
        let form = self.form();
        entries(input, path).map(|(key, value)| (format!("{form}{key}"), vec![value.to_owned()])).collect()
    }

    /// What stands before the tag's key.
    fn form(&self) -> &'static str {
        self.key.split_once("${").map_or(self.key, |(before, _)| before)
    }

    fn tag_values(&self, input: &Value, list: TagList) -> Vec<Told> {
        let form = self.form();
        tags(input, list).map(|(key, value)| (format!("{form}{key}"), vec![value.to_owned()])).collect()
    }
}

/// The entries of a map of texts.
fn entries<'v>(input: &'v Value, path: &str) -> impl Iterator<Item = (&'v str, &'v str)> {
    let map = at(input, path).and_then(Value::as_object).into_iter().flatten();
    map.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

/// The value at a path, if there is one.
fn at<'v>(input: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(input, |value, member| value.get(member)).filter(|value| !value.is_null())
}

fn tags(input: &Value, list: TagList) -> impl Iterator<Item = (&str, &str)> {
    let elements = at(input, list.member).and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(move |tag| {
        let text = |member| tag.get(member).and_then(Value::as_str);
        Some((text(list.key)?, text(list.value).unwrap_or_default()))
    })
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Number(_) | Value::Bool(_) => vec![value.to_string()],
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

//! What `Describe` operations share: ids, filters, pages.
//!
//! Things are filtered as they are told: each filter's values are at a path of the answer.
//!
//! Source: Amazon EC2 API Reference, "Query for Amazon EC2 resources"; `Filters` of each operation. Values have wildcards
//! (`*`, `?`), and case.

use serde_json::{Map, Value, json};

use super::fault;
use crate::{ServiceError, glob};

/// Source: Amazon EC2 User Guide, "Filter resources by using the AWS CLI or API"; Amazon EC2 API Reference, "Error codes"
/// (`FilterLimitExceeded`).
const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 200;

/// A filter's name, and where in what is told its values are.
pub(super) type Known = (&'static str, &'static str);

/// The filters of a request.
pub(super) struct Filters<'v>(Vec<(Path<'v>, Vec<&'v str>)>);

enum Path<'v> {
    Member(&'static str),
    /// The tag of this key.
    Tag(&'v str),
    TagKeys,
    TagValues,
}

/// How a list is asked for and told.
pub(super) struct Listing {
    /// The member of the input that has ids.
    pub(super) ids: &'static str,
    /// The member of the answer.
    pub(super) answer: &'static str,
    /// The member of what is told that is its id.
    pub(super) id: &'static str,
    /// The least that `MaxResults` may be.
    pub(super) least: u64,
}

impl<'v> Filters<'v> {
    /// The filters of an input.
    pub(super) fn of(input: &'v Value, known: &[Known]) -> Result<Self, ServiceError> {
        let given = || input.get("Filters").and_then(Value::as_array).into_iter().flatten();
        let values = given().filter_map(|filter| filter.get("Values")?.as_array());
        if given().count() > MOST_FILTERS || values.into_iter().any(|values| values.len() > MOST_VALUES) {
            let message =
                format!("A request takes at most {MOST_FILTERS} filters, of at most {MOST_VALUES} values each.");
            return Err(ServiceError::new("FilterLimitExceeded", message));
        }
        let mut filters = Vec::new();
        for filter in given() {
            let name = filter.get("Name").and_then(Value::as_str).unwrap_or_default();
            let values = filter.get("Values").and_then(Value::as_array).into_iter().flatten();
            let path = match name {
                "tag-key" => Path::TagKeys,
                "tag-value" => Path::TagValues,
                _ => match (name.strip_prefix("tag:"), known.iter().find(|(known, _)| *known == name)) {
                    (Some(key), _) => Path::Tag(key),
                    (None, Some((_, path))) => Path::Member(path),
                    (None, None) => return Err(fault::invalid(format!("The filter '{name}' is invalid"))),
                },
            };
            filters.push((path, values.filter_map(Value::as_str).collect()));
        }
        Ok(Self(filters))
    }

    /// Whether something is what all of them ask for.
    pub(super) fn let_through(&self, told: &Value) -> bool {
        self.0.iter().all(|(path, wanted)| {
            let is_wanted = |value: &str| wanted.iter().any(|pattern| glob::fits(pattern, value));
            let tags = || told.get("Tags").and_then(Value::as_array).into_iter().flatten();
            let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).is_some_and(is_wanted);
            match path {
                Path::Member(path) => any_at(told, path, &|value| match value {
                    Value::String(text) => is_wanted(text),
                    Value::Bool(_) | Value::Number(_) => is_wanted(&value.to_string()),
                    _ => false,
                }),
                Path::Tag(key) => {
                    tags().any(|tag| tag.get("Key").is_some_and(|name| name == key) && text(tag, "Value"))
                }
                Path::TagKeys => tags().any(|tag| text(tag, "Key")),
                Path::TagValues => tags().any(|tag| text(tag, "Value")),
            }
        })
    }
}

/// Whether any value at a path, in whichever elements of lists on the way, is as asked.
fn any_at(value: &Value, path: &str, is_wanted: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| any_at(element, path, is_wanted)),
        _ if path.is_empty() => is_wanted(value),
        _ => {
            let (member, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(member).is_some_and(|value| any_at(value, rest, is_wanted))
        }
    }
}

impl Listing {
    /// The answer: of what is told, sorted by id, what is asked for.
    pub(super) fn of(&self, input: &Value, known: &[Known], told: Vec<Value>) -> Result<Value, ServiceError> {
        let filters = Filters::of(input, known)?;
        let id_of = |thing: &Value| thing.get(self.id).and_then(Value::as_str).unwrap_or_default().to_owned();
        let ids = ids(input, self.ids);
        let kept: Vec<Value> = match &ids {
            Some(ids) => {
                let told: Map<String, Value> = told.into_iter().map(|thing| (id_of(&thing), thing)).collect();
                let found = ids.iter().map(|id| told.get(*id).cloned().ok_or_else(|| fault::not_found(id)));
                found.collect::<Result<_, _>>()?
            }
            None => told,
        };
        let kept = kept.into_iter().filter(|thing| filters.let_through(thing)).collect();
        self.page(input, kept)
    }

    /// A page of what is asked for.
    pub(super) fn page(&self, input: &Value, mut kept: Vec<Value>) -> Result<Value, ServiceError> {
        let id = |thing: &Value| thing.get(self.id).and_then(Value::as_str).unwrap_or_default().to_owned();
        kept.sort_by_cached_key(id);
        let (page, token) = page(input, self.least, kept, id)?;
        let mut answer = json!({ self.answer: page });
        if let (Some(token), Some(members)) = (token, answer.as_object_mut()) {
            members.insert("NextToken".to_owned(), token.into());
        }
        Ok(answer)
    }
}

/// The ids that a member lists, if it lists any.
pub(super) fn ids<'v>(input: &'v Value, member: &str) -> Option<Vec<&'v str>> {
    let ids = input.get(member).and_then(Value::as_array).filter(|ids| !ids.is_empty())?;
    Some(ids.iter().filter_map(Value::as_str).collect())
}

/// The part of a list that is asked for, where it is walked in the order of ids: what is not told is not looked at, and what
/// was told last may be gone.
pub(super) struct Walk {
    behind: Option<String>,
    most: usize,
}

impl Walk {
    /// Of an input, whose `MaxResults` may not be less than `least`.
    pub(super) fn of(input: &Value, least: u64) -> Result<Self, ServiceError> {
        Self::by(input, least, |token| is_id(token).then(|| token.to_owned()))
    }

    /// The same, where a token is not the id itself.
    pub(super) fn by(input: &Value, least: u64, id: impl FnOnce(&str) -> Option<String>) -> Result<Self, ServiceError> {
        let most = most(input, least)?;
        let behind = token(input).map(|token| id(token).ok_or_else(bad_token)).transpose()?;
        Ok(Self { behind, most })
    }

    /// The id behind which it begins.
    pub(super) fn behind(&self) -> Option<&str> {
        self.behind.as_deref()
    }

    /// The first of those that are behind it, and the id of the last one where there are others.
    pub(super) fn page<T>(
        &self,
        mut things: impl Iterator<Item = T>,
        id: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let page: Vec<T> = things.by_ref().take(self.most).collect();
        let last = things.next().and_then(|_| page.last().map(id));
        (page, last)
    }
}

/// The things behind `NextToken`, at most `MaxResults` of them, and the token of those behind these.
pub(super) fn page<T>(
    input: &Value,
    least: u64,
    things: Vec<T>,
    id: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), ServiceError> {
    let most = most(input, least)?;
    let start = match token(input) {
        Some(token) => {
            let told = things.iter().position(|thing| id(thing) == token).map(|at| at + 1);
            // What was told last may be gone; in the order of ids its place is known all the same.
            let has_place = || is_id(token) && things.is_sorted_by_key(&id);
            let behind = || things.iter().position(|thing| *id(thing) > *token).unwrap_or(things.len());
            told.or_else(|| has_place().then(behind)).ok_or_else(bad_token)?
        }
        None => 0,
    };
    let is_last = things.len().saturating_sub(start) <= most;
    let page: Vec<T> = things.into_iter().skip(start).take(most).collect();
    let token = if is_last { None } else { page.last().map(id) };
    Ok((page, token))
}

fn token(input: &Value) -> Option<&str> {
    input.get("NextToken").and_then(Value::as_str)
}

fn bad_token() -> ServiceError {
    fault::invalid("The token is not valid.")
}

/// How many things a page may have.
fn most(input: &Value, least: u64) -> Result<usize, ServiceError> {
    const MOST: u64 = 1000;
    let most = input.get("MaxResults").and_then(Value::as_u64).filter(|most| *most > 0);
    if let Some(most) = most.filter(|most| *most < least) {
        let message =
            format!("Value ( {most} ) for parameter maxResults is invalid. Expecting a value greater than {least}.");
        return Err(fault::invalid(message));
    }
    Ok(most.map_or(usize::MAX, |most| usize::try_from(most.min(MOST)).unwrap_or(usize::MAX)))
}

/// Whether a text has the form of the ids: a kind, and what is drawn for it.
fn is_id(text: &str) -> bool {
    let drawn = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.split_once('-').is_some_and(|(kind, rest)| kind.bytes().all(|byte| byte.is_ascii_lowercase()) && drawn(rest))
}

//! What the services that have no codec of their own share: typed input, times, and pages of lists.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ServiceError;

/// The typed input. The model has seen to its members, so that what does not fit is a fault of ours, which the service
/// tells in its own words.
pub(crate) fn input<T: DeserializeOwned>(value: Value, fault: fn() -> ServiceError) -> Result<T, ServiceError> {
    serde_json::from_value(value).map_err(|wrong| {
        tracing::error!(%wrong, "an input of its shape is not of its type");
        fault()
    })
}

/// A time as answers have it.
pub(crate) fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let seconds = at.as_millisecond() as f64 / 1000.0;
    seconds.into()
}

/// Which page of a list is asked for. A token names the last item that was told, so that a page neither repeats nor skips
/// what was there all along, whatever is added or removed in between.
pub(crate) struct Paging<'a> {
    /// How many items it has at most.
    pub(crate) most: usize,
    /// The token that the page before came with.
    pub(crate) after: Option<&'a str>,
    /// The answer's member that has the token of the next page.
    pub(crate) token: &'static str,
}

/// The token is none that a page came with.
pub(crate) struct InvalidToken;

impl Paging<'_> {
    /// The page of a list whose items are in the order of their keys.
    pub(crate) fn of<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, InvalidToken> {
        let after = self.after.map(decode).transpose()?;
        let mut rest = items.skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
        let mut told = Vec::new();
        let mut last = None;
        for (key, item) in rest.by_ref().take(self.most) {
            told.push(show(item));
            last = Some(key);
        }
        let mut answer = Map::from_iter([(list.to_owned(), Value::Array(told))]);
        if let (Some(_), Some(last)) = (rest.next(), last) {
            answer.insert(self.token.to_owned(), BASE64_URL_SAFE_NO_PAD.encode(last).into());
        }
        Ok(Value::Object(answer))
    }
}

fn decode(token: &str) -> Result<String, InvalidToken> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or(InvalidToken)
}

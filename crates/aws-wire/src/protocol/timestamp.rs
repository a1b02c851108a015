//! Times: seconds since the epoch in the values of this crate and in JSON, ISO 8601 in XML and forms.

use jiff::Timestamp;
use serde_json::{Number, Value};

/// Seconds since the epoch, to the millisecond, as JSON has them: whole where they are whole.
pub(super) fn to_epoch(time: Timestamp) -> Number {
    let millis = time.as_millisecond();
    if millis % 1000 == 0 { Number::from(millis / 1000) } else { fraction(millis) }
}

/// The time that a value of this crate stands for, to the millisecond; `None` when it is none, or out of range.
pub(super) fn from_value(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Timestamp::from_second(seconds).ok();
    }
    let millis = (value.as_f64()? * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and jiff refuses what is out of its range")]
    Timestamp::from_millisecond(millis as i64).ok()
}

/// `2023-11-14T22:13:20Z`, with milliseconds where there are some.
pub(super) fn to_iso8601(time: Timestamp) -> String {
    let time = Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time);
    time.to_string()
}

/// `Tue, 14 Nov 2023 22:13:20 GMT`
///
/// Source: RFC 9110, section 5.6.7.
pub(super) fn to_http(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The same, read.
pub(super) fn parse_http(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// ISO 8601 with an offset, or seconds since the epoch, which SDKs have been seen to send too.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| from_value(&Value::Number(text.parse().ok()?)))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds within jiff's range are exact in an f64")]
fn fraction(millis: i64) -> Number {
    Number::from_f64(millis as f64 / 1000.0).unwrap_or_else(|| Number::from(millis / 1000))
}

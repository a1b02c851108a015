//! What each setting may be.

use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::Value;

use super::Changeable;
use crate::{commands::kms_plugin::flags::SealFormat, logging::Filter};

/// What would have been right.
type Wanted = &'static str;

/// Sets one, where the value can be.
type Set = fn(&mut Changeable, &Value) -> Result<(), Wanted>;

/// Every setting that the file may hold.
pub(super) const SETTINGS: [(&str, Set); 10] = [
    ("probe-interval", |settings, value| put(&mut settings.probe_interval, time(value).and_then(above_zero))),
    ("agreeing-probes", |settings, value| put(&mut settings.agreeing_probes, positive(value))),
    ("coast", |settings, value| put(&mut settings.coast, time(value))),
    ("call-timeout", |settings, value| put(&mut settings.call_timeout, time(value).and_then(call_timeout))),
    ("seal-format", |settings, value| put(&mut settings.seal_format, format(value))),
    ("allow-uid", |settings, value| put(&mut settings.allow_uid, uids(value))),
    ("max-calls", |settings, value| put(&mut settings.max_calls, positive(value).map(|number| number as usize))),
    ("qps-limit", |settings, value| put(&mut settings.qps_limit, number(value))),
    ("burst-limit", |settings, value| put(&mut settings.burst_limit, number(value))),
    ("log", |settings, value| put(&mut settings.log, filter(value).map(Some))),
];

fn put<T>(place: &mut T, value: Result<T, Wanted>) -> Result<(), Wanted> {
    *place = value?;
    Ok(())
}

fn time(value: &Value) -> Result<Duration, Wanted> {
    let time = value.as_str().and_then(|text| humantime::parse_duration(text).ok());
    time.ok_or(r#"a time with its unit, such as `"90s"` or `"10m"`"#)
}

fn above_zero(time: Duration) -> Result<Duration, Wanted> {
    if time.is_zero() { Err("a time above zero") } else { Ok(time) }
}

fn call_timeout(time: Duration) -> Result<Duration, Wanted> {
    let possible = !time.is_zero() && time <= Changeable::longest_call();
    if possible { Ok(time) } else { Err("a time above zero, `\"30s\"` at most") }
}

fn number(value: &Value) -> Result<u32, Wanted> {
    value.as_u64().and_then(|number| number.try_into().ok()).ok_or("a whole number from 0 to 4294967295")
}

fn positive(value: &Value) -> Result<u32, Wanted> {
    number(value).ok().filter(|number| *number > 0).ok_or("a whole number from 1 to 4294967295")
}

fn format(value: &Value) -> Result<SealFormat, Wanted> {
    let format = value.as_str().and_then(|text| SealFormat::from_str(text, false).ok());
    format.ok_or(r#"`"claviger"` or `"aws-encryption-provider"`"#)
}

fn uids(value: &Value) -> Result<Vec<u32>, Wanted> {
    let uids = value.as_array().and_then(|uids| uids.iter().map(|uid| number(uid).ok()).collect());
    uids.ok_or("a list of user ids, such as `[0, 65532]`")
}

fn filter(value: &Value) -> Result<Filter, Wanted> {
    let filter = value.as_str().and_then(|text| text.parse().ok());
    filter.ok_or(r#"a level such as `"debug"`, or directives such as `"warn,kms_plugin=debug"`"#)
}

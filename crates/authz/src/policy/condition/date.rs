//! Dates as conditions compare them.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};

use crate::rules::Assumptions;

/// A point in time, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(i128);

/// A date as written. Four digits can be read in two ways, as a year and as seconds since 1970; others in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrittenDate {
    with_year: Instant,
    without: Instant,
}

/// Not a date.
#[derive(Debug)]
pub(super) struct NotADate;

const NANOSECONDS: i128 = 1_000_000_000;

const UNIX_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl WrittenDate {
    /// When it is.
    pub(super) const fn instant(self, assumptions: &Assumptions) -> Instant {
        if assumptions.iam_cond_date_year { self.with_year } else { self.without }
    }
}

/// Seconds since 1970, or one of the W3C's forms of ISO 8601: a year, a month, a day, a day with hours and minutes and
/// perhaps seconds and their fraction, where a time has an offset or `Z`. A time without an offset is taken as UTC, as
/// IAM takes policies that have such.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", section "Date condition operators"; W3C,
/// "Date and Time Formats" (NOTE-datetime).
impl FromStr for WrittenDate {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['-', 't', 'T']) {
            let date = calendar(text).ok_or(NotADate)?;
            return Ok(Self { with_year: date, without: date });
        }
        let seconds = if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<i64>().ok() } else { None };
        let without = Instant(i128::from(seconds.ok_or(NotADate)?) * NANOSECONDS);
        let year = if text.len() == 4 { calendar(text) } else { None };
        Ok(Self { with_year: year.unwrap_or(without), without })
    }
}

/// A date of the calendar, perhaps with a time.
fn calendar(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once(['t', 'T']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let (time, offset_minutes) = time.map_or(Some((Time::midnight(), 0)), read_time)?;
    let since_1970 = read_date(date)?.to_datetime(time).duration_since(UNIX_EPOCH);
    Some(Instant(since_1970.as_nanos() - i128::from(offset_minutes) * 60 * NANOSECONDS))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| digits(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    if parts.next().is_some() {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `hh:mm` or `hh:mm:ss.f` with `Z`, an offset in hours and minutes, or neither; also returns the offset in minutes.
fn read_time(text: &str) -> Option<(Time, i32)> {
    let (clock, offset) = match text.find(['z', 'Z', '+', '-']) {
        Some(end) => text.split_at_checked(end)?,
        None => (text, "Z"),
    };
    let mut parts = clock.splitn(3, ':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (digits(seconds, 2)?, 0),
            Some((seconds, fraction)) if (1..=9).contains(&fraction.len()) => {
                (digits(seconds, 2)?, digits(&format!("{fraction:0<9}"), 9)?)
            }
            Some(_) => return None,
        },
    };
    let narrow = |value: i32| i8::try_from(value).ok();
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, nanosecond).ok()?;
    Some((time, read_offset(offset)?))
}

/// `Z` or `+hh:mm`, in minutes.
fn read_offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, offset) = match text.strip_prefix('-') {
        Some(offset) => (-1, offset),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i32> {
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

//! The moment of signing, and how far it may be from now.

use std::{fmt, time::Duration};

use jiff::{Timestamp, civil, tz::Offset};

/// How far the clocks of signer and service may differ, either way.
///
/// Source: IAM User Guide, "Troubleshoot Signature Version 4 signing": most services allow 15 minutes.
pub(super) const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// The moment of signing to the second, written `20150830T123600Z` (ISO 8601's basic format).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SigningTime(Timestamp);

impl SigningTime {
    /// The moment, less its fraction of a second.
    pub fn new(moment: Timestamp) -> Self {
        Self(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
    }

    /// Parses the basic format, and nothing else.
    pub(super) fn parse_basic(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let ([y1, y2, m, d], [hour, minute, second]) = (pairs::<4>(date)?, pairs::<3>(time)?);
        let moment = civil::DateTime::new(
            i16::from(y1) * 100 + i16::from(y2),
            m.cast_signed(),
            d.cast_signed(),
            hour.cast_signed(),
            minute.cast_signed(),
            second.cast_signed(),
            0,
        );
        Offset::UTC.to_timestamp(moment.ok()?).ok().map(Self)
    }

    /// Parses the value of a `Date` header: the basic format, or the date of HTTP and mail
    /// (`Sun, 30 Aug 2015 12:36:00 GMT`), as botocore sends it.
    pub(super) fn parse_date_header(text: &str) -> Option<Self> {
        let mail = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(Self::new);
        Self::parse_basic(text).or_else(mail)
    }

    /// The moment itself.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The day in UTC, written `20150830`, as it stands in the credential scope.
    pub fn date(self) -> String {
        self.to_string().chars().take_while(|c| *c != 'T').collect()
    }

    /// This moment and a while; the last representable one if there is no such moment.
    pub(super) fn later(self, by: Duration) -> Self {
        Self(self.0.checked_add(by).unwrap_or(Timestamp::MAX))
    }

    /// This moment less a while; the first representable one if there is no such moment.
    pub(super) fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(Timestamp::MIN))
    }
}

impl fmt::Display for SigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = Offset::UTC.to_datetime(self.0);
        let (year, month, day, hour, minute, second) = (t.year(), t.month(), t.day(), t.hour(), t.minute(), t.second());
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }
}

/// Exactly `N` numbers of two digits.
fn pairs<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    let digits: &[[u8; 2]; N] = digits.try_into().ok()?;
    let numeric = rest.is_empty() && digits.as_flattened().iter().all(u8::is_ascii_digit);
    numeric.then(|| digits.map(|[tens, units]| (tens - b'0') * 10 + (units - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SigningTime {
        SigningTime::new(text.parse().unwrap())
    }

    #[test]
    fn the_basic_format_round_trips() {
        let moment = at("2015-08-30T12:36:00Z");
        assert_eq!(SigningTime::parse_basic("20150830T123600Z"), Some(moment));
        assert_eq!((moment.to_string().as_str(), moment.date().as_str()), ("20150830T123600Z", "20150830"));
        assert_eq!(at("2015-08-30T12:36:00.999Z"), moment);
    }

    #[test]
    fn what_is_not_the_basic_format_is_refused() {
        let bad = [
            "",
            "Z",
            "TZ",
            "201",
            "20150830",
            "20150830T123600",
            "20150830T123600z",
            "2015-08-30T12:36:00Z",
            "20151330T123600Z",
            "20150830T243600Z",
            "20150830T1236000Z",
            "+0150830T123600Z",
            "２０150830T123600Z",
        ];
        for text in bad {
            assert_eq!(SigningTime::parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_header_may_also_be_written_as_http_and_mail_do() {
        let moment = Some(at("2015-08-30T12:36:00Z"));
        for text in ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 -0000", "20150830T123600Z"] {
            assert_eq!(SigningTime::parse_date_header(text), moment, "{text}");
        }
        assert_eq!(SigningTime::parse_date_header("yesterday"), None);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let (first, last) = (SigningTime::new(Timestamp::MIN), SigningTime::new(Timestamp::MAX));
        assert!(last.later(MAX_SKEW) >= last && first.earlier(MAX_SKEW) <= first);
    }
}

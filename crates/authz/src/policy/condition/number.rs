//! Numbers as conditions compare them: exactly.

use std::str::FromStr;

/// An integer or a decimal, in units of 10^-18. Holds every number of 20 digits before and 18 behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i128);

/// Not a number, or one with more digits than any key of AWS has.
#[derive(Debug)]
pub(super) struct NotANumber;

const FRACTION_DIGITS: usize = 18;

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        if (whole.is_empty() && !digits.starts_with('.')) || digits == "." || fraction.len() > FRACTION_DIGITS {
            return Err(NotANumber);
        }
        let padding = std::iter::repeat_n(b'0', FRACTION_DIGITS - fraction.len());
        let mut value: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()).chain(padding) {
            if !byte.is_ascii_digit() {
                return Err(NotANumber);
            }
            value =
                value.checked_mul(10).and_then(|value| value.checked_add(i128::from(byte - b'0'))).ok_or(NotANumber)?;
        }
        Ok(Self(if is_negative { -value } else { value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_exactly() {
        let number = |text: &str| text.parse::<Number>().unwrap();
        for (left, right) in [("1", "1.0"), ("-0", "0"), ("007", "7"), ("+5", "5"), (".5", "0.50"), ("3.", "3")] {
            assert_eq!(number(left), number(right), "{left} and {right}");
        }
        for (less, more) in [
            ("-2", "-1"),
            ("9", "10"),
            ("0.1", "0.11"),
            ("9007199254740992", "9007199254740993"),
            ("18446744073709551614", "18446744073709551615"),
        ] {
            assert!(number(less) < number(more), "{less} and {more}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "-.", "abc", "1e3", "1,5", "1 ", "0x10", "--1", "1.2.3", "٣", &"9".repeat(40)] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }
}

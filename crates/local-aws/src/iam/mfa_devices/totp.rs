//! The codes of a virtual MFA device.
//!
//! Source: RFC 6238 (SHA-1, six digits, a step of 30 seconds), which is what authenticator apps do with AWS's seeds; RFC
//! 4226, section 5.3 (how a code is cut out of an authenticator).

use aws_lc_rs::hmac;
use aws_model::SecretBytes;
use jiff::Timestamp;
use subtle::{Choice, ConstantTimeEq};

const STEP: i64 = 30;
/// How many steps a device's clock may be off when it is enabled or resynchronized.
const OFF: i64 = 10;

/// Whether these are two codes of a device, one behind the other, of about now.
pub(super) fn are_codes(seed: &SecretBytes, now: Timestamp, first: &str, second: &str) -> bool {
    let now = now.as_second() / STEP;
    let is = |step, given: &str| code(seed, step).as_bytes().ct_eq(given.as_bytes());
    let found = (now - OFF..now + OFF).map(|step| is(step, first) & is(step + 1, second));
    found.fold(Choice::from(0), |found, next| found | next).into()
}

fn code(seed: &SecretBytes, step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed.expose());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0xf);
    let four = tag.get(at..).unwrap_or_default().iter().take(4);
    let number = four.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = SecretBytes::new(b"12345678901234567890".to_vec());
        for (seconds, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(&seed, seconds / STEP), expected, "{seconds}");
        }
    }

    #[test]
    fn two_codes_in_a_row_of_about_now_are_right_and_no_others() {
        let seed = SecretBytes::new(b"12345678901234567890".to_vec());
        let now = Timestamp::from_second(1_111_111_109).unwrap();
        let at = |step: i64| code(&seed, now.as_second() / STEP + step);
        assert!(are_codes(&seed, now, &at(0), &at(1)));
        assert!(are_codes(&seed, now, &at(-5), &at(-4)));
        for (first, second) in [(at(1), at(0)), (at(0), at(0)), (at(0), at(2)), (at(20), at(21)), (at(-20), at(-19))] {
            assert!(!are_codes(&seed, now, &first, &second));
        }
    }
}

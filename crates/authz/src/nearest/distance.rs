//! How far names are apart.

use crate::pattern::{Fit, Manner, Pattern, Resolved, Syntax};

use super::{ArnPart, NameDifference};

/// A name of something else altogether.
const FAR: u32 = 20;

/// So many characters of a name are compared: what policies hold is hostile, and comparing is quadratic.
const COMPARED: usize = 80;

const PARTS: [ArnPart; 5] =
    [ArnPart::Partition, ArnPart::Service, ArnPart::Region, ArnPart::Account, ArnPart::Resource];

/// How unlike two texts are: 0 for the same, `most` for nothing in common.
pub(super) fn unlikeness(one: &str, other: &str, most: u32) -> u32 {
    let short = |text: &str| text.chars().take(COMPARED).collect::<String>();
    let likeness = strsim::normalized_levenshtein(&short(one), &short(other));
    ((1.0 - likeness) * f64::from(most)).ceil() as u32
}

/// How far a name is from a pattern of ARNs, with which parts of it differ.
pub(super) fn between_arns(pattern: &str, name: &str) -> (u32, NameDifference) {
    let (Some(wanted), Some(given)) = (parts(pattern), parts(name)) else {
        return (FAR, NameDifference::default());
    };
    let mut weight = 0;
    let mut differing = Vec::new();
    for ((part, wanted), given) in PARTS.into_iter().zip(wanted).zip(given) {
        if !fits(wanted, given) {
            weight += weigh(part, wanted, given);
            differing.push(part);
        }
    }
    (weight.max(1), NameDifference { parts: differing })
}

/// Another region or account is a smaller slip than another thing.
fn weigh(part: ArnPart, wanted: &str, given: &str) -> u32 {
    match part {
        ArnPart::Partition => 8,
        ArnPart::Service => FAR,
        ArnPart::Region => 2,
        ArnPart::Account => 3,
        ArnPart::Resource => 2 + unlikeness(wanted, given, 6),
    }
}

/// The parts of an ARN behind `arn:`.
fn parts(arn: &str) -> Option<[&str; 5]> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

/// Whether a part fits; what a variable stands for is not asked, so a part with one does.
fn fits(pattern: &str, text: &str) -> bool {
    let read = Pattern::read(pattern, Syntax { wildcards: true, variables: true });
    read.variables().next().is_some() || read.fits(text, Manner::Plain, |_| Resolved::Nothing) == Fit::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/k";

    fn parts_between(pattern: &str) -> Vec<ArnPart> {
        between_arns(pattern, KEY).1.parts
    }

    #[test]
    fn what_differs_is_told_by_part() {
        assert_eq!(parts_between("arn:aws:kms:us-east-1:444455556666:key/*"), [ArnPart::Region]);
        assert_eq!(parts_between("arn:aws:kms:*:111122223333:key/k"), [ArnPart::Account]);
        assert_eq!(
            parts_between("arn:aws:s3:::bucket"),
            [ArnPart::Service, ArnPart::Region, ArnPart::Account, ArnPart::Resource]
        );
        assert_eq!(parts_between("*/k"), []);
    }

    #[test]
    fn a_smaller_slip_is_nearer() {
        let distance = |pattern| between_arns(pattern, KEY).0;
        let region = distance("arn:aws:kms:us-east-1:444455556666:key/k");
        let account = distance("arn:aws:kms:us-west-2:111122223333:key/k");
        let both = distance("arn:aws:kms:us-east-1:111122223333:key/k");
        let service = distance("arn:aws:s3:::k");
        assert!(region < account && account < both && both < service);
    }

    #[test]
    fn endless_names_are_compared_in_part() {
        let endless = "a".repeat(2_000_000);
        assert_eq!(unlikeness(&endless, &endless, 6), 0);
    }
}

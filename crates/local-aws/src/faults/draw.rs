//! What is random of a fault, told by the number of the call.

use std::time::Duration;

/// The draws of one fault: each call's is its own, however often and in whatever order they are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws(u64);

/// 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    /// Of a plan's seed and a fault's name, so that faults beside it change nothing.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        // FNV-1a.
        let of_name = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed(seed) ^ of_name)
    }

    /// Whether a call is in a share of all, which is everything without one.
    pub(super) fn hits(self, number: u64, share: Option<f64>) -> bool {
        share.is_none_or(|share| self.unit(number, 0) < share)
    }

    /// A time between two.
    pub(super) fn between(self, number: u64, least: Duration, most: Duration) -> Duration {
        least + most.saturating_sub(least).mul_f64(self.unit(number, 1))
    }

    /// A number from 0 to 1, 1 excluded.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit in a float")]
    fn unit(self, number: u64, of: u64) -> f64 {
        let bits = mixed(self.0.wrapping_add(number.wrapping_mul(2).wrapping_add(of).wrapping_mul(SPREAD)));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The finalizer of splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_about_that_share_and_each_seed_another() {
        let hits = |seed, name: &str| -> Vec<u64> {
            let draws = Draws::new(seed, name);
            (1..=10_000).filter(|number| draws.hits(*number, Some(0.1))).collect()
        };
        let one = hits(7, "a");
        assert!((900..1100).contains(&one.len()), "{}", one.len());
        assert_eq!(one, hits(7, "a"));
        assert_ne!(one, hits(8, "a"));
        assert_ne!(one, hits(7, "b"));
        assert!(Draws::new(7, "a").hits(1, None));
    }

    #[test]
    fn times_are_between_and_spread() {
        let (least, most) = (Duration::from_millis(100), Duration::from_millis(200));
        let draws = Draws::new(0, "a");
        let times: Vec<_> = (1..100).map(|number| draws.between(number, least, most)).collect();
        assert!(times.iter().all(|time| (least..most).contains(time)), "{times:?}");
        assert!(times.iter().max().unwrap().saturating_sub(*times.iter().min().unwrap()) > least / 2, "{times:?}");
        assert_eq!(draws.between(3, least, least), least);
    }
}

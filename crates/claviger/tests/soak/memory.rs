//! What the process takes up while the clients work and what they have stays as much.

use std::time::Duration;

use tokio::time::sleep;

use crate::{server::Server, traffic::Sdk};

/// How much more it may be at the end than before, in KiB.
const MOST_GROWTH: i64 = 2 << 10;
/// How often it is looked at between two pauses, and how often at the least.
const LOOKS: u32 = 10;
const LEAST_LOOKS: usize = 60;

/// Resident memory, in KiB, again and again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    looks: Vec<i64>,
}

impl Memory {
    /// Looks for two seconds.
    pub(crate) async fn watch(&mut self, server: &Server) {
        for _ in 0..LOOKS {
            sleep(Duration::from_millis(200)).await;
            self.looks.push(i64::try_from(server.resident()).unwrap());
        }
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.looks.len() >= LEAST_LOOKS
    }

    /// Whether the last third is hardly more than the one before. A process just started takes what it will need little by
    /// little, for half a minute and more where the machine is slow; one that leaks never comes to this, however long it is
    /// looked at.
    pub(crate) fn is_flat(&self) -> bool {
        let [_, second, last] = self.thirds();
        last - second <= MOST_GROWTH
    }

    pub(crate) fn verdict(&self) -> String {
        let thirds = self.thirds();
        assert!(self.is_flat(), "memory grows: {thirds:?} KiB by thirds, {:?}", self.looks);
        format!("{thirds:?} KiB resident by thirds of the time")
    }

    fn thirds(&self) -> [i64; 3] {
        let third = self.looks.len() / 3;
        [0, 1, 2].map(|at| median(&self.looks[at * third..(at + 1) * third]))
    }
}

/// Fills what the process keeps of its trail, which grows up to a bound: 8 MiB. Calls that are refused for a long text take
/// few for that.
pub(crate) async fn fill_trail(somebody: &Sdk) {
    // What is longer is not kept: 100 KiB.
    let text = "x".repeat(90 << 10);
    for _ in 0..100 {
        let create = somebody.iam.create_policy().policy_name("none").policy_document(&text);
        create.send().await.expect_err("this is no policy");
    }
}

/// As a process looks that keeps this much more each time it is looked at.
fn looks_of(growth: i64) -> Memory {
    Memory { looks: (0..LEAST_LOOKS as i64).map(|look| (64 << 10) + look % 7 + growth * look).collect() }
}

#[test]
fn what_goes_up_and_down_stays() {
    assert_eq!(looks_of(0).verdict(), "[65539, 65539, 65539] KiB resident by thirds of the time");
}

/// Seven MiB within the first 22 seconds, as a run of CI saw with a seed whose process has no more after four minutes.
#[test]
fn what_settles_is_waited_for() {
    let settles = |look: i64| (84 << 10) + 65 * look.min(150);
    let mut memory = Memory { looks: (0..110).map(settles).collect() };
    assert!(!memory.is_flat(), "not yet: {memory:?}");
    memory.looks.extend((110..330).map(settles));
    assert!(memory.is_flat(), "by now: {memory:?}");
}

#[test]
#[should_panic(expected = "memory grows: ")]
fn what_keeps_half_a_mebibyte_a_second_grows() {
    looks_of(512 / 5 + 1).verdict();
}

fn median(looks: &[i64]) -> i64 {
    let mut sorted = looks.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

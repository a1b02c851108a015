//! Decisions beside other evaluators, in one run: `cargo bench -p authz --bench decide`.
//!
//! Cores are shared with whatever else runs, so only figures of one run can be compared. Each figure is the median of
//! several rounds.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark reports to the terminal, and fails by panicking"
)]

mod flat;
mod large;
mod simulator;

use std::{hint::black_box, time::Instant};

const ROUNDS: usize = 9;

fn main() {
    println!("load average: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    flat::run();
    large::run();
}

/// What one of `count` calls of `work` takes, in microseconds. The first round is not counted.
fn microseconds<T>(count: usize, mut work: impl FnMut(usize) -> T) -> f64 {
    let mut rounds: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for at in 0..count {
                black_box(work(at));
            }
            started.elapsed().as_secs_f64() * 1e6 / count as f64
        })
        .skip(1)
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// One line of the report.
fn line(what: &str, microseconds: f64) {
    println!("  {what:<58} {microseconds:>10.3} us {:>12.0} /s", 1e6 / microseconds);
}

/// Whether an aim is met.
fn aim(what: &str, is_met: bool, figure: &str) {
    println!("  {} {what}: {figure}", if is_met { "met   " } else { "MISSED" });
}

//! How rows are printed.

use super::load::Outcome;

pub(crate) fn heading(title: &str) {
    println!("\n{title} (microseconds; cpu is the server's, a call)");
    println!("{:<40}{:>12}{:>10}{:>10}{:>12}{:>10}", "", "", "p50", "p99", "calls/s", "cpu");
}

pub(crate) fn row(what: &str, who: &str, outcome: &Outcome) {
    let (p50, p99, rate, cpu) = (outcome.p50(), outcome.p99(), outcome.per_second(), outcome.cpu());
    println!("{what:<40}{who:>12}{p50:>10.0}{p99:>10.0}{rate:>12.0}{cpu:>10.0}");
}

/// What `who` reached, in words, and what is aimed for where it is ours.
pub(crate) fn reached(who: &str, reached: &str, aim: Option<&str>) {
    let aim = aim.map(|aim| format!("  (aim: {aim})")).unwrap_or_default();
    println!("{who:>52}  {reached}{aim}");
}

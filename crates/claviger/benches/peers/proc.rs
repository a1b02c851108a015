//! What the kernel knows of a process.

use std::{fmt, fs, time::Duration};

/// CPU time used so far, by all threads. `/proc/PID/stat` counts in hundredths of a second.
pub(crate) fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    // The second field is the name in parentheses, which may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Resident memory in MiB.
pub(crate) fn rss(pid: u32) -> f64 {
    Memory::of(pid).resident
}

/// Resident memory in MiB: `18.5 (1.8)`.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    resident: f64,
    /// Of it, what is the process's own: no page of a file, which others share and the kernel can drop.
    own: f64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
        };
        Self { resident: of("VmRSS:"), own: of("RssAnon:") }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.1} ({:.1})", self.resident, self.own))
    }
}

//! `cargo xtask soak`: the soak of the embedded AWS, for longer than the tests take.

use anyhow::Result;
use clap::Args;

use crate::{step, workspace};

#[derive(Args)]
pub(crate) struct Soak {
    /// How long it runs, about.
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0)]
    minutes: f64,
    /// The seed that another run printed.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
}

pub(crate) fn run(soak: &Soak) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked", "--package=claviger", "--test=soak", "--", "--nocapture"]);
    cargo.env("CLAVIGER_SOAK_MINUTES", soak.minutes.to_string());
    if let Some(seed) = soak.seed {
        cargo.env("CLAVIGER_SOAK_SEED", seed.to_string());
    }
    step::run(&mut cargo)
}

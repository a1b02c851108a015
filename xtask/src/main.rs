//! Claviger's own chores: `cargo xtask --help`.
#![expect(clippy::print_stderr, reason = "a chore reports to the terminal it was started from")]

mod audit;
mod bench;
mod catalog;
mod image;
mod lint;
mod models;
mod soak;
mod step;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  Everything that CI asks; the same with one of the test programs alone:
    cargo xtask test
    cargo xtask test --test binary

  Whether botocore has newer service models than the committed ones:
    cargo xtask models --check

  Figures, with built peers beside ours, each under its own name:
    cargo xtask bench --peer ./aws-encryption-provider --peer ./eks-pod-identity-agent

  A short look at the Pod Identity agent alone:
    cargo xtask bench --only agent --seconds 0.5

  A short look at the embedded AWS alone:
    cargo xtask bench --only embedded-aws --seconds 0.5

  An hour of kills and faults, as another run began:
    cargo xtask soak --minutes 60 --seed 1780000000000";

/// Claviger's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build what the tests need under target/tools: etcd, two kube-apiservers, kubectl, Helm, Go clients, a Python venv,
    /// an IAM simulator.
    Tools,
    /// Everything that CI asks: the tools, the lints, then every test. Further arguments go to `cargo test`.
    Test {
        /// Passed on to `cargo test --workspace`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_test: Vec<String>,
    },
    /// Formatting, and Clippy with every warning an error, for each combination of features.
    Lint,
    /// The service models of aws-wire, made again from the botocore that the tools brought.
    Models(models::Models),
    /// The data of aws-catalog, made again from the npm package that carries it.
    Catalog(catalog::Catalog),
    /// Licences, advisories, sources and duplicates of the dependencies (`deny.toml`).
    Audit,
    /// The plugin, the Pod Identity agent and webhook and the embedded AWS against empty servers, moto, ministack and
    /// AWS's own, in one run.
    Bench(bench::Bench),
    /// The static binary that `deploy/Containerfile` copies, and the image.
    Image(image::Image),
    /// Eight clients of the embedded AWS while it is killed and fails on request: what the tests do for a minute.
    Soak(soak::Soak),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Tools => tools::run(),
        Chore::Test { cargo_test } => test::run(&cargo_test),
        Chore::Lint => lint::run(),
        Chore::Models(models) => models::run(&models),
        Chore::Catalog(catalog) => catalog::run(&catalog),
        Chore::Audit => audit::run(),
        Chore::Bench(bench) => bench::run(&bench),
        Chore::Image(image) => image::run(&image),
        Chore::Soak(soak) => soak::run(&soak),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

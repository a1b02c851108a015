//! `cargo xtask image`: the static binary that `deploy/Containerfile` copies, and the image.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{step, workspace};

/// Agent, broker, webhook and KMS plugin; no embedded AWS, and nothing that explains.
const FEATURES: &str = "aws-kms,kubernetes";
const CONTAINERFILE: &str = "deploy/Containerfile";
const BINARY: &str = "claviger";

#[derive(clap::Args)]
pub(crate) struct Image {
    /// Build the binary and look at it and at the Containerfile, but build no image
    #[arg(long)]
    check: bool,
    /// Name of the image
    #[arg(long, default_value = "claviger:latest")]
    tag: String,
    /// What builds it: `docker`, `podman`, or another that takes their `build`
    #[arg(long, default_value = "docker")]
    builder: String,
}

pub(crate) fn run(image: &Image) -> Result<()> {
    let file = workspace::root().join(CONTAINERFILE);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let said = Said::read(&text)?;
    let context = step::timed("static binary", || build(&said))?;
    if image.check {
        return Ok(());
    }
    step::timed("image", || {
        let mut builder = Command::new(&image.builder);
        builder.args(["build", "--tag", &image.tag, "--file"]).arg(&file).arg(context);
        step::run(&mut builder)
    })
}

/// What a Containerfile says of its context and of who runs it.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    copied: Vec<String>,
}

impl Said {
    /// Refuses one that copies what no build of ours makes, or whose user is not a number: of a name Kubernetes cannot tell that it is not
    /// root (`runAsNonRoot`).
    fn read(text: &str) -> Result<Self> {
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let user = lines.iter().rev().find_map(|line| line.strip_prefix(&["USER"])).and_then(|rest| rest.first());
        let id = user.and_then(|user| user.split(':').next()?.parse::<u32>().ok());
        ensure!(id.is_some_and(|id| id > 0), "{CONTAINERFILE} names no user by a number that is not 0");
        let copies = lines.iter().filter_map(|line| line.strip_prefix(&["COPY"]));
        let from_context = copies.filter(|rest| !rest.iter().any(|word| word.starts_with("--from=")));
        let sources = from_context.flat_map(|rest| rest.split_last().map_or(&[][..], |(_, sources)| sources));
        let copied: Vec<String> = sources.map(|source| (*source).to_owned()).collect();
        ensure!(copied == [BINARY], "{CONTAINERFILE} copies {copied:?} from its context, which holds `{BINARY}` alone");
        Ok(Self { copied })
    }
}

/// The folder with what is copied.
fn build(said: &Said) -> Result<PathBuf> {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "--release", "--package=claviger", "--bin", BINARY, "--no-default-features"]);
    cargo.args(["--features", FEATURES, "--target", &target]);
    step::run(&mut cargo).with_context(|| {
        format!(
            "help: it takes `rustup target add {target}` and `musl-gcc` (the package musl-tools of Debian and Ubuntu)"
        )
    })?;
    let built = target_folder().join(&target).join("release");
    let context = target_folder().join("image");
    fs::create_dir_all(&context).with_context(|| format!("cannot make {}", context.display()))?;
    for name in &said.copied {
        let (from, to) = (built.join(name), context.join(name));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        is_static(&to)?;
        step::run(
            Command::new(&to)
                .args(["pod-identity", "agent", "--cluster-name=demo", "--help"])
                .stdout(std::process::Stdio::null()),
        )?;
    }
    Ok(context)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from)
}

/// An empty image has no program that loads libraries.
fn is_static(binary: &Path) -> Result<()> {
    // Of binutils, which whoever links has.
    let mut readelf = Command::new("readelf");
    readelf.args(["--wide", "--program-headers", "--dynamic"]).arg(binary);
    let output = readelf.output().with_context(|| format!("cannot start {readelf:?}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && told.contains("LOAD"),
        "{readelf:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    if let Some(line) = told.lines().find(|line| line.contains("INTERP") || line.contains("(NEEDED)")) {
        bail!("{} is not static: {}", binary.display(), line.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_containerfile_copies_what_is_built_and_is_run_by_nobody_in_particular() {
        let text = fs::read_to_string(workspace::root().join(CONTAINERFILE)).unwrap();
        assert_eq!(Said::read(&text).unwrap().copied, [BINARY]);
        for (from, to, said) in [
            ("USER 65532:65532", "USER nobody", "no user by a number"),
            ("USER 65532:65532", "USER 0", "no user by a number"),
            ("COPY claviger /claviger", "COPY target/claviger /claviger", "copies [\"target/claviger\"]"),
        ] {
            let error = Said::read(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_binary_that_needs_libraries_is_found_out() {
        let error = is_static(&std::env::current_exe().unwrap()).unwrap_err().to_string();
        assert!(error.contains("is not static"), "{error}");
    }
}

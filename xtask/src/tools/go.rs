//! What is built from Go modules. Each folder with a `go.mod` pins its versions, and its `go.sum` their content:
//! `-mod=readonly` makes Go refuse anything else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::stamp::Stamp;
use crate::{step, workspace};

/// Small static binaries that do not depend on where they were built.
const FLAGS: &[&str] = &["-mod=readonly", "-trimpath", "-buildvcs=false"];
const LINKER_FLAGS: &str = "-s -w";

/// A program to build: its package, and its name under `target/tools`.
pub(crate) struct Program<'a> {
    pub(crate) package: &'a str,
    pub(crate) name: String,
}

/// Fails, with what to do, unless the Go here can build all of `tools/`. Asked in the folder of the newest
/// Kubernetes, which asks the most: there a Go that may fetch a newer toolchain does so.
pub(crate) fn check() -> Result<()> {
    const NEEDED: &str = "etcd, kube-apiserver and the tests' Go clients are built with Go 1.26 or newer.\n\
         help: install it from https://go.dev/doc/install and put `go` on the PATH";
    let newest = workspace::root().join("tools/kubernetes-1.37.2");
    let output = Command::new("go").arg("version").current_dir(newest).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!("{}\n{NEEDED}", String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => bail!("cannot start `go`: {error}\n{NEEDED}"),
    }
}

pub(crate) fn etcd() -> Result<()> {
    let programs = [("server", "etcd"), ("etcdctl", "etcdctl"), ("etcdutl", "etcdutl")]
        .map(|(module, name)| (format!("go.etcd.io/etcd/{module}/v3"), name));
    let programs: Vec<Program<'_>> =
        programs.iter().map(|(package, name)| Program { package, name: (*name).to_owned() }).collect();
    build("etcd", &workspace::root().join("tools/etcd"), &programs, "")
}

/// The folders of `tests/apiserver-clients`: one client for each version of the apiserver's own modules.
pub(crate) fn apiserver_clients() -> Result<Vec<String>> {
    let folder = clients_folder();
    let mut clients = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        if entry.path().join("go.mod").exists() {
            clients.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    clients.sort();
    Ok(clients)
}

pub(crate) fn apiserver_client(name: &str) -> Result<()> {
    let client = Program { package: ".", name: format!("apiserver-clients/{name}") };
    build(&format!("apiserver-client-{name}"), &clients_folder().join(name), &[client], "")
}

/// Builds `programs` of the module in `folder`, unless that was done before from the same files.
pub(crate) fn build(stamp: &str, folder: &Path, programs: &[Program<'_>], linker_flags: &str) -> Result<()> {
    let linker_flags = format!("{LINKER_FLAGS} {linker_flags}");
    let mut built_from = Stamp::default().fact(&FLAGS.join(" ")).fact(linker_flags.trim());
    for program in programs {
        built_from = built_from.fact(&format!("{} = {}", program.name, program.package));
    }
    for source in sources(folder)? {
        built_from = built_from.file(&source)?;
    }
    let outputs: Vec<PathBuf> = programs.iter().map(|program| workspace::tools().join(&program.name)).collect();
    built_from.unless_built(stamp, &outputs, || {
        for (program, output) in programs.iter().zip(&outputs) {
            let mut go = Command::new("go");
            go.current_dir(folder).env("CGO_ENABLED", "0").arg("build").args(FLAGS);
            step::run(go.args(["-ldflags", linker_flags.trim(), "-o"]).arg(output).arg(program.package))?;
        }
        Ok(())
    })
}

/// The module's own files, wherever they lie in it, in a stable order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
            let is_source = path.extension().is_some_and(|extension| extension == "go")
                || path.file_name().is_some_and(|name| name == "go.mod" || name == "go.sum");
            if path.is_dir() {
                open.push(path);
            } else if is_source {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn clients_folder() -> PathBuf {
    workspace::root().join("tests/apiserver-clients")
}

//! What is built from Go modules. Each `go.mod` pins its versions, and the `go.sum` beside it their content:
//! `-mod=readonly` makes Go refuse anything else.

use std::{
    ffi::OsStr,
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

const CLIENTS: &str = "tests/apiserver-clients";
const LATEST: &str = "latest";

/// A Go module of this checkout.
pub(crate) struct Module {
    folder: PathBuf,
    /// Where there is more than one set of pinned versions: the name of its `.mod` and `.sum`, and the build tag of
    /// what only it needs.
    variant: Option<String>,
}

impl Module {
    /// The module in `folder`, a path from the checkout's root.
    pub(crate) fn new(folder: &str) -> Self {
        Self { folder: workspace::root().join(folder), variant: None }
    }

    fn flags(&self) -> Vec<String> {
        let variant = self.variant.iter().flat_map(|name| [format!("-modfile={name}.mod"), format!("-tags={name}")]);
        FLAGS.iter().map(|flag| (*flag).to_owned()).chain(variant).collect()
    }

    /// Its own files, in a stable order.
    fn sources(&self) -> Result<Vec<PathBuf>> {
        let pins = self.variant.as_deref().unwrap_or("go");
        let is_source = |path: &Path| match path.extension().and_then(OsStr::to_str) {
            Some("go") => true,
            Some("mod" | "sum") => path.file_stem().is_some_and(|stem| stem == pins),
            _ => false,
        };
        let mut found = list(&self.folder)?;
        found.retain(|path| is_source(path));
        Ok(found)
    }
}

/// A program to build: its package, and its name under `target/tools`.
pub(crate) struct Program<'a> {
    pub(crate) package: &'a str,
    pub(crate) name: String,
}

/// Fails, with what to do, unless the Go here can build all of `tools/`. Asked in Karpenter's folder, which asks the
/// most: there a Go that may fetch a newer toolchain does so.
pub(crate) fn check() -> Result<()> {
    const NEEDED: &str = "etcd, kube-apiserver, Karpenter and the tests' Go clients are built with Go 1.26.5 or newer.\n\
         help: install it from https://go.dev/doc/install and put `go` on the PATH";
    let newest = workspace::root().join("tools/karpenter");
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
    build("etcd", &Module::new("tools/etcd"), &programs, "")
}

/// Helm, which the chart's tests render and lint with. The version stands in `tools/helm/go.mod`, too.
pub(crate) fn helm() -> Result<()> {
    let helm = Program { package: "helm.sh/helm/v4/cmd/helm", name: "helm".to_owned() };
    let version = "-X helm.sh/helm/v4/internal/version.version=v4.3.2";
    build("helm", &Module::new("tools/helm"), &[helm], version)
}

/// Prometheus' own reading of what alerts and dashboards ask for.
pub(crate) fn promql() -> Result<()> {
    let reader = Program { package: ".", name: "promql".to_owned() };
    build("promql", &Module::new("tools/promql"), &[reader], "")
}

/// The releases of the apiserver's own modules that `tests/apiserver-clients` is built against: `latest` by its
/// `go.mod`, each other by a `.mod` of its name.
pub(crate) fn apiserver_clients() -> Result<Vec<String>> {
    let files = list(&workspace::root().join(CLIENTS))?;
    let pins = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "mod"));
    let names = pins.filter_map(|path| path.file_stem()?.to_str());
    Ok(names.map(|name| if name == "go" { LATEST } else { name }.to_owned()).collect())
}

pub(crate) fn apiserver_client(release: &str) -> Result<()> {
    let variant = (release != LATEST).then(|| release.to_owned());
    let module = Module { variant, ..Module::new(CLIENTS) };
    let client = Program { package: ".", name: format!("apiserver-clients/{release}") };
    build(&format!("apiserver-client-{release}"), &module, &[client], "")
}

/// The scenario of `tests/clients` with the AWS SDK for Go.
pub(crate) fn scenario() -> Result<()> {
    let client = Program { package: ".", name: "scenario-go".to_owned() };
    build("scenario-go", &Module::new("tests/clients/scenario/go"), &[client], "")
}

/// The pod of `tests/clients` with the AWS SDK for Go.
pub(crate) fn pod() -> Result<()> {
    let client = Program { package: ".", name: "pod-go".to_owned() };
    build("pod-go", &Module::new("tests/clients/pod/go"), &[client], "")
}

/// A server with TLS that does nothing, for the benchmark.
pub(crate) fn tls_floor() -> Result<()> {
    let server = Program { package: ".", name: "tls-floor".to_owned() };
    build("tls-floor", &Module::new("crates/claviger/benches/peers/tls_floor"), &[server], "")
}

/// Builds `programs` of `module`, unless that was done before from the same files.
pub(crate) fn build(stamp: &str, module: &Module, programs: &[Program<'_>], linker_flags: &str) -> Result<()> {
    let flags = module.flags();
    let linker_flags = format!("{LINKER_FLAGS} {linker_flags}");
    let mut built_from = Stamp::default().fact(&flags.join(" ")).fact(linker_flags.trim());
    for program in programs {
        built_from = built_from.fact(&format!("{} = {}", program.name, program.package));
    }
    for source in module.sources()? {
        built_from = built_from.file(&source)?;
    }
    let outputs: Vec<PathBuf> = programs.iter().map(|program| workspace::tools().join(&program.name)).collect();
    built_from.unless_built(stamp, &outputs, || {
        for (program, output) in programs.iter().zip(&outputs) {
            let mut go = Command::new("go");
            go.current_dir(&module.folder).env("CGO_ENABLED", "0").arg("build").args(&flags);
            step::run(go.args(["-ldflags", linker_flags.trim(), "-o"]).arg(output).arg(program.package))?;
        }
        Ok(())
    })
}

/// What is in `folder`, in a stable order.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = entries.with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

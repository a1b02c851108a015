//! kube-apiserver and kubectl, from `k8s.io/kubernetes` as published.

use anyhow::{Context, Result};

use super::go::{self, Module, Program};

/// The newest, and one that still speaks KMS v1beta1 and puts the socket's path into `:authority`.
/// The first also gives `kubectl`.
pub(crate) const VERSIONS: &[&str] = &["1.37.2", "1.31.14"];

pub(crate) fn build(version: &str) -> Result<()> {
    let minor = version.split('.').nth(1).with_context(|| format!("`{version}` has no minor version"))?;
    // What a release build stamps; without it the apiserver calls itself `v0.0.0-master`.
    let stamp = |name: &str, value: &str| format!("-X k8s.io/component-base/version.{name}={value}");
    let linker_flags = [
        stamp("gitVersion", &format!("v{version}")),
        stamp("gitMajor", "1"),
        stamp("gitMinor", minor),
        stamp("gitTreeState", "clean"),
    ]
    .join(" ");

    let mut programs =
        vec![Program { package: "k8s.io/kubernetes/cmd/kube-apiserver", name: format!("kube-apiserver-{version}") }];
    if VERSIONS.first() == Some(&version) {
        programs.push(Program { package: "k8s.io/kubernetes/cmd/kubectl", name: "kubectl".to_owned() });
    }
    let name = format!("kubernetes-{version}");
    go::build(&name, &Module::new(&format!("tools/{name}")), &programs, &linker_flags)
}

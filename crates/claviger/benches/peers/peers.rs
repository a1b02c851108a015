//! The peers' binaries that were given, known by their names.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

const PLUGIN: &str = "aws-encryption-provider";
const AGENT: &str = "eks-pod-identity-agent";
const WEBHOOK: &str = "amazon-eks-pod-identity-webhook";

#[derive(Default)]
pub(crate) struct Peers(BTreeMap<String, PathBuf>);

impl Peers {
    pub(crate) fn add(&mut self, path: PathBuf) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let known = [PLUGIN, AGENT, WEBHOOK];
        assert!(known.contains(&name.as_str()), "unknown peer `{name}`; known: {}", known.join(", "));
        self.0.insert(name, path);
    }

    pub(crate) fn plugin(&self) -> Option<&Path> {
        self.of(PLUGIN)
    }

    pub(crate) fn agent(&self) -> Option<&Path> {
        self.of(AGENT)
    }

    pub(crate) fn webhook(&self) -> Option<&Path> {
        self.of(WEBHOOK)
    }

    fn of(&self, name: &str) -> Option<&Path> {
        self.0.get(name).map(PathBuf::as_path)
    }
}

//! AWS's managed policies: those under `arn:aws:iam::aws:policy/`, each in its default version.
//!
//! The index is unpacked when a policy is first asked for, and stays; a document is unpacked whenever it is read.
//!
//! Source: `data/managed-policies/README.md`.

use std::{
    io::{BufRead as _, BufReader},
    sync::LazyLock,
};

use flate2::read::GzDecoder;
use serde::Deserialize;

/// Where all are.
const PREFIX: &str = "arn:aws:iam::aws:policy";

static INDEX: &[u8] = include_bytes!("../data/managed-policies/index.json.gz");
static DOCUMENTS: &[u8] = include_bytes!("../data/managed-policies/documents.jsonl.gz");

/// By path and name, which is also the order of their ARNs.
static ALL: LazyLock<Vec<ManagedPolicy>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test unpacks them")]
    serde_json::from_reader(GzDecoder::new(INDEX)).expect("the embedded index is JSON")
});

/// A managed policy of AWS.
#[derive(Debug, Deserialize)]
#[serde(from = "Row")]
pub struct ManagedPolicy {
    name: Box<str>,
    path: Box<str>,
    version: u32,
    created: i64,
    updated: i64,
    /// Where the member of [`DOCUMENTS`] begins that the document is in, and at which of its lines it stands.
    member: usize,
    line: usize,
}

/// A line of the index.
type Row = (Box<str>, Box<str>, u32, i64, i64, usize, usize);

impl From<Row> for ManagedPolicy {
    fn from((name, path, version, created, updated, member, line): Row) -> Self {
        Self { name, path, version, created, updated, member, line }
    }
}

/// All of them, in the order of their ARNs.
#[must_use]
pub fn all() -> &'static [ManagedPolicy] {
    &ALL
}

/// The place in [`all`] of the policy with this ARN, if there is one. Names have case.
#[must_use]
pub fn find(arn: &str) -> Option<usize> {
    let wanted = arn.strip_prefix(PREFIX)?;
    ALL.binary_search_by(|policy| policy.path.bytes().chain(policy.name.bytes()).cmp(wanted.bytes())).ok()
}

/// The policy with this ARN, if there is one.
#[must_use]
pub fn policy(arn: &str) -> Option<&'static ManagedPolicy> {
    ALL.get(find(arn)?)
}

impl ManagedPolicy {
    /// Its name: `ReadOnlyAccess`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its path: `/`, `/aws-service-role/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{PREFIX}{}{}", self.path, self.name)
    }

    /// The number of its default version: 3 of `v3`.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// When the policy was made, in seconds since the epoch.
    #[must_use]
    pub fn created(&self) -> i64 {
        self.created
    }

    /// When its default version was made, likewise.
    #[must_use]
    pub fn updated(&self) -> i64 {
        self.updated
    }

    /// What the default version says: JSON.
    #[must_use]
    pub fn document(&self) -> String {
        let member = GzDecoder::new(DOCUMENTS.get(self.member..).unwrap_or_default());
        #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test reads every document")]
        let line = BufReader::new(member).lines().nth(self.line).expect("the index names a line");
        #[expect(clippy::expect_used, reason = "the same")]
        line.expect("the embedded documents are text")
    }
}

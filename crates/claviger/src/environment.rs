//! Every environment variable that Claviger itself reads, with what it is for. Declared here and nowhere else.

/// One variable.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
}

/// What is logged, as `--log`.
pub(crate) const LOG: &str = "CLAVIGER_LOG";
/// The form of the log, as `--log-format`.
pub(crate) const LOG_FORMAT: &str = "CLAVIGER_LOG_FORMAT";
/// Where etcd, kube-apiserver and kubectl are, as `up --kubernetes-bin`.
#[cfg(feature = "control-plane")]
pub(crate) const KUBERNETES_BIN: &str = "CLAVIGER_KUBERNETES_BIN";
/// The key that seals an embedded AWS's state file, as `local-aws --master-key`.
#[cfg(feature = "local-aws")]
pub(crate) const MASTER_KEY: &str = "CLAVIGER_MASTER_KEY_FILE";
/// Where a socket may be made for this session alone. Set by the login manager (XDG Base Directory Specification).
#[cfg(feature = "up")]
pub(crate) const RUNTIME_DIRECTORY: &str = "XDG_RUNTIME_DIR";

/// The endpoint of every service, as `--endpoint-url` of `explain`, where no facts are given, and of what `local-aws` does
/// with a state.
///
/// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
#[cfg(any(feature = "explain", feature = "local-aws"))]
pub(crate) const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// Whom an endpoint of that is to be vouched for by, where it speaks TLS: a file, as PEM.
///
/// Source: AWS SDKs and Tools Reference Guide, "General configuration settings", `ca_bundle`.
#[cfg(any(feature = "explain", feature = "local-aws"))]
pub(crate) const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Where AWS's SDKs look for their files, and which file of the home directory it is otherwise.
///
/// Source: AWS SDKs and Tools Reference Guide, "Finding and changing the location of the shared config and credentials
/// files".
#[cfg(any(feature = "kms-plugin", feature = "pod-identity"))]
pub(crate) const AWS_FILES: [(&str, &str); 2] =
    [("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), ("AWS_CONFIG_FILE", ".aws/config")];

/// The paths of those files.
#[cfg(feature = "pod-identity")]
pub(crate) fn aws_files() -> Vec<std::path::PathBuf> {
    let path = |(variable, default): &(&str, &str)| {
        let named = std::env::var_os(variable).filter(|path| !path.is_empty()).map(std::path::PathBuf::from);
        named.or_else(|| Some(std::env::home_dir()?.join(default)))
    };
    AWS_FILES.iter().filter_map(path).collect()
}

/// All of them, for the man page and the help.
pub(crate) const ALL: &[Variable] = &[
    Variable { name: LOG, purpose: "as --log" },
    Variable { name: LOG_FORMAT, purpose: "as --log-format" },
    #[cfg(feature = "control-plane")]
    Variable { name: KUBERNETES_BIN, purpose: "as `up --kubernetes-bin`" },
    #[cfg(feature = "local-aws")]
    Variable { name: MASTER_KEY, purpose: "as `local-aws --master-key`" },
    #[cfg(feature = "up")]
    Variable { name: RUNTIME_DIRECTORY, purpose: "where `up` makes its directory [default: the temporary directory]" },
    #[cfg(any(feature = "explain", feature = "local-aws"))]
    Variable { name: ENDPOINT_URL, purpose: "as --endpoint-url of `explain` and of `local-aws snapshot` and its like" },
    #[cfg(any(feature = "explain", feature = "local-aws"))]
    Variable { name: CA_BUNDLE, purpose: "whom such an endpoint is to be vouched for by, if it speaks TLS" },
    #[cfg(any(feature = "addons", feature = "aws-kms", feature = "pod-identity"))]
    Variable { name: "AWS_*", purpose: "as in every AWS SDK, where no flag says otherwise" },
    Variable { name: "NO_COLOR", purpose: "if set and not empty, no colour" },
];

/// The list as help text.
pub(crate) fn help() -> String {
    let width = ALL.iter().map(|variable| variable.name.len()).max().unwrap_or(0);
    let lines = ALL.iter().map(|Variable { name, purpose }| format!("  {name:width$}  {purpose}"));
    lines.collect::<Vec<_>>().join("\n")
}

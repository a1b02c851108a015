//! What `--key`, `--keyring` and the flags around them name.

use std::{fmt, io, path::PathBuf, sync::Arc};

#[cfg(feature = "aws-kms")]
use aws_model::EncryptionContext;
#[cfg(feature = "aws-kms")]
use key_service::aws::{AwsKms, AwsKmsSettings, InvalidSettings};
use key_service::{
    KeyService,
    keyring::{Keyring, KeyringError},
};

use super::Problems;
use crate::{
    commands::kms_plugin::flags::Flags,
    failure::{Failure, Problem},
};

/// A key that can be opened.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// AWS KMS. Making it does no I/O: AWS may be away.
    #[cfg(feature = "aws-kms")]
    Aws(Arc<AwsKms>),
    /// A file.
    Keyring(PathBuf),
}

impl KeySource {
    /// The key's service.
    ///
    /// # Errors
    /// When a keyring file cannot be used.
    pub(crate) fn open(&self) -> Result<Arc<dyn KeyService>, Failure> {
        match self {
            #[cfg(feature = "aws-kms")]
            Self::Aws(key) => Ok(key.clone()),
            Self::Keyring(path) => match Keyring::open(path) {
                Ok(keyring) => Ok(Arc::new(keyring)),
                Err(error) if is_absent(&error) => Err(Failure::from(error)
                    .help(format_args!("make one with `claviger keyring create {}`", path.display()))),
                Err(error) => Err(Failure::from(error)),
            },
        }
    }

    /// The file to watch, where the key is one.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        match self {
            #[cfg(feature = "aws-kms")]
            Self::Aws(_) => None,
            Self::Keyring(path) => Some(path),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "aws-kms")]
            Self::Aws(key) => f.write_str(key.name()),
            Self::Keyring(path) => write!(f, "{}", path.display()),
        }
    }
}

fn is_absent(error: &KeyringError) -> bool {
    matches!(error, KeyringError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Every key in the order of its socket, `None` where one is wrong.
pub(super) fn sources(flags: &Flags, problems: &mut Problems) -> Vec<Option<KeySource>> {
    if flags.key.is_empty() && flags.keyring.is_empty() {
        problems.add(
            Problem::new("no key is named")
                .help("give --key with the ARN or alias of an AWS KMS key, or --keyring with a file"),
        );
    }
    if flags.encryption_context.len() > flags.key.len() {
        problems.add(Problem::new(format_args!(
            "{} of --encryption-context for {} of --key: the first belongs to the first key, and so on",
            flags.encryption_context.len(),
            flags.key.len()
        )));
    }
    let keyrings = flags.keyring.iter().cloned().map(|path| Some(KeySource::Keyring(path)));
    aws(flags, problems).into_iter().chain(keyrings).collect()
}

#[cfg(not(feature = "aws-kms"))]
fn aws(flags: &Flags, problems: &mut Problems) -> Vec<Option<KeySource>> {
    if !flags.key.is_empty() {
        problems.add(
            Problem::new("--key: this binary was built without AWS KMS")
                .help("build it with `--features aws-kms`, or use --keyring"),
        );
    }
    flags.key.iter().map(|_| None).collect()
}

#[cfg(feature = "aws-kms")]
fn aws(flags: &Flags, problems: &mut Problems) -> Vec<Option<KeySource>> {
    let settings = aws_settings(flags, problems);
    let connected = settings.into_iter().map(|settings| match AwsKms::connect(settings?) {
        Ok(key) => Some(KeySource::Aws(Arc::new(key))),
        Err(error) => {
            let flag = match error {
                InvalidSettings::RegionMismatch { .. } => "--region",
                InvalidSettings::Endpoint(_) => "--endpoint-url",
                InvalidSettings::SourceArn(_) => "--source-arn",
            };
            problems.add(Problem::new(format_args!("{flag}: {error}")));
            None
        }
    });
    connected.collect()
}

/// What the flags say of each key of AWS KMS, `None` where one is wrong.
#[cfg(feature = "aws-kms")]
fn aws_settings(flags: &Flags, problems: &mut Problems) -> Vec<Option<AwsKmsSettings>> {
    let region = given(&flags.region).and_then(|text| problems.check("--region", text.parse()));
    let source_arn = given(&flags.source_arn).and_then(|text| problems.check("--source-arn", text.parse()));
    let contexts: Vec<EncryptionContext> = flags
        .encryption_context
        .iter()
        // pflag prints a map with brackets around it, and takes them back.
        .map(|text| problems.check("--encryption-context", text.trim_matches(['[', ']']).parse()).unwrap_or_default())
        .collect();
    let settings = flags.key.iter().enumerate().map(|(index, text)| {
        Some(AwsKmsSettings {
            region: region.clone(),
            profile: given(&flags.profile).map(str::to_owned),
            endpoint: given(&flags.endpoint_url).map(str::to_owned),
            encryption_context: contexts.get(index).cloned().unwrap_or_default(),
            source_arn: source_arn.clone(),
            retry_tokens: flags.retry_token_capacity.filter(|tokens| *tokens > 0),
            ..AwsKmsSettings::new(problems.check("--key", text.parse())?)
        })
    });
    settings.collect()
}

/// A flag's text. An empty one is none: it is the default of aws-encryption-provider's flags, which manifests write out.
#[cfg(feature = "aws-kms")]
fn given(flag: &Option<String>) -> Option<&str> {
    flag.as_deref().filter(|text| !text.is_empty())
}

#[cfg(feature = "aws-kms")]
#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    /// What a line says of its keys, all of them right.
    fn keys(arguments: &[&str]) -> Vec<AwsKmsSettings> {
        let line = Line::try_parse_from(["kms-plugin"].iter().chain(arguments)).unwrap();
        let mut problems = Problems::default();
        let keys = aws_settings(&line.flags, &mut problems).into_iter().map(Option::unwrap).collect();
        assert_eq!(problems.0, []);
        keys
    }

    #[test]
    fn each_flag_says_its_part_of_each_key() {
        let keys = keys(&[
            "--key=arn:aws:kms:us-west-2:111122223333:key/a,alias/b",
            "--key=c",
            "--region=us-west-2",
            "--profile=keys",
            "--kms-endpoint=https://kms.example.com",
            "--encryption-context=a=b,c=d",
            // As pflag prints it.
            "--encryption-context=[e=f]",
            "--source-arn=arn:aws:eks:us-west-2:111122223333:cluster/demo",
            "--retry-token-capacity=100",
        ]);
        for key in &keys {
            assert_eq!(key.region.as_ref().unwrap().as_str(), "us-west-2");
            assert_eq!(key.profile.as_deref(), Some("keys"));
            assert_eq!(key.endpoint.as_deref(), Some("https://kms.example.com"));
            let source = key.source_arn.as_ref().unwrap().to_string();
            assert_eq!(source, "arn:aws:eks:us-west-2:111122223333:cluster/demo");
            assert_eq!(key.retry_tokens, Some(100));
            assert!(key.credentials.is_none());
        }
        let named: Vec<_> = keys.iter().map(|key| (key.key.as_str(), &key.encryption_context)).collect();
        let context = |text: &str| text.parse::<EncryptionContext>().unwrap();
        assert_eq!(
            named,
            [
                ("arn:aws:kms:us-west-2:111122223333:key/a", &context("a=b,c=d")),
                ("alias/b", &context("e=f")),
                ("c", &EncryptionContext::default()),
            ]
        );
    }

    #[test]
    fn what_is_not_said_is_the_sdks() {
        for more in
            [&[][..], &["--region=", "--profile=", "--kms-endpoint=", "--source-arn=", "--retry-token-capacity=0"]]
        {
            let [key] = &keys(&[&["--key=alias/a"], more].concat())[..] else { panic!("one key") };
            assert!(key.region.is_none() && key.profile.is_none() && key.endpoint.is_none(), "{key:?}");
            assert!(key.source_arn.is_none() && key.retry_tokens.is_none(), "{key:?}");
            assert_eq!(key.encryption_context, EncryptionContext::default());
        }
    }
}

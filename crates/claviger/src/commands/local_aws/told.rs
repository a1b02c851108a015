//! What `local-aws` prints.

use std::{fmt, path::PathBuf};

use aws_model::Region;
use serde::Serialize;

use crate::embedded_aws::Shown;

/// It can be used.
#[derive(Serialize)]
pub(super) struct Ready {
    pub(super) event: &'static str,
    pub(super) endpoint: String,
    /// A file with whom clients are to trust, where it speaks TLS by an authority of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authority: Option<PathBuf>,
    /// Where instance metadata is told, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<String>,
    pub(super) region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<PathBuf>,
    pub(super) credentials: Vec<Shown>,
}

/// It ended, and everything it acknowledged is where it should be.
#[derive(Serialize)]
pub(super) struct Stopped {
    pub(super) event: &'static str,
}

/// A block to paste into a shell: what is not for the shell is a comment.
impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            None => writeln!(
                f,
                "# The embedded AWS (IAM, KMS, STS, Organizations, CloudTrail) is ready. Its state is in memory. Ctrl-C stops it."
            )?,
            Some(state) => {
                let state = state.display();
                writeln!(
                    f,
                    "# The embedded AWS (IAM, KMS, STS, Organizations, CloudTrail) is ready. Its state is in {state}. Ctrl-C stops it."
                )?;
            }
        }
        writeln!(f, "export AWS_ENDPOINT_URL={}", self.endpoint)?;
        if let Some(authority) = &self.authority {
            let file = quoted(&authority.to_string_lossy());
            writeln!(f, "export AWS_CA_BUNDLE={file} NODE_EXTRA_CA_CERTS={file}")?;
            // It replaces whom the machine trusts, for other programs of the shell, too.
            writeln!(f, "# For the Rust SDK and curl, which then trust nobody else:")?;
            writeln!(f, "# export SSL_CERT_FILE={file}")?;
        }
        if let Some(metadata) = &self.metadata {
            // Credentials in the environment go before those of an instance.
            writeln!(f, "# Instance metadata, for a shell without AWS_ACCESS_KEY_ID:")?;
            writeln!(f, "# export AWS_EC2_METADATA_SERVICE_ENDPOINT={metadata}")?;
        }
        // boto3 and version 1 of the `aws` CLI read the second only, the other SDKs the first.
        write!(f, "export AWS_REGION={0} AWS_DEFAULT_REGION={0}", self.region)?;
        for (index, credential) in self.credentials.iter().enumerate() {
            // One account can be the shell's at a time.
            let comment = if index == 0 { "" } else { "# " };
            match &credential.principal {
                None => write!(f, "\n# Root of account {}:", credential.account)?,
                Some(principal) => write!(f, "\n# {principal}:")?,
            }
            write!(f, "\n{comment}export AWS_ACCESS_KEY_ID={}", credential.access_key_id)?;
            write!(f, "\n{comment}export AWS_SECRET_ACCESS_KEY={}", quoted(&credential.secret_access_key))?;
        }
        Ok(())
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("# Stopped.")
    }
}

/// A word for the shell: generated secrets have `/` and `+`, given ones may have anything.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/+=_-.".contains(c);
    if text.chars().all(harmless) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_account_does_not_replace_the_first() {
        let shown = |account: &str, key: &str| Shown {
            account: account.parse().unwrap(),
            principal: None,
            access_key_id: key.to_owned(),
            secret_access_key: "it's".to_owned(),
        };
        let ready = Ready {
            event: "ready",
            endpoint: "https://127.0.0.1:4566".to_owned(),
            authority: Some("/home/ann/my aws.redb.tls/ca.pem".into()),
            metadata: Some("http://127.0.0.1:1338".to_owned()),
            region: "us-west-2".parse().unwrap(),
            state: None,
            credentials: vec![shown("111122223333", "AKIDA"), shown("444455556666", "AKIDB")],
        };
        insta::assert_snapshot!(ready, @r"
        # The embedded AWS (IAM, KMS, STS, Organizations, CloudTrail) is ready. Its state is in memory. Ctrl-C stops it.
        export AWS_ENDPOINT_URL=https://127.0.0.1:4566
        export AWS_CA_BUNDLE='/home/ann/my aws.redb.tls/ca.pem' NODE_EXTRA_CA_CERTS='/home/ann/my aws.redb.tls/ca.pem'
        # For the Rust SDK and curl, which then trust nobody else:
        # export SSL_CERT_FILE='/home/ann/my aws.redb.tls/ca.pem'
        # Instance metadata, for a shell without AWS_ACCESS_KEY_ID:
        # export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1338
        export AWS_REGION=us-west-2 AWS_DEFAULT_REGION=us-west-2
        # Root of account 111122223333:
        export AWS_ACCESS_KEY_ID=AKIDA
        export AWS_SECRET_ACCESS_KEY='it'\''s'
        # Root of account 444455556666:
        # export AWS_ACCESS_KEY_ID=AKIDB
        # export AWS_SECRET_ACCESS_KEY='it'\''s'
        ");
    }
}

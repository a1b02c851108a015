//! The flags of instance metadata.

use std::net::SocketAddr;

use aws_model::{AccountId, Region};
use clap::Args;
use local_aws::{Imds, Subject};

use crate::failure::Problem;

/// Whose instance metadata is told, and where.
#[derive(Args, Clone, Debug)]
pub(super) struct MetadataFlags {
    /// Tell instance metadata (IMDSv2), from which SDKs on an instance take the credentials of its role
    /// [default without an address: 127.0.0.1:1338]
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:1338")]
    imds: Option<SocketAddr>,

    /// The role of the instance: its ARN, or its name in the first account
    #[arg(long, value_name = "ROLE", requires = "imds", conflicts_with = "imds_instance")]
    imds_role: Option<String>,

    /// The instance: one of the state's. Another one is chosen by `PUT /_claviger/imds`
    #[arg(long, value_name = "INSTANCE", requires = "imds")]
    imds_instance: Option<String>,

    /// Let it listen on more than loopback: whoever reaches it gets the credentials of the role
    #[arg(long, requires = "imds")]
    imds_exposed: bool,
}

impl MetadataFlags {
    /// What is told, if anything is; a role's name is one of the first account.
    pub(super) fn of(&self, accounts: &[AccountId], region: &Region) -> Result<Option<Imds>, Problem> {
        let Some(listen) = self.imds else { return Ok(None) };
        if !listen.ip().to_canonical().is_loopback() && !self.imds_exposed {
            let message = "would be told to whoever reaches it: take a loopback address, or say --imds-exposed";
            return Err(Problem::new(format_args!("--imds: metadata at {listen} {message}")));
        }
        let named = |role: &String| match accounts.first() {
            _ if role.starts_with("arn:") => Ok(role.clone()),
            Some(account) => Ok(format!("arn:{}:iam::{account}:role/{role}", region.partition())),
            None => Err(Problem::new(format_args!("--imds-role: no --account is told: give the ARN of `{role}`"))),
        };
        let role = self.imds_role.as_ref().map(named).transpose()?;
        let flag = if role.is_some() { "--imds-role" } else { "--imds-instance" };
        let subject = role.or_else(|| self.imds_instance.clone()).map(|text| text.parse::<Subject>()).transpose();
        let subject = subject.map_err(|invalid| Problem::new(format_args!("{flag}: {invalid}")))?;
        Ok(Some(Imds { listen, exposed: self.imds_exposed, subject, region: region.clone() }))
    }
}

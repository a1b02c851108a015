//! The instance that has a role's session.

use aws_model::Arn;
use serde::{Deserialize, Serialize};

/// The instance that a session of its role is delivered to, by the instance's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfInstance {
    /// Its ARN.
    pub arn: Arn,
    /// Its VPC.
    pub vpc: String,
    /// Its private address.
    pub address: String,
    /// By which version of the metadata service.
    pub delivery: RoleDelivery,
}

/// By which version of the metadata service a session was delivered.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2", `ec2:RoleDelivery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoleDelivery {
    /// To who asked without a token.
    #[serde(rename = "1.0")]
    Plain,
    /// To who had a token.
    #[serde(rename = "2.0")]
    Token,
}

impl RoleDelivery {
    /// As condition keys and events tell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "1.0",
            Self::Token => "2.0",
        }
    }
}

impl OfInstance {
    /// The condition keys that are there in every call of the session.
    ///
    /// Sources: IAM User Guide, "AWS global condition context keys" > "Properties of a role session"
    /// (`ec2:SourceInstanceArn`, `ec2:RoleDelivery`) and "Properties of the network" (the others).
    pub(crate) fn condition_keys(&self) -> [(&'static str, &str); 4] {
        [
            ("ec2:sourceinstancearn", self.arn.as_str()),
            ("ec2:roledelivery", self.delivery.as_str()),
            ("aws:ec2instancesourcevpc", &self.vpc),
            ("aws:ec2instancesourceprivateipv4", &self.address),
        ]
    }
}

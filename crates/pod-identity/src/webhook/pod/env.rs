//! Which of the variables that matter a container has. Their values do not: what is there wins.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use super::Text;

/// The variables of a container that has a list of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::webhook) struct Defined {
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
    pub(in crate::webhook) container_credentials: bool,
    /// `AWS_ROLE_ARN` or `AWS_WEB_IDENTITY_TOKEN_FILE`.
    pub(in crate::webhook) web_identity: bool,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`.
    pub(in crate::webhook) region: bool,
    /// `AWS_STS_REGIONAL_ENDPOINTS`.
    pub(in crate::webhook) regional_sts: bool,
}

impl Defined {
    fn note(&mut self, name: &str) {
        match name {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI" | "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" => {
                self.container_credentials = true;
            }
            "AWS_ROLE_ARN" | "AWS_WEB_IDENTITY_TOKEN_FILE" => self.web_identity = true,
            "AWS_REGION" | "AWS_DEFAULT_REGION" => self.region = true,
            "AWS_STS_REGIONAL_ENDPOINTS" => self.regional_sts = true,
            _ => {}
        }
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Variable<'a> {
    name: Text<'a>,
}

impl<'de> Deserialize<'de> for Defined {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Defined;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of environment variables")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Defined, A::Error> {
                let mut defined = Defined::default();
                while let Some(Variable { name }) = list.next_element()? {
                    defined.note(&name.0);
                }
                Ok(defined)
            }
        }

        deserializer.deserialize_seq(Names)
    }
}

//! The credential scope: whose key, for which day, region and service.

use std::fmt;

use super::{
    TERMINATOR,
    error::{ScopeProblem, SignatureError},
    time::SigningTime,
};

/// `AKIDEXAMPLE/20150830/us-east-1/kms/aws4_request`, taken apart. Nothing in it is trusted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CredentialScope {
    /// Whose key.
    pub(super) access_key_id: String,
    /// The day, `YYYYMMDD`.
    pub(super) date: String,
    /// The region that the key is derived for.
    pub(super) region: String,
    /// The service that the key is derived for.
    pub(super) service: String,
    /// `aws4_request`.
    pub(super) terminator: String,
}

impl CredentialScope {
    /// Takes the `Credential` parameter apart; trailing slashes are ignored, as AWS does.
    pub(super) fn parse(text: &str) -> Result<Self, SignatureError> {
        let mut parts = text.trim_end_matches('/').split('/');
        let five = [(); 5].map(|()| parts.next());
        match (five, parts.next()) {
            ([Some(access_key_id), Some(date), Some(region), Some(service), Some(terminator)], None) => Ok(Self {
                access_key_id: access_key_id.to_owned(),
                date: date.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
                terminator: terminator.to_owned(),
            }),
            _ => Err(SignatureError::MalformedCredential { given: text.to_owned() }),
        }
    }

    /// Everything that is wrong with the scope for this service, its regions and this moment.
    pub(super) fn check(
        &self,
        service: &str,
        is_served: impl FnOnce(&str) -> bool,
        time: SigningTime,
    ) -> Result<(), SignatureError> {
        let mut problems = Vec::new();
        if !is_served(&self.region) {
            problems.push(ScopeProblem::Region { given: self.region.clone() });
        }
        if service != self.service {
            problems.push(ScopeProblem::Service { expected: service.to_owned() });
        }
        if self.terminator != TERMINATOR {
            problems.push(ScopeProblem::Terminator { given: self.terminator.clone() });
        }
        let expected = time.date();
        if self.date != expected {
            problems.push(ScopeProblem::Date { given: self.date.clone(), expected, time });
        }
        if problems.is_empty() { Ok(()) } else { Err(SignatureError::WrongScope { problems }) }
    }
}

/// The scope without the access key id, as it stands in the string to sign.
impl fmt::Display for CredentialScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }
}

//! The names of users, roles and groups: unique in an account whatever the path and the case.
//!
//! Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM name requirements".

use std::collections::HashMap;

use aws_model::Arn;

use super::{ChangeError, Thing, principal::name_in};

/// ARNs by kind and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashMap<(Thing, Box<str>), Box<str>>);

impl Names {
    /// The ARN of a thing of this name, in whatever case it is written.
    pub(super) fn get(&self, thing: Thing, name: &str) -> Option<&str> {
        self.0.get(&(thing, name.to_ascii_lowercase().into())).map(AsRef::as_ref)
    }

    /// Gives a name to the thing of an ARN. It may have it already.
    ///
    /// # Errors
    /// When another thing of the kind has it.
    pub(super) fn take(&mut self, thing: Thing, arn: &Arn) -> Result<(), ChangeError> {
        let name = name_in(arn);
        match self.get(thing, name) {
            Some(by) if by != arn.as_str() => {
                Err(ChangeError::NameTaken { thing, name: name.to_owned(), by: by.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert((thing, name.to_ascii_lowercase().into()), arn.as_str().into());
                Ok(())
            }
        }
    }

    /// The name is free again.
    pub(super) fn free(&mut self, thing: Thing, arn: &Arn) {
        self.0.remove(&(thing, name_in(arn).to_ascii_lowercase().into()));
    }
}

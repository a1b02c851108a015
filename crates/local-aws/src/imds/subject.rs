//! Whose metadata is told.

use std::str::FromStr;

use aws_model::Arn;
use serde::Serialize;

/// Whose metadata is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// Of an instance that has this role, and of which nothing else is told.
    Role(Arn),
    /// Of an instance that was launched, by its id.
    Instance(String),
}

/// A text that names neither a role nor an instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a role's ARN (arn:aws:iam::ACCOUNT:role/NAME) nor an instance's id (i- and 17 hexadecimal digits)"
)]
pub struct InvalidSubject(String);

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        let is_hexadecimal = |digits: &str| digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if text.strip_prefix("i-").is_some_and(|digits| digits.len() == 17 && is_hexadecimal(digits)) {
            return Ok(Self::Instance(text.to_owned()));
        }
        let is_role = |arn: &Arn| {
            let name = arn.resource().strip_prefix("role/").and_then(|rest| rest.rsplit('/').next());
            arn.service() == "iam" && name.is_some_and(|name| !name.is_empty())
        };
        let role = text.parse().ok().filter(is_role).filter(|arn: &Arn| arn.account().len() == 12);
        role.map(Self::Role).ok_or_else(|| InvalidSubject(text.chars().take(200).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_instances_are_told_apart_and_nothing_else_is_taken() {
        let role = "arn:aws:iam::111122223333:role/nodes/Node";
        assert_eq!(role.parse(), Ok(Subject::Role(role.parse().unwrap())));
        assert_eq!("i-0123456789abcdef0".parse(), Ok(Subject::Instance("i-0123456789abcdef0".to_owned())));
        let others =
            ["", "Node", "i-", "i-0123456789ABCDEF0", "i-0123456789abcdef0/", "arn:aws:iam::111122223333:user/ann"];
        for other in others.into_iter().chain(["arn:aws:iam::111122223333:role/", "arn:aws:iam::aws:role/Node"]) {
            assert!(other.parse::<Subject>().is_err(), "{other}");
        }
    }
}

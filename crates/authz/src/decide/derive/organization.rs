//! Keys that tell of the organizations of the principal and of the resource.

use aws_model::AccountId;

use crate::matching::{Lookup, Values};

use super::{ABSENT, Facts, one};

impl<'a> Facts<'a> {
    /// Source: IAM User Guide, "AWS global condition context keys", `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`,
    /// `aws:PrincipalOrgMasterAccountId`, `aws:ResourceOrgID`, `aws:ResourceOrgPaths`.
    pub(super) fn of_organization(&'a self, name: &str) -> Option<Lookup<'a>> {
        let account = match name {
            "principalorgid" | "principalorgpaths" | "principalorgmasteraccountid" => self.caller.account,
            "resourceorgid" | "resourceorgpaths" => self.target.owner,
            _ => return None,
        };
        let organization = self.world.organization()?;
        let Some(path) = account.and_then(|account| organization.accounts.get(&account)) else {
            return ABSENT;
        };
        match name {
            "principalorgid" | "resourceorgid" => one(&organization.id),
            "principalorgmasteraccountid" => one(organization.management_account.as_str()),
            _ => {
                let mut text = format!("{}/", organization.id);
                // The account itself is no part of the path.
                for level in path.levels.iter().filter(|level| level.id.parse::<AccountId>().is_err()) {
                    text.push_str(&level.id);
                    text.push('/');
                }
                Some(Lookup::Values(Values::Many(vec![text.into()])))
            }
        }
    }
}
